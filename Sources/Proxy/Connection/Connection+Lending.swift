internal import RepriseEventLoop
internal import RepriseResumption
internal import RepriseRouting
internal import RepriseTLS
internal import RepriseVocabulary

/// What observers and routers see of it.
extension Connection: LentConnection {
    var listenerName: String { listener.settings.name }
    var clientEndpoint: Endpoint { record.client }
    var localEndpoint: Endpoint? {
        if case .client(_, let local)? = record.proxy?.origin { local } else { client.stream.localEndpoint() }
    }
    var proxyEndpoint: Endpoint? { record.proxy?.endpoint }
    var proxyHeader: ProxyHeader? {
        guard let proxy = record.proxy else { return nil }
        if case .header(let header, _) = ProxyHeader.read(proxy.bytes) { return header }
        return ProxyHeader(proxy.origin)
    }
    var hostID: String? { client.tls.summary.hostID }
    var serverName: String? { client.tls.summary.serverName }
    var applicationProtocol: String? { client.tls.summary.alpn }
    var protocolVersion: TLSVersion? { client.tls.summary.version }
    var clientCertificates: [[UInt8]] { client.tls.clientCertificates }
    var resumedBy: ResumptionMeans { client.tls.summary.resumed }
    var outcome: ResumptionOutcome { client.sessions.outcome }
    var handshakeDuration: Duration? { record.times.handshakeEnded.map { $0 - record.times.handshakeBegan } }
    var lineage: Lineage? { client.sessions.lineage }
    var applicationData: [UInt8] { client.sessions.applicationData }
    var server: String? { record.server }
    var upstreamLocalEndpoint: Endpoint? { upstream.stream?.localEndpoint() }

    func withSession<Result, Failure: Error>(
        _ body: (borrowing SessionView) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        worker.loop.assertConfined()
        return try client.sessions.withSession(of: client.tls, body)
    }

    func clientCertificateHas(_ name: CertificateName) -> Bool { client.tls.clientCertificateHas(name) }

    func setApplicationData(_ bytes: [UInt8]) throws(ApplicationDataError) {
        worker.loop.assertConfined()
        try client.sessions.setApplicationData(bytes)
    }
}

extension ConnectionReport {
    init(_ record: ConnectionRecord, listener: String) {
        self.init(id: record.id, listener: listener, client: record.client)
        proxy = record.proxy?.endpoint
        if let summary = record.summary {
            (serverName, host) = (summary.serverName, summary.hostID)
            (protocolVersion, applicationProtocol) = (summary.version, summary.alpn)
            resumedBy = summary.resumed
        }
        (resumption, lineage, failure, server) = (record.resumption, record.lineage, record.failure, record.server)
        (bytesReceived, bytesSent) = (record.bytesFromClient, record.bytesToClient)
        handshakeDuration = record.times.handshakeEnded.map { $0 - record.times.handshakeBegan }
        if let ended = record.times.ended { duration = ended - record.times.accepted }
        ending = record.book.ending
        detail = record.detail
    }
}

internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseResumption
internal import RepriseRouting
internal import RepriseTLS
internal import RepriseVocabulary

/// Telling a server who the client is, before the client's own bytes.
extension Connection {
    /// The PROXY protocol header for a server; empty where it is told nothing.
    func introduction(to server: UpstreamServer) -> [UInt8] {
        switch terms.sendProxy ?? server.proxy.version {
        case .off: return []
        case .v1: return ProxyHeader(origin).line
        case .v2:
            var header = ProxyHeader(origin)
            // Many servers refuse a client of no family, and all take a connection that is our own.
            if header.origin == .unknown { header.origin = .local }
            header.tlvs = tlvs(server.proxy.contents)
            return header.binary(summed: server.proxy.contents.contains(.crc32c))
        }
    }

    private var origin: ProxyHeader.Origin {
        switch record.proxy?.origin {
        case .unknown: return .unknown
        case .client(let client, let local): return .client(client, to: local)
        case .local, nil: break
        }
        // A client on a Unix socket has no name, and most servers know no such family.
        guard case .ip = record.client, let local = arrivedAt ?? client.stream.localEndpoint() else { return .unknown }
        return .client(record.client, to: local)
    }

    /// What is said besides the addresses, as far as a header has room: the most wanted comes first.
    private func tlvs(_ contents: [ProxyContent]) -> [ProxyTLV] {
        var (tlvs, left): ([ProxyTLV], Int) = ([], ProxyHeader.roomForTLVs)
        func add(_ tlv: ProxyTLV) {
            guard tlv.value.count + ProxyTLV.headBytes <= left else { return listener.metrics.tlvsLeftOut.add(1) }
            left -= tlv.value.count + ProxyTLV.headBytes
            tlvs.append(tlv)
        }
        func add(_ kind: ProxyTLV.Kind, _ value: [UInt8]?) { if let value { add(ProxyTLV(kind, value)) } }
        let received = proxyHeader
        if contents.contains(.alpn) { add(.alpn, client.tls.agreedProtocol) }
        if contents.contains(.authority) { add(.authority, client.tls.requestedName) }
        if contents.contains(.tls) || contents.contains(.clientCertificate) {
            let (tls, leftOut) = client.tls.proxyTLS(
                withCertificate: contents.contains(.clientCertificate), room: left - ProxyTLV.headBytes)
            listener.metrics.tlvsLeftOut.add(UInt64(leftOut))
            add(tls.tlv)
        }
        if contents.contains(.uniqueID) { add(.uniqueID, uniqueID(received)) }
        if contents.contains(.networkNamespace) { add(.networkNamespace, received?[.networkNamespace]) }
        if contents.contains(.session) { for tlv in sessionTLVs { add(tlv) } }
        if contents.contains(.received) {
            for tlv in received?.tlvs ?? [] where !ProxyContent.isOurs(tlv.kind) { add(tlv) }
        }
        if contents.contains(.clientCertificatePEM) { add(.clientCertificatePEM, client.tls.clientCertificatePEM) }
        return tlvs
    }

    /// The one that came, if it is as long as one may be (proxy-protocol.txt, section 2.2.5).
    private func uniqueID(_ received: ProxyHeader?) -> [UInt8] {
        let came = received?[.uniqueID].flatMap { (1...128).contains($0.count) ? $0 : nil }
        return came ?? WorkerCore.uniqueID(of: id)
    }

    private var sessionTLVs: [ProxyTLV] {
        var tlvs = [ProxyTLV(.resumed, client.tls.summary.resumed.word)]
        if let lineage = client.sessions.lineage {
            tlvs.append(ProxyTLV(.lineage, lineage.id.description))
            tlvs.append(ProxyTLV(.renewals, withUnsafeBytes(of: lineage.renewals.bigEndian) { Array($0) }))
        }
        if case .refused(let reason) = client.sessions.outcome.result { tlvs.append(ProxyTLV(.reason, reason.word)) }
        return tlvs
    }
}

extension WorkerCore {
    /// Tells this process's connections from those of others, and of its own earlier lives.
    private static let processName = String(UInt64.random(in: 0 ... .max), radix: 16)

    /// The connection's number for other programs.
    static func uniqueID(of id: ConnectionID) -> [UInt8] { Array("\(processName)-\(id)".utf8) }
}

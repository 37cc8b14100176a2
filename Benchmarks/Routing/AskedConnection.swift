import RepriseResumption
import RepriseRouting
import RepriseVocabulary

/// A connection as a step sees it: only what it looks at is there.
final class AskedConnection: LentConnection {
    let id = ConnectionID(1)
    let listenerName = "web"
    let clientEndpoint = Endpoint.ip(.loopback4, port: 1)
    let localEndpoint: Endpoint? = nil
    let proxyEndpoint: Endpoint? = nil
    let proxyHeader: ProxyHeader? = nil
    let hostID: String? = "a.test"
    let serverName: String?
    let applicationProtocol: String? = "h2"
    let protocolVersion: TLSVersion? = .tls1_3
    let clientCertificates: [[UInt8]] = []
    let resumedBy = ResumptionMeans.no
    var handshakeDuration: Duration? { nil }
    var outcome: ResumptionOutcome { ResumptionOutcome(result: .notOffered, hostID: hostID, fingerprint: []) }
    let lineage: Lineage? = nil
    let applicationData: [UInt8] = []
    let server: String? = nil
    let upstreamLocalEndpoint: Endpoint? = nil

    init(serverName: String) {
        self.serverName = serverName
    }

    func withSession<Result, Failure: Error>(
        _ body: (borrowing SessionView) throws(Failure) -> Result
    ) throws(Failure) -> Result? { nil }
    func setApplicationData(_ bytes: [UInt8]) throws(ApplicationDataError) {}
    func clientCertificateHas(_ name: CertificateName) -> Bool { false }
}

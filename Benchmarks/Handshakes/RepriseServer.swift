import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary

/// The proxy's own side of a connection: TLS's ``ServerConnection`` with Resumption's sessions.
final class RepriseServer: CountedServer {
    private let listener: MemoryListener
    private let output = OutputBuffer()
    private var connection: ServerConnection?

    init(_ carrier: Carrier, certificate: ServerCertificate) throws {
        let host = HostDefinition(
            id: "a.test", names: [NamePattern("a.test")].compactMap(\.self), certificates: [certificate])
        listener = try MemoryServer.context(MemoryServer.settings(mode: carrier.mode), hosts: [host])
    }

    /// One of several, which have the hosts in common.
    init(_ carrier: Carrier, sharing hosts: HostContexts, _ settings: ListenerTLSSettings) throws {
        var policy = ResumptionPolicy()
        policy.isOn = carrier.mode != .off
        let domain = MemoryServer.domain()
        domain.allow(chainAge: policy.maximumChainAge)
        listener = MemoryListener(
            context: try ServerContext(hosts: hosts, settings: settings), domain: domain, policy: policy)
    }

    func accept() {
        connection = ServerConnection(context: listener.context, output: output, sessions: listener.connection())
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        guard let connection else { return }
        connection.lend(bytes)
        _ = connection.handshake()
        connection.endTurn()
    }

    func close() {
        connection?.sendCloseNotify()
        connection?.close()
        connection = nil
    }

    var hasResumed: Bool { connection?.summary.resumed ?? .no != .no }

    func takeOutput() -> [UInt8] {
        defer { output.removeAll() }
        return output.withBytes { $0.array }
    }
}

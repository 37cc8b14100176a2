import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary

/// A client whose instructions are counted, likewise: one connection after the other to the same server, which resume.
protocol CountedClient: AnyObject {
    /// Begins a connection, and writes its ClientHello.
    func connect()
    /// Takes the server's bytes as far as they go, tickets too.
    func receive(_ bytes: UnsafeRawBufferPointer)
    /// Ends the connection in order.
    func close()
    /// What it has written since the last time; not counted.
    func takeOutput() -> [UInt8]
    /// Whether the open connection resumed a session; not counted.
    var hasResumed: Bool { get }
}

/// The function whose instructions callgrind counts, for a client.
@inline(never) @_optimize(none)
func countedCall(_ client: any CountedClient, _ bytes: UnsafeRawBufferPointer?, isOver: Bool) {
    if isOver { return client.close() }
    guard let bytes else { return client.connect() }
    client.receive(bytes)
}

/// A way in which a client resumes.
enum ClientCarrier: String, CaseIterable {
    case id12 = "client-id-1.2"
    case ticket12 = "client-ticket-1.2"
    case psk13 = "client-1.3"

    var version: TLSVersion { self == .psk13 ? .tls1_3 : .tls1_2 }

    /// A server of ours that resumes that way, with the usual certificate.
    func listener(_ certificate: SelfSigned.Made) throws -> MemoryListener {
        let made = try ServerCertificate(chainPEM: certificate.chainPEM, keyPEM: certificate.keyPEM)
        return try MemoryServer.context(
            MemoryServer.settings(mode: self == .id12 ? .stateful : .stateless),
            hosts: [MemoryServer.host("a.test", certificates: [made])])
    }

    /// Does so many handshakes that resume, after one that does not.
    func run(_ count: Int, _ client: any CountedClient, _ listener: MemoryListener) {
        for number in 0...count {
            let output = OutputBuffer()
            let server = ServerConnection(context: listener.context, output: output, sessions: listener.connection())
            countedCall(client, nil, isOver: false)
            while true {
                let bytes = client.takeOutput()
                guard !bytes.isEmpty else { break }
                bytes.withUnsafeBytes {
                    server.lend($0)
                    _ = server.handshake()
                    server.endTurn()
                }
                let answer = output.withBytes { $0.withUnsafeBytes { [UInt8]($0) } }
                output.removeAll()
                if !answer.isEmpty { answer.withUnsafeBytes { countedCall(client, $0, isOver: false) } }
            }
            precondition(client.hasResumed == (number > 0), "\(rawValue): resumed \(client.hasResumed)")
            countedCall(client, nil, isOver: true)
            _ = client.takeOutput()
            server.markShutdown()
            server.close()
        }
    }
}

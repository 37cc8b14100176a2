import RepriseTLS
import RepriseTestSupport

/// Does handshakes of one kind with one server.
struct Handshakes {
    let carrier: Carrier
    let server: any CountedServer

    /// - Returns: how long the ticket or id was that the last one was offered.
    func run(_ count: Int) throws -> Int {
        var session = carrier.resumes ? try handshake(resuming: nil) : nil
        let bytes = session?.ticketBytes ?? 0
        for _ in 0..<count {
            let next = try handshake(resuming: session)
            // A TLS 1.3 client has a fresh ticket for each handshake; libssl's TLS 1.2 sessions stay.
            if carrier.resumes, carrier.isTLS13 { session = next }
        }
        return bytes
    }

    /// - Returns: the last session that the client was given.
    private func handshake(resuming session: MemoryClient.Session?) throws -> MemoryClient.Session? {
        let client = try MemoryClient(carrier.client(resuming: session))
        countedCall(server, nil, isOver: false)
        while true {
            if try client.handshake() { _ = try client.read() }
            let bytes = client.takeOutput()
            if bytes.isEmpty { break }
            bytes.withUnsafeBytes { countedCall(server, $0, isOver: false) }
            client.receive(server.takeOutput())
        }
        precondition(client.isHandshakeDone, "\(carrier.rawValue): the handshake did not end")
        precondition(server.hasResumed == (session != nil), "\(carrier.rawValue): resumed \(server.hasResumed)")
        countedCall(server, nil, isOver: true)
        _ = server.takeOutput()
        return client.sessions.last
    }
}

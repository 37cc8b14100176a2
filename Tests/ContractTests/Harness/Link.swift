import CRepriseOpenSSL

/// A client and a server of libssl's, joined in memory.
final class Link {
    /// What became of a handshake, in the server's view.
    enum Outcome: Equatable {
        case full, resumed, suspended
        /// The server's reason, or the client's when the server has none.
        case failed(String)
    }

    let server: End
    let client: End
    private let toServer: OpaquePointer
    private let toClient: OpaquePointer
    private let offered: Session?

    init(_ server: Context, _ client: Context, resuming session: Session? = nil, name: String? = nil) {
        guard let toServer = BIO_new(BIO_s_mem()), let toClient = BIO_new(BIO_s_mem()) else {
            preconditionFailure("no memory for a BIO")
        }
        // Empty means "later", not "the end".
        for bio in [toServer, toClient] { BIO_ctrl(bio, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, nil) }
        (self.toServer, self.toClient) = (toServer, toClient)
        offered = session
        self.server = End(server, reading: toServer, writing: toClient, isServer: true)
        self.client = End(client, reading: toClient, writing: toServer, isServer: false)
        if let name { _ = reprise_ssl_set_server_name(self.client.ssl, name) }
        session?.look { _ = SSL_set_session(self.client.ssl, $0) }
    }

    deinit {
        BIO_free(toServer)
        BIO_free(toClient)
    }

    /// Drives both ends as far as they go, and lets the client read the tickets.
    @discardableResult
    func handshake() -> Outcome {
        // The longest handshake, with a HelloRetryRequest and a client's certificate, takes three flights of each end.
        for _ in 0..<5 {
            for end in [client, server] where !end.isDone && end.failure == nil { end.handshake() }
            if server.trouble == .suspended { return .suspended }
        }
        if let reason = server.failure ?? client.failure { return .failed(reason) }
        guard server.isDone, client.isDone else { return .failed("the handshake stalled") }
        client.read()
        guard server.wasResumed else { return .full }
        // A client's new-session callback does not run for a ticket that TLS 1.2 renews.
        if SSL_version(client.ssl) == TLS1_2_VERSION, let session = client.session,
            SessionFields.ticket(session) != offered?.ticket
        {
            client.sessions.append(Session(session))
        }
        return .resumed
    }

    /// The client's stream ends, with no close_notify before.
    func endClientStream() {
        BIO_ctrl(toServer, BIO_C_SET_BUF_MEM_EOF_RETURN, 0, nil)
    }

    /// Hands the server bytes that no client wrote.
    func forge(_ bytes: [UInt8]) {
        BIO_write(toServer, bytes, CInt(bytes.count))
    }

    /// Makes a fatal alert of the client's: it is given bytes that are no record, and says what it thinks of them.
    func makeClientSendAlert() {
        BIO_write(toClient, Link.badRecord, CInt(Link.badRecord.count))
        client.read()
    }

    /// An application data record that no key opens.
    static let badRecord: [UInt8] = [23, 3, 3, 0, 32] + [UInt8](repeating: 7, count: 32)

    /// A connection from its handshake to its orderly end.
    static func meet(
        _ server: Context, _ client: Context, resuming session: Session? = nil, name: String? = nil
    ) -> (outcome: Outcome, sessions: [Session]) {
        let link = Link(server, client, resuming: session, name: name)
        return (link.handshake(), link.client.sessions)
    }

    /// A full handshake, and the last session that came of it.
    static func firstSession(_ server: Context, _ client: Context, name: String? = nil) throws -> Session {
        let first = meet(server, client, name: name)
        guard first.outcome == .full, let session = first.sessions.last else {
            throw Missing(text: "the first handshake was \(first.outcome), with \(first.sessions.count) sessions")
        }
        return session
    }
}

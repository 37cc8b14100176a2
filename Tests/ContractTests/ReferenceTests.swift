import CRepriseOpenSSL
import RepriseTestSupport
import Testing

/// Who holds a session, and what reaches it there.
@Suite struct ReferenceTests {
    /// Two connections' worth of sessions of one kind, the first with a hold on it.
    private final class Held {
        let server: Context
        let client: Context
        let link: Link
        /// From SSL_get1_session(3).
        let session: OpaquePointer?

        init(_ carrier: Carrier) {
            (server, client) = (Context.server(carrier), Context.client(carrier))
            link = Link(server, client)
            #expect(link.handshake() == .full)
            session = SSL_get1_session(link.server.ssl)
        }

        deinit {
            SSL_SESSION_free(session)
        }

        var given: Session { get throws { try link.client.session(0) } }
    }

    @Test(arguments: Carrier.allCases)
    func `SSL_get1_session gives the object of SSL_get_session with a reference of its own`(carrier: Carrier) {
        let held = Held(carrier)
        #expect(held.session == held.link.server.session)
        held.link.server.shutdown()
        held.link.server.free()
        reprise_ctx_flush_sessions(held.server.pointer, Int.max)
        #expect(SSL_SESSION_get_protocol_version(held.session) == carrier.version)
    }

    @Test(arguments: Carrier.remembered)
    func `a flush marks a session that someone else holds as not resumable`(carrier: Carrier) {
        let held = Held(carrier)
        #expect(SessionFields.isResumable(held.session))
        reprise_ctx_flush_sessions(held.server.pointer, Int.max)
        #expect(held.server.cachedSessions == 0)
        #expect(!SessionFields.isResumable(held.session))
    }

    @Test(arguments: Carrier.remembered)
    func `SSL_SESSION_dup copies the mark, and DER does not`(carrier: Carrier) {
        let held = Held(carrier)
        reprise_ctx_flush_sessions(held.server.pointer, Int.max)
        let copy = SSL_SESSION_dup(held.session)
        defer { SSL_SESSION_free(copy) }
        #expect(!SessionFields.isResumable(copy))
        if let session = held.session { #expect(Session(session).look(SessionFields.isResumable)) }
    }

    /// Of TLS 1.2 since 3.0.14 (seen: not in 3.0.13).
    @Test(arguments: Carrier.remembered)
    func `libssl's cache resumes a session that was destroyed and put back`(carrier: Carrier) throws {
        let held = Held(carrier)
        held.link.server.free()
        #expect(!SessionFields.isResumable(held.session))
        #expect(SSL_CTX_add_session(held.server.pointer, held.session) == 1)
        #expect(!SessionFields.isResumable(held.session))
        let outcome = try Link.meet(held.server, held.client, resuming: held.given).outcome
        #expect(outcome == .resumed || (carrier == .id && LibraryVersion.is3_0(before: 14)), "\(outcome)")
    }

    @Test func `each reference needs a SSL_SESSION_free of its own`() {
        let session = SSL_SESSION_new()
        #expect(SSL_SESSION_up_ref(session) == 1)
        SSL_SESSION_free(session)
        #expect(SSL_SESSION_set_timeout(session, 77) == 1)
        #expect(SSL_SESSION_get_timeout(session) == 77)
        SSL_SESSION_free(session)
    }

    @Test(arguments: Carrier.allCases)
    func `a session crosses from one SSL_CTX to another as DER`(carrier: Carrier) throws {
        let store = OutsideStore()
        let servers = [Context.server(carrier), Context.server(carrier)]
        for server in servers {
            server.use(store)
            TicketKeys.share(with: server)
        }
        let client = Context.client(carrier)
        let session = try Link.firstSession(servers[0], client)
        #expect(Link.meet(servers[1], client, resuming: session).outcome == .resumed)
    }

    /// But for early patches of 3.0 (seen: 3.0.2), where it holds as many as its size.
    @Test func `libssl's cache holds one session less than its size`() throws {
        let server = Context.server(.id), client = Context.client(.id)
        SSL_CTX_ctrl(server.pointer, SSL_CTRL_SET_SESS_CACHE_SIZE, 3, nil)
        for _ in 0..<5 { _ = try Link.firstSession(server, client) }
        let held = server.cachedSessions
        #expect(held == 2 || (held == 3 && LibraryVersion.is3_0(before: 13)), "\(held)")
    }
}

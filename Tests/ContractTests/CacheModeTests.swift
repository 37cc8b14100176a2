import CRepriseOpenSSL
import Testing

/// What the cache mode and SSL_OP_NO_TICKET do to each other.
@Suite struct CacheModeTests {
    @Test func `a cache that is off does not stop useless TLS 1_3 tickets`() throws {
        let server = Context.server(.stateful), client = Context.client(.stateful)
        reprise_ctx_set_cache_mode(server.pointer, Int(SSL_SESS_CACHE_OFF))
        var calls = 0
        server.newSession = { _, _ in
            calls += 1
            return 0
        }
        let session = try Link.firstSession(server, client)
        #expect(session.ticket.count == 32)
        #expect(calls == 0)
        #expect(Link.meet(server, client, resuming: session).outcome == .full)

        SSL_CTX_set_num_tickets(server.pointer, 0)
        #expect(Link.meet(server, client).sessions.isEmpty)
    }

    @Test func `a cache that is off gives a TLS 1_2 client without tickets no id`() {
        let server = Context.server(.id), client = Context.client(.id)
        reprise_ctx_set_cache_mode(server.pointer, Int(SSL_SESS_CACHE_OFF))
        let link = Link(server, client)
        #expect(link.handshake() == .full)
        #expect(SessionFields.id(link.server.session) == [])
    }

    @Test(arguments: Carrier.sealed)
    func `a cache that is off does not stop tickets that seal their session`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        reprise_ctx_set_cache_mode(server.pointer, Int(SSL_SESS_CACHE_OFF))
        #expect(try Link.meet(server, client, resuming: Link.firstSession(server, client)).outcome == .resumed)
    }

    @Test(arguments: Carrier.remembered)
    func `SSL_SESS_CACHE_NO_INTERNAL keeps libssl's own cache empty`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        server.use(OutsideStore())
        _ = try Link.firstSession(server, client)
        #expect(server.cachedSessions == 0)
    }

    @Test func `a remove callback makes libssl's cache fill with stateless TLS 1_3 sessions`() throws {
        let server = Context.server(.stateless), client = Context.client(.stateless)
        _ = try Link.firstSession(server, client)
        #expect(server.cachedSessions == 0)
        server.removedSession = { _ in }
        _ = try Link.firstSession(server, client)
        #expect(server.cachedSessions == 1)
    }

    @Test func `a TLS 1_2 id resumes at a server that also gives tickets`() throws {
        let server = Context.server(.ticket), client = Context.client(.id)
        #expect(try Link.meet(server, client, resuming: Link.firstSession(server, client)).outcome == .resumed)
    }

    @Test func `SSL_OP_NO_TICKET on the server leaves a TLS 1_2 client with an id`() throws {
        let server = Context.server(.ticket), client = Context.client(.ticket)
        SSL_CTX_set_options(server.pointer, reprise_op_no_ticket())
        let session = try Link.firstSession(server, client)
        #expect(session.ticket.isEmpty && session.look { SessionFields.id($0).count } == 32)
        #expect(Link.meet(server, client, resuming: session).outcome == .resumed)
    }

    @Test func `a TLS 1_2 client that takes a ticket gets no id`() throws {
        let server = Context.server(.ticket), client = Context.client(.ticket), store = OutsideStore()
        server.use(store)
        #expect(try !Link.firstSession(server, client).ticket.isEmpty)
        #expect(store.sessions.isEmpty)
    }

    @Test func `early data with libssl's replay protection makes tickets stateful`() throws {
        let server = Context.server(.stateless), client = Context.client(.stateless)
        SSL_CTX_set_max_early_data(server.pointer, 1024)
        #expect(try Link.firstSession(server, client).ticket.count == 32)
        SSL_CTX_set_options(server.pointer, reprise_op_no_anti_replay())
        #expect(try Link.firstSession(server, client).ticket.count > 32)
    }
}

import CRepriseOpenSSL
import Testing

/// When SSL_CTX_sess_set_new_cb(3)'s callback fires on a server, and with what.
@Suite struct NewSessionTests {
    private final class Counted {
        let server: Context
        let client: Context
        var calls = 0

        init(_ carrier: Carrier, tickets: Int = 1) {
            (server, client) = (Context.server(carrier), Context.client(carrier))
            SSL_CTX_set_num_tickets(server.pointer, tickets)
            server.newSession = { [unowned self] _, _ in
                calls += 1
                return 0
            }
        }

        func count(resuming session: Session? = nil, _ expected: Link.Outcome) -> Int {
            calls = 0
            #expect(Link.meet(server, client, resuming: session).outcome == expected)
            return calls
        }
    }

    @Test func `TLS 1_2 with an id: once for a full handshake, never for a resumption`() throws {
        let counted = Counted(.id)
        let session = try Link.firstSession(counted.server, counted.client)
        #expect(counted.calls == 1)
        #expect(counted.count(resuming: session, .resumed) == 0)
    }

    @Test func `TLS 1_2 with a ticket: never`() throws {
        let counted = Counted(.ticket)
        let session = try Link.firstSession(counted.server, counted.client)
        #expect(counted.calls == 0)
        #expect(counted.count(resuming: session, .resumed) == 0)
    }

    @Test(arguments: Carrier.tls13, [0, 1, 2, 4])
    func `TLS 1_3: once for each ticket of a full handshake`(carrier: Carrier, tickets: Int) {
        let counted = Counted(carrier, tickets: tickets)
        let link = Link(counted.server, counted.client)
        #expect(link.handshake() == .full)
        #expect(counted.calls == tickets && link.client.sessions.count == tickets)
    }

    @Test(arguments: Carrier.tls13, [0, 1, 2, 4])
    func `TLS 1_3: once for a resumption, unless no tickets are set`(carrier: Carrier, tickets: Int) throws {
        let counted = Counted(carrier)
        let session = try Link.firstSession(counted.server, counted.client)
        SSL_CTX_set_num_tickets(counted.server.pointer, tickets)
        #expect(counted.count(resuming: session, .resumed) == min(1, tickets))
    }

    @Test(arguments: Carrier.tls13)
    func `the number of tickets can be set on the SSL while the ClientHello is read`(carrier: Carrier) {
        let counted = Counted(carrier, tickets: 0)
        counted.server.clientHello = { ssl in
            SSL_set_num_tickets(ssl, 3)
            return SSL_CLIENT_HELLO_SUCCESS
        }
        #expect(counted.count(.full) == 3)
    }

    @Test(arguments: [Carrier.id, .stateless, .stateful])
    func `it fires inside the handshake, with the session of the connection`(carrier: Carrier) {
        let server = Context.server(carrier)
        var calls = 0
        server.newSession = { ssl, session in
            calls += 1
            #expect(SSL_in_init(ssl) == 1)
            #expect(SSL_get_session(ssl) == session)
            #expect(SessionFields.id(session).count == 32)
            return 0
        }
        #expect(Link.meet(server, .client(carrier)).outcome == .full)
        #expect(calls == 1)
    }

    @Test(arguments: Carrier.tls13)
    func `two tickets are two sessions, and the last is the connection's`(carrier: Carrier) {
        let server = Context.server(carrier), client = Context.client(carrier)
        SSL_CTX_set_num_tickets(server.pointer, 2)
        var seen: [[UInt8]] = []
        server.newSession = { _, session in
            seen.append(SessionFields.id(session))
            return 0
        }
        let link = Link(server, client)
        #expect(link.handshake() == .full)
        #expect(seen.count == 2 && seen.first != seen.last)
        #expect(SessionFields.id(link.server.session) == seen.last)
    }

    @Test(arguments: Carrier.tls13)
    func `SSL_new_session_ticket makes another ticket at the next SSL_do_handshake`(carrier: Carrier) throws {
        let counted = Counted(carrier, tickets: 0)
        let link = Link(counted.server, counted.client)
        #expect(link.handshake() == .full)
        for made in 1...2 {
            #expect(SSL_new_session_ticket(link.server.ssl) == 1)
            #expect(counted.calls == made - 1)
            #expect(link.server.handshake())
            link.client.read()
            #expect(counted.calls == made && link.client.sessions.count == made)
        }
        let again = try Link(counted.server, counted.client, resuming: link.client.session(0))
        #expect(again.handshake() == .resumed)
        #expect(SSL_new_session_ticket(again.server.ssl) == 1 && again.server.handshake())
        again.client.read()
        #expect(again.client.sessions.count == 1)
    }

    @Test(arguments: Carrier.tls12)
    func `SSL_new_session_ticket makes none in TLS 1_2`(carrier: Carrier) {
        let link = Link(.server(carrier), .client(carrier))
        #expect(link.handshake() == .full)
        #expect(SSL_new_session_ticket(link.server.ssl) == 0)
    }

    @Test(arguments: Carrier.tls13, [0, 1])
    func `the call that ends a TLS 1_3 handshake writes the tickets, and nothing else`(carrier: Carrier, tickets: Int) {
        let counted = Counted(carrier, tickets: tickets)
        let link = Link(counted.server, counted.client)
        link.client.handshake()
        link.server.handshake()
        #expect(link.client.handshake())
        #expect(BIO_ctrl_pending(SSL_get_wbio(link.server.ssl)) == 0)
        #expect(link.server.handshake())
        #expect((BIO_ctrl_pending(SSL_get_wbio(link.server.ssl)) > 0) == (tickets > 0))
    }

    @Test(arguments: Carrier.tls13)
    func `SSL_session_reused tells a renewal from a first ticket`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        var renewals: [Bool] = []
        server.ticketMade = { ssl in
            renewals.append(SSL_session_reused(ssl) == 1)
            return 1
        }
        server.newSession = { ssl, _ in
            renewals.append(SSL_session_reused(ssl) == 1)
            return 0
        }
        let session = try Link.firstSession(server, client)
        #expect(Link.meet(server, client, resuming: session).outcome == .resumed)
        #expect(renewals == [false, false, true, true])
    }

    @Test(arguments: Carrier.remembered)
    func `what it writes into a session with an id is stored`(carrier: Carrier) {
        let server = Context.server(carrier), store = OutsideStore()
        server.use(store)
        store.whenKept = { session in
            SessionFields.setApplicationData("kept", of: session)
            SSL_SESSION_set_timeout(session, 77)
        }
        #expect(Link.meet(server, .client(carrier)).outcome == .full)
        let stored = store.sessions.values.first
        #expect(stored?.look { SessionFields.applicationData($0) } == "kept")
        #expect(stored?.look { SSL_SESSION_get_timeout($0) } == 77)
    }

    @Test func `it comes too late for what a TLS 1_3 ticket seals`() throws {
        let server = Context.server(.stateless), client = Context.client(.stateless)
        server.newSession = { _, session in
            SessionFields.setApplicationData("late", of: session)
            return 0
        }
        let session = try Link.firstSession(server, client)
        var opened: String?
        server.ticketOpened = { session, _ in
            opened = SessionFields.applicationData(session)
            return SSL_TICKET_RETURN_USE
        }
        #expect(Link.meet(server, client, resuming: session).outcome == .resumed)
        #expect(opened == "")
    }
}

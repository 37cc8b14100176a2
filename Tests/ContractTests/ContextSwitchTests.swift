import CRepriseOpenSSL
import Testing

/// What SSL_set_SSL_CTX(3) brings along, and what stays with the context that the connection was made from.
@Suite struct ContextSwitchTests {
    /// A listener whose connections are switched to a host while the ClientHello is read.
    private final class Switching {
        let listener: Context
        let host: Context
        let client: Context

        init(_ carrier: Carrier, before: @escaping (OpaquePointer) -> Void = { _ in }) {
            listener = .server(carrier)
            host = .server(carrier, .other)
            client = .client(carrier)
            listener.clientHello = { [host] ssl in
                before(ssl)
                return SSL_set_SSL_CTX(ssl, host.pointer) == nil ? SSL_CLIENT_HELLO_ERROR : SSL_CLIENT_HELLO_SUCCESS
            }
        }

        func link(_ session: Session? = nil) -> (link: Link, outcome: Link.Outcome) {
            let link = Link(listener, client, resuming: session)
            return (link, link.handshake())
        }
    }

    @Test(arguments: Carrier.allCases)
    func `the certificate is the new context's`(carrier: Carrier) {
        let (link, outcome) = Switching(carrier).link()
        #expect(outcome == .full && link.client.peerName == "b.test")
    }

    @Test(arguments: Carrier.allCases)
    func `a listener without a certificate can be switched from`(carrier: Carrier) {
        let host = Context.server(carrier, .other), listener = Context.server(carrier, nil)
        listener.clientHello = { ssl in
            SSL_set_SSL_CTX(ssl, host.pointer)
            return SSL_CLIENT_HELLO_SUCCESS
        }
        #expect(Link.meet(listener, .client(carrier)).outcome == .full)
    }

    @Test(arguments: Carrier.allCases)
    func `the verify mode stays the old context's`(carrier: Carrier) {
        let switching = Switching(carrier)
        switching.host.demandCertificate()
        let (link, outcome) = switching.link()
        #expect(outcome == .full)
        #expect(SSL_get_verify_mode(link.server.ssl) == SSL_VERIFY_NONE)
    }

    @Test(arguments: Carrier.allCases)
    func `a verify mode that is set on the SSL holds`(carrier: Carrier) {
        let switching = Switching(carrier) { ssl in
            SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        }
        #expect(switching.link().outcome == .failed("peer did not return a certificate"))
    }

    @Test(arguments: Carrier.allCases)
    func `options and modes stay the old context's`(carrier: Carrier) {
        let switching = Switching(carrier)
        SSL_CTX_set_options(switching.host.pointer, reprise_op_server_preference())
        SSL_CTX_set_options(switching.listener.pointer, reprise_op_no_compression())
        let (link, _) = switching.link()
        let options = SSL_get_options(link.server.ssl)
        #expect(options & reprise_op_server_preference() == 0)
        #expect(options & reprise_op_no_compression() != 0)
    }

    @Test func `version bounds stay the old context's`() {
        let switching = Switching(.ticket)
        reprise_ctx_set_max_version(switching.host.pointer, TLS1_3_VERSION)
        reprise_ctx_set_min_version(switching.host.pointer, TLS1_3_VERSION)
        let (link, outcome) = switching.link()
        #expect(outcome == .full && SSL_version(link.server.ssl) == TLS1_2_VERSION)
    }

    @Test(arguments: Carrier.allCases)
    func `the session-id context follows the switch`(carrier: Carrier) {
        let switching = Switching(carrier)
        switching.host.use(sessionIDContext: "host")
        let (link, _) = switching.link()
        #expect(SessionFields.sessionIDContext(link.server.session) == "host")
    }

    @Test(arguments: Carrier.allCases)
    func `a session-id context that was set on the SSL before stays`(carrier: Carrier) {
        let switching = Switching(carrier) { ssl in SSL_set_session_id_context(ssl, [65, 66], 2) }
        switching.host.use(sessionIDContext: "host")
        let (link, _) = switching.link()
        #expect(SessionFields.sessionIDContext(link.server.session) == "AB")
    }

    @Test(arguments: [Carrier.id, .stateful])
    func `sessions are kept and looked for by the old context's callbacks`(carrier: Carrier) throws {
        let switching = Switching(carrier), store = OutsideStore(), other = OutsideStore()
        switching.listener.use(store)
        switching.host.use(other)
        let (link, _) = switching.link()
        #expect(store.sessions.count == 1 && other.sessions.isEmpty)
        #expect(try switching.link(link.client.session(0)).outcome == .resumed)
        #expect(store.asked.count == 1 && other.asked.isEmpty)
    }

    @Test(arguments: Carrier.sealed)
    func `ticket keys and ticket callbacks stay the old context's`(carrier: Carrier) throws {
        let switching = Switching(carrier)
        var told: [String] = []
        for (name, context) in [("listener", switching.listener), ("host", switching.host)] {
            SSL_CTX_set_tlsext_ticket_key_evp_cb(context.pointer, nil)
            context.ticketMade = { _ in
                told.append(name)
                return 1
            }
            context.ticketOpened = { session, _ in
                told.append(name)
                return session == nil ? SSL_TICKET_RETURN_IGNORE_RENEW : SSL_TICKET_RETURN_USE
            }
        }
        let (link, _) = switching.link()
        #expect(try switching.link(link.client.session(0)).outcome == .resumed)
        #expect(!told.isEmpty && told.allSatisfy { $0 == "listener" })
        // The host's own keys do not open it.
        #expect(try Link.meet(switching.host, switching.client, resuming: link.client.session(0)).outcome == .full)
    }

    @Test func `whether TLS 1_2 hands out an id is the new context's cache mode`() {
        for (mode, count) in [(SSL_SESS_CACHE_OFF, 0), (SSL_SESS_CACHE_SERVER, 32)] {
            let switching = Switching(.id)
            reprise_ctx_set_cache_mode(switching.host.pointer, Int(mode))
            let (link, outcome) = switching.link()
            #expect(outcome == .full)
            #expect(link.client.session.map { SessionFields.id($0).count } == count)
        }
    }

    @Test func `the number of tickets stays the old context's`() {
        let switching = Switching(.stateless)
        SSL_CTX_set_num_tickets(switching.host.pointer, 4)
        #expect(switching.link().link.client.sessions.count == 1)
    }

    @Test(arguments: Carrier.allCases)
    func `a switch in the server name callback comes after the session was resumed`(carrier: Carrier) throws {
        let listener = Context.server(carrier), host = Context.server(carrier, .other)
        let client = Context.client(carrier)
        let session = try Link.firstSession(listener, client, name: "a.test")
        host.demandCertificate()
        host.use(sessionIDContext: "host")
        listener.serverName = { ssl in
            SSL_set_SSL_CTX(ssl, host.pointer)
            return SSL_TLSEXT_ERR_OK
        }
        #expect(Link.meet(listener, client, resuming: session, name: "a.test").outcome == .resumed)
    }
}

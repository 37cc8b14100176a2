import CRepriseOpenSSL
import Testing

/// Application data (SSL_SESSION_set1_ticket_appdata(3)), and the callback that is there to set it.
@Suite struct TicketDataTests {
    private final class Marked {
        let server: Context
        let client: Context
        let store = OutsideStore()
        var data = "first"
        var made = 0
        var opened: [String] = []

        init(_ carrier: Carrier) {
            (server, client) = (Context.server(carrier), Context.client(carrier))
            server.use(store)
            server.ticketMade = { [unowned self] ssl in
                made += 1
                SessionFields.setApplicationData(data, of: SSL_get_session(ssl))
                return 1
            }
            server.ticketOpened = { [unowned self] session, _ in
                guard let session else { return SSL_TICKET_RETURN_IGNORE_RENEW }
                opened.append(SessionFields.applicationData(session))
                return SSL_TICKET_RETURN_USE_RENEW
            }
        }

        func link(_ session: Session? = nil) -> Link {
            let link = Link(server, client, resuming: session)
            #expect(link.handshake() == (session == nil ? .full : .resumed))
            return link
        }
    }

    @Test(arguments: [(Carrier.id, 0), (.ticket, 1), (.stateless, 1), (.stateful, 1)])
    func `it is called before each ticket, of TLS 1_3 also when that is an id, and never for a TLS 1_2 id`(
        carrier: Carrier, calls: Int
    ) {
        let marked = Marked(carrier)
        _ = marked.link()
        #expect(marked.made == calls)
    }

    @Test(arguments: Carrier.sealed)
    func `what a ticket carries is there when it is opened, and after the handshake the renewed ticket's`(
        carrier: Carrier
    ) throws {
        let marked = Marked(carrier)
        let session = try marked.link().client.session(0)
        (marked.data, marked.opened) = ("second", [])
        let link = marked.link(session)
        #expect(marked.opened == ["first"])
        #expect(SessionFields.applicationData(link.server.session) == "second")
        marked.opened = []
        _ = try marked.link(link.client.session(0))
        #expect(marked.opened == ["second"])
    }

    @Test func `what a stateful TLS 1_3 session carries is set before the new-session callback`() throws {
        let marked = Marked(.stateful)
        let session = try marked.link().client.session(0)
        let stored = marked.store.sessions[session.ticket]
        #expect(stored?.look { SessionFields.applicationData($0) } == "first")
    }

    @Test(arguments: Carrier.sealed)
    func `a lifetime set there is sealed in, and is the hint that the client gets`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        server.ticketMade = { ssl in
            SSL_SESSION_set_timeout(SSL_get_session(ssl), 77)
            return 1
        }
        var sealed: Int?
        server.ticketOpened = { session, _ in
            guard let session else { return SSL_TICKET_RETURN_IGNORE_RENEW }
            sealed = SSL_SESSION_get_timeout(session)
            return SSL_TICKET_RETURN_USE
        }
        let session = try Link.firstSession(server, client)
        #expect(session.lifetimeHint == 77)
        #expect(Link.meet(server, client, resuming: session).outcome == .resumed)
        #expect(sealed == 77)
    }

    @Test(arguments: [Carrier.ticket, .stateless, .stateful])
    func `answering 0 breaks the handshake off`(carrier: Carrier) {
        let server = Context.server(carrier)
        server.ticketMade = { _ in 0 }
        if case .failed = Link.meet(server, .client(carrier)).outcome {
        } else {
            Issue.record("the handshake went on")
        }
    }

    @Test(arguments: Carrier.allCases)
    func `the verified chain can be read while a session is made, and is not there when one is resumed`(
        carrier: Carrier
    ) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        server.demandCertificate()
        X509_STORE_add_cert(SSL_CTX_get_cert_store(server.pointer), Identity.client.certificate)
        Identity.client.show(in: client.pointer)
        var chain: CInt?
        let look = { (ssl: OpaquePointer) -> CInt in
            chain = SSL_get0_verified_chain(ssl).map { reprise_x509_stack_count($0) }
            return 1
        }
        server.ticketMade = look
        // Not for the ticket of TLS 1.2, which this is never called for.
        server.newSession = { ssl, _ in
            _ = look(ssl)
            return 0
        }
        let session = try Link.firstSession(server, client)
        #expect(chain == 1)
        chain = nil
        let link = Link(server, client, resuming: session)
        #expect(link.handshake() == .resumed)
        #expect(chain == nil && SSL_get0_verified_chain(link.server.ssl) == nil)
        #expect(link.server.peerName == "client")
    }
}

import CRepriseOpenSSL
import Testing

/// What SSL_SESSION_is_resumable(3) and the session's id say at each stage, so that an object is not taken for a session.
@Suite struct ResumableTests {
    @Test(arguments: Carrier.tls13)
    func `a TLS 1_3 server has a session object long before it has a session`(carrier: Carrier) {
        let server = Context.server(carrier), client = Context.client(carrier)
        SSL_CTX_set_num_tickets(server.pointer, 0)
        var early: (id: [UInt8], isResumable: Bool)?
        server.certificateWanted = { ssl in
            let session = SSL_get_session(ssl)
            early = (SessionFields.id(session), SessionFields.isResumable(session))
        }
        let link = Link(server, client)
        #expect(link.handshake() == .full)
        #expect(early?.id == [] && early?.isResumable == false)
        #expect(SessionFields.id(link.server.session) == [])
        #expect(!SessionFields.isResumable(link.server.session))
        #expect(SSL_new_session_ticket(link.server.ssl) == 1 && link.server.handshake())
        #expect(SessionFields.id(link.server.session).count == 32)
        #expect(SessionFields.isResumable(link.server.session))
    }

    @Test(arguments: Carrier.tls13)
    func `a TLS 1_3 client has one only once it has read a ticket`(carrier: Carrier) {
        let server = Context.server(carrier), client = Context.client(carrier)
        SSL_CTX_set_num_tickets(server.pointer, 0)
        let link = Link(server, client)
        #expect(link.handshake() == .full)
        #expect(link.client.session != nil && !SessionFields.isResumable(link.client.session))
        #expect(SSL_new_session_ticket(link.server.ssl) == 1 && link.server.handshake())
        link.client.read()
        #expect(SessionFields.isResumable(link.client.session))
    }

    @Test func `a TLS 1_2 server calls a session with an id resumable`() {
        let link = Link(.server(.id), .client(.id))
        #expect(link.handshake() == .full)
        #expect(SessionFields.isResumable(link.server.session))
        #expect(SessionFields.id(link.server.session).count == 32)
        #expect(SessionFields.isResumable(link.client.session))
    }

    @Test func `a TLS 1_2 server never calls a session in a ticket resumable, though it is`() throws {
        let server = Context.server(.ticket), client = Context.client(.ticket)
        let link = Link(server, client)
        #expect(link.handshake() == .full)
        #expect(!SessionFields.isResumable(link.server.session))
        #expect(SessionFields.id(link.server.session) == [])
        #expect(SessionFields.isResumable(link.client.session))
        #expect(try Link.meet(server, client, resuming: link.client.session(0)).outcome == .resumed)
    }

    @Test func `a TLS 1_2 session out of a ticket has the id that the client made up`() throws {
        let server = Context.server(.ticket), client = Context.client(.ticket)
        let session = try Link.firstSession(server, client)
        let link = Link(server, client, resuming: session)
        #expect(link.handshake() == .resumed)
        #expect(SessionFields.id(link.server.session).count == 32)
        #expect(SessionFields.id(link.server.session) == session.look { SessionFields.id($0) })
    }

    @Test func `before a handshake there is no session`() {
        let link = Link(.server(.id), .client(.id))
        #expect(link.server.session == nil && SSL_get1_session(link.server.ssl) == nil)
    }
}

import CRepriseOpenSSL
import Testing

/// What the session-id context (SSL_CTX_set_session_id_context(3)) keeps apart.
@Suite struct SessionContextTests {
    @Test(arguments: Carrier.allCases)
    func `a session for another context is a full handshake, and no error`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        let session = try Link.firstSession(server, client)
        server.use(sessionIDContext: "another")
        #expect(Link.meet(server, client, resuming: session).outcome == .full)
        server.use(sessionIDContext: "contract")
        #expect(Link.meet(server, client, resuming: session).outcome == .resumed)
    }

    @Test(arguments: Carrier.allCases)
    func `one that is set on the SSL while the ClientHello is read decides`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        var context = "one"
        server.clientHello = { ssl in
            SSL_set_session_id_context(ssl, Array(context.utf8), CUnsignedInt(context.utf8.count))
            return SSL_CLIENT_HELLO_SUCCESS
        }
        let link = Link(server, client)
        #expect(link.handshake() == .full)
        #expect(SessionFields.sessionIDContext(link.server.session) == "one")
        let session = try link.client.session(0)
        context = "two"
        #expect(Link.meet(server, client, resuming: session).outcome == .full)
        context = "one"
        #expect(Link.meet(server, client, resuming: session).outcome == .resumed)
    }

    @Test(arguments: Carrier.sealed)
    func `it can be read when a ticket is opened`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        let session = try Link.firstSession(server, client)
        server.use(sessionIDContext: "another")
        var seen: String?
        server.ticketOpened = { session, _ in
            seen = SessionFields.sessionIDContext(session)
            return SSL_TICKET_RETURN_USE_RENEW
        }
        #expect(Link.meet(server, client, resuming: session).outcome == .full)
        #expect(seen == "contract")
    }

    @Test(arguments: Carrier.sealed)
    func `without one, a resumption of a ticket is fatal where certificates are asked for`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        server.use(sessionIDContext: "")
        SSL_CTX_set_verify(server.pointer, SSL_VERIFY_PEER, nil)
        let session = try Link.firstSession(server, client)
        #expect(
            Link.meet(server, client, resuming: session).outcome == .failed("session id context uninitialized"))
    }

    @Test(arguments: Carrier.remembered)
    func `without one, no session is kept where certificates are asked for`(carrier: Carrier) {
        let server = Context.server(carrier), client = Context.client(carrier)
        server.use(sessionIDContext: "")
        SSL_CTX_set_verify(server.pointer, SSL_VERIFY_PEER, nil)
        let link = Link(server, client)
        #expect(link.handshake() == .full)
        #expect(server.cachedSessions == 0)
    }

    @Test(arguments: Carrier.allCases)
    func `it is all that keeps a session without a certificate from a host that demands one`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        let session = try Link.firstSession(server, client)
        server.demandCertificate()
        let link = Link(server, client, resuming: session)
        #expect(link.handshake() == .resumed)
        #expect(SSL_get0_peer_certificate(link.server.ssl) == nil)
        // No help either.
        #expect(SSL_get_verify_result(link.server.ssl) == Int(X509_V_OK))
        server.use(sessionIDContext: "another")
        #expect(
            Link.meet(server, client, resuming: session).outcome == .failed("peer did not return a certificate"))
    }

    @Test(arguments: Carrier.allCases)
    func `a resumption does not verify the client's certificate again`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        server.demandCertificate()
        Identity.client.show(in: client.pointer)
        let session = try Link.firstSession(server, client)
        SSL_CTX_set_verify(server.pointer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT) { _, _ in 0 }
        let link = Link(server, client, resuming: session)
        #expect(link.handshake() == .resumed)
        #expect(link.server.peerName == "client")
    }
}

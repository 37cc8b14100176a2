import CRepriseOpenSSL
import Testing

/// The ClientHello callback (SSL_CTX_set_client_hello_cb(3)): suspension, and what can be read in it.
@Suite struct ClientHelloTests {
    @Test(arguments: Carrier.allCases)
    func `RETRY suspends the handshake, and each further call asks again`(carrier: Carrier) {
        let server = Context.server(carrier), client = Context.client(carrier)
        var calls = 0
        server.clientHello = { _ in
            calls += 1
            return calls < 4 ? SSL_CLIENT_HELLO_RETRY : SSL_CLIENT_HELLO_SUCCESS
        }
        let link = Link(server, client)
        #expect(link.handshake() == .suspended)
        #expect(SSL_want(link.server.ssl) == SSL_CLIENT_HELLO_CB)
        for expected in [2, 3] {
            #expect(!link.server.handshake() && link.server.trouble == .suspended)
            #expect(calls == expected)
        }
        #expect(link.handshake() == .full)
        #expect(calls == 4)
    }

    @Test(arguments: Carrier.remembered)
    func `a session is looked for only once the callback lets the handshake go on, and then it resumes`(
        carrier: Carrier
    ) throws {
        let server = Context.server(carrier), client = Context.client(carrier), store = OutsideStore()
        server.use(store)
        let session = try Link.firstSession(server, client)
        var isReady = false
        server.clientHello = { _ in isReady ? SSL_CLIENT_HELLO_SUCCESS : SSL_CLIENT_HELLO_RETRY }
        let link = Link(server, client, resuming: session)
        #expect(link.handshake() == .suspended)
        #expect(store.asked.isEmpty)
        isReady = true
        #expect(link.handshake() == .resumed)
        #expect(store.asked.count == 1)
    }

    @Test func `nothing is answered while the handshake is suspended, and it can be given up`() {
        let server = Context.server(.id)
        server.clientHello = { _ in SSL_CLIENT_HELLO_RETRY }
        let link = Link(server, .client(.id))
        #expect(link.handshake() == .suspended)
        #expect(BIO_ctrl_pending(SSL_get_wbio(link.server.ssl)) == 0)
        #expect(link.server.shutdown() == -1)
        link.server.free()
    }

    @Test(arguments: Carrier.allCases)
    func `ERROR breaks the handshake off`(carrier: Carrier) {
        let server = Context.server(carrier)
        server.clientHello = { _ in SSL_CLIENT_HELLO_ERROR }
        #expect(Link.meet(server, .client(carrier)).outcome == .failed("callback failed"))
    }

    @Test(arguments: Carrier.allCases)
    func `it comes before libssl knows the name, which can be read from the extension`(carrier: Carrier) {
        let server = Context.server(carrier)
        var known: String?
        var raw: [UInt8]?
        server.clientHello = { ssl in
            known = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) }
            raw = Hello.extensionBytes(TLSEXT_TYPE_server_name, ssl)
            return SSL_CLIENT_HELLO_SUCCESS
        }
        let link = Link(server, .client(carrier), name: "a.test")
        #expect(link.handshake() == .full)
        #expect(known == nil)
        #expect(raw == [0, 9, 0, 0, 6] + Array("a.test".utf8))
    }

    @Test func `a TLS 1_2 client's session id and ticket can be read`() throws {
        for carrier in Carrier.tls12 {
            let server = Context.server(carrier), client = Context.client(carrier)
            let session = try Link.firstSession(server, client)
            var id: [UInt8] = []
            var ticket: [UInt8]?
            server.clientHello = { ssl in
                (id, ticket) = (Hello.sessionID(ssl), Hello.extensionBytes(TLSEXT_TYPE_session_ticket, ssl))
                return SSL_CLIENT_HELLO_SUCCESS
            }
            #expect(Link.meet(server, client, resuming: session).outcome == .resumed)
            // With a ticket the id is one that the client made up.
            #expect(id == session.look { SessionFields.id($0) } && id.count == 32)
            #expect(ticket == (carrier == .id ? nil : session.ticket))
        }
    }

    @Test(arguments: Carrier.tls13)
    func `a TLS 1_3 client's identities can be read, and its session id names nothing`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        var ids: [[UInt8]] = []
        var keys: [UInt8]?
        server.clientHello = { ssl in
            ids.append(Hello.sessionID(ssl))
            keys = Hello.extensionBytes(TLSEXT_TYPE_psk, ssl)
            return SSL_CLIENT_HELLO_SUCCESS
        }
        let session = try Link.firstSession(server, client)
        #expect(keys == nil)
        #expect(Link.meet(server, client, resuming: session).outcome == .resumed)
        #expect(keys?.firstRange(of: session.ticket) != nil)
        #expect(ids.allSatisfy { $0.count == 32 } && ids.first != ids.last)
    }

    @Test(arguments: Carrier.allCases)
    func `SSL_version means nothing yet, and is settled once sessions and tickets are asked for`(
        carrier: Carrier
    ) throws {
        let server = Context.server(carrier), client = Context.client(carrier), store = OutsideStore()
        reprise_ctx_set_max_version(server.pointer, TLS1_3_VERSION)
        server.use(store)
        let session = try Link.firstSession(server, client)
        var early: CInt?
        server.clientHello = { ssl in
            early = SSL_version(ssl)
            return SSL_CLIENT_HELLO_SUCCESS
        }
        let link = Link(server, client, resuming: session)
        var settled: CInt?
        server.getSession = { id, isShared in
            settled = SSL_version(link.server.ssl)
            isShared.pointee = 0
            return store.find(id)
        }
        server.ticketOpened = { _, _ in
            settled = SSL_version(link.server.ssl)
            return SSL_TICKET_RETURN_USE
        }
        #expect(link.handshake() == .resumed)
        #expect(early == TLS1_3_VERSION && settled == carrier.version)
        server.getSession = nil
        server.ticketOpened = nil
    }
}

/// What can be read in the ClientHello callback.
enum Hello {
    static func extensionBytes(_ type: CInt, _ ssl: OpaquePointer) -> [UInt8]? {
        var start: UnsafePointer<UInt8>?
        var count = 0
        guard SSL_client_hello_get0_ext(ssl, CUnsignedInt(type), &start, &count) == 1 else { return nil }
        return Array(UnsafeBufferPointer(start: start, count: count))
    }

    static func sessionID(_ ssl: OpaquePointer) -> [UInt8] {
        var start: UnsafePointer<UInt8>?
        let count = SSL_client_hello_get0_session_id(ssl, &start)
        return Array(UnsafeBufferPointer(start: start, count: count))
    }
}

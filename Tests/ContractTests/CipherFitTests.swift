import CRepriseOpenSSL
import RepriseTestSupport
import Testing

/// What becomes of a session when the server's ciphers have changed since it was made.
@Suite struct CipherFitTests {
    @Test(arguments: Carrier.tls12)
    func `a TLS 1_2 session resumes under a cipher that the server no longer allows`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        SSL_CTX_set_cipher_list(server.pointer, "ECDHE-ECDSA-AES128-GCM-SHA256")
        let session = try Link.firstSession(server, client)
        SSL_CTX_set_cipher_list(server.pointer, "ECDHE-ECDSA-AES256-GCM-SHA384")
        #expect(Link.meet(server, client, resuming: session).outcome == .resumed)
    }

    @Test(arguments: Carrier.tls13)
    func `a TLS 1_3 session resumes under another cipher of the same hash`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        SSL_CTX_set_ciphersuites(server.pointer, "TLS_AES_128_GCM_SHA256")
        let session = try Link.firstSession(server, client)
        SSL_CTX_set_ciphersuites(server.pointer, "TLS_CHACHA20_POLY1305_SHA256")
        #expect(Link.meet(server, client, resuming: session).outcome == .resumed)
    }

    /// Found, opened and judged good, and yet not resumed: the callback that judged is not called again.
    ///
    /// From 3.0.22 on libssl gives tickets then as ever. Before, and in 3.4.1, it gives none; the first SSL_new_session_ticket brings all
    /// of SSL_set_num_tickets at once, and each one after that another.
    @Test(arguments: Carrier.tls13)
    func `with another hash TLS 1_3 is a full handshake, with all tickets or none`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        SSL_CTX_set_ciphersuites(server.pointer, "TLS_AES_128_GCM_SHA256")
        let session = try Link.firstSession(server, client)
        SSL_CTX_set_ciphersuites(server.pointer, "TLS_AES_256_GCM_SHA384")
        SSL_CTX_set_num_tickets(server.pointer, 2)
        let link = Link(server, client, resuming: session)
        #expect(link.handshake() == .full)
        let byItself = link.client.sessions.count
        #expect(byItself == 2 || (byItself == 0 && mayGiveNone), "\(byItself) with \(LibraryVersion.text)")
        for expected in byItself == 0 ? [2, 3] : [3, 4] {
            #expect(SSL_new_session_ticket(link.server.ssl) == 1 && link.server.handshake())
            link.client.read()
            #expect(link.client.sessions.count == expected)
        }
    }

    /// What libssl leaves out for a pre-shared key of another hash can be made up for, one by one.
    @Test(arguments: Carrier.tls13)
    func `with num_tickets set to none, SSL_new_session_ticket makes one at a time`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        SSL_CTX_set_ciphersuites(server.pointer, "TLS_AES_128_GCM_SHA256")
        let session = try Link.firstSession(server, client)
        SSL_CTX_set_ciphersuites(server.pointer, "TLS_AES_256_GCM_SHA384")
        SSL_CTX_set_num_tickets(server.pointer, 2)
        let link = Link(server, client, resuming: session)
        #expect(link.handshake() == .full)
        let byItself = link.client.sessions.count
        SSL_set_num_tickets(link.server.ssl, 0)
        for made in 1...2 {
            #expect(SSL_new_session_ticket(link.server.ssl) == 1 && link.server.handshake())
            link.client.read()
            #expect(link.client.sessions.count == byItself + made)
        }
    }

    private var mayGiveNone: Bool { LibraryVersion.is3_0(before: 22) || LibraryVersion.isBetweenLongTermReleases }
}

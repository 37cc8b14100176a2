import CLibSSL
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

    /// Found, opened and judged good, and yet not resumed: whoever judged hears no more of it.
    @Test(arguments: Carrier.tls13)
    func `with another hash TLS 1_3 is a full handshake, with tickets as ever`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        SSL_CTX_set_ciphersuites(server.pointer, "TLS_AES_128_GCM_SHA256")
        let session = try Link.firstSession(server, client)
        SSL_CTX_set_ciphersuites(server.pointer, "TLS_AES_256_GCM_SHA384")
        SSL_CTX_set_num_tickets(server.pointer, 2)
        let second = Link.meet(server, client, resuming: session)
        #expect(second.outcome == .full && second.sessions.count == 2)
    }
}

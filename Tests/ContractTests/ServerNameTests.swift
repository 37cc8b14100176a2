import CRepriseOpenSSL
import Testing

/// What a resumption makes of the name that the client asks for (RFC 6066 §3).
@Suite struct ServerNameTests {
    /// A server that acknowledges names, as one has to for a session to remember them.
    private func acknowledging(_ carrier: Carrier) -> Context {
        let server = Context.server(carrier)
        server.serverName = { _ in SSL_TLSEXT_ERR_OK }
        return server
    }

    private func name(_ end: End) -> String? {
        SSL_get_servername(end.ssl, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) }
    }

    @Test(arguments: Carrier.allCases)
    func `a session remembers a name that was acknowledged`(carrier: Carrier) {
        let link = Link(acknowledging(carrier), .client(carrier), name: "a.test")
        #expect(link.handshake() == .full)
        #expect(SessionFields.name(link.server.session) == "a.test")
    }

    /// RFC 6066 §3 forbids it, so the callback that finds a session must compare names.
    @Test func `TLS 1_2 resumes for another name or none, and says the old one`() throws {
        for carrier in Carrier.tls12 {
            let server = acknowledging(carrier), client = Context.client(carrier)
            let session = try Link.firstSession(server, client, name: "a.test")
            for asked in ["b.test", nil] {
                let link = Link(server, client, resuming: session, name: asked)
                #expect(link.handshake() == .resumed)
                #expect(name(link.server) == "a.test")
            }
        }
    }

    @Test(arguments: Carrier.tls13)
    func `TLS 1_3 resumes for another name, and says the new one`(carrier: Carrier) throws {
        let server = acknowledging(carrier), client = Context.client(carrier)
        let session = try Link.firstSession(server, client, name: "a.test")
        let link = Link(server, client, resuming: session, name: "b.test")
        #expect(link.handshake() == .resumed)
        #expect(name(link.server) == "b.test")
    }
}

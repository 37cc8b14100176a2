import CRepriseOpenSSL
import Testing

/// What a session's DER form (i2d_SSL_SESSION(3)) keeps, and what it loses.
@Suite struct SerialisationTests {
    /// A server's session of a client that showed a certificate, before and after.
    private final class Copied {
        let link: Link
        let copy: OpaquePointer
        var original: OpaquePointer? { link.server.session }

        init(_ carrier: Carrier) {
            let server = Context.server(carrier), client = Context.client(carrier)
            server.demandCertificate()
            server.serverName = { _ in SSL_TLSEXT_ERR_OK }
            Identity.client.show(in: client.pointer)
            reprise_ctx_add_chain(client.pointer, Identity.other.certificate)
            link = Link(server, client, name: "a.test")
            #expect(link.handshake() == .full)
            guard let session = link.server.session else { preconditionFailure("a handshake without a session") }
            SessionFields.setApplicationData("ours", of: session)
            copy = Session(session).restored()
        }

        deinit {
            SSL_SESSION_free(copy)
        }
    }

    @Test(arguments: Carrier.allCases)
    func `it keeps id, context, secret, cipher, version, times, name and application data`(carrier: Carrier) {
        let copied = Copied(carrier)
        let original = copied.original, copy = copied.copy
        #expect(SessionFields.id(copy) == SessionFields.id(original))
        #expect(SessionFields.sessionIDContext(copy) == "contract")
        #expect(secret(copy) == secret(original) && secret(copy).count >= 32)
        #expect(SSL_SESSION_get0_cipher(copy) == SSL_SESSION_get0_cipher(original))
        #expect(SSL_SESSION_get_protocol_version(copy) == carrier.version)
        #expect(reprise_session_time(copy) == reprise_session_time(original))
        #expect(SSL_SESSION_get_timeout(copy) == SSL_SESSION_get_timeout(original))
        #expect(SessionFields.name(copy) == "a.test")
        #expect(SessionFields.applicationData(copy) == "ours")
    }

    @Test(arguments: Carrier.allCases)
    func `it keeps the client's own certificate`(carrier: Carrier) {
        let copied = Copied(carrier)
        let peer = SSL_SESSION_get0_peer(copied.copy)
        #expect(peer != nil && X509_cmp(peer, Identity.client.certificate) == 0)
    }

    @Test(arguments: Carrier.allCases)
    func `it loses the chain behind it`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier), store = OutsideStore()
        server.use(store)
        server.demandCertificate()
        Identity.client.show(in: client.pointer)
        reprise_ctx_add_chain(client.pointer, Identity.other.certificate)
        let first = Link(server, client)
        #expect(first.handshake() == .full)
        #expect(chainLength(first) == 1)
        let second = try Link(server, client, resuming: first.client.session(0))
        #expect(second.handshake() == .resumed)
        #expect(second.server.peerName == "client")
        #expect(chainLength(second) == nil)
    }

    @Test(arguments: Carrier.allCases)
    func `it loses ex_data`(carrier: Carrier) {
        let copied = Copied(carrier)
        guard let original = copied.original else { return }
        let freed = FreeCount(original)
        SSL_SESSION_free(Session(original).restored())
        #expect(freed.count == 0)
        copied.link.server.shutdown()
        copied.link.server.free()
        reprise_ctx_flush_sessions(copied.link.server.context.pointer, Int.max)
        #expect(freed.count == 1)
    }

    @Test func `a client's form keeps the ticket`() {
        for carrier in [Carrier.ticket, .stateless, .stateful] {
            let link = Link(.server(carrier), .client(carrier))
            #expect(link.handshake() == .full)
            let ticket = SessionFields.ticket(link.client.session)
            #expect(!ticket.isEmpty && link.client.sessions.last?.ticket == ticket)
        }
    }

    @Test func `bytes that are no session are nothing, and no trap`() throws {
        var empty: UnsafePointer<UInt8>?
        #expect(d2i_SSL_SESSION(nil, &empty, 0) == nil)
        let session = try Link.firstSession(.server(.id), .client(.id))
        session.der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            #expect(d2i_SSL_SESSION(nil, &start, bytes.count - 1) == nil)
        }
        ERR_clear_error()
    }

    private func chainLength(_ link: Link) -> CInt? {
        SSL_get_peer_cert_chain(link.server.ssl).map { reprise_x509_stack_count($0) }
    }

    private func secret(_ session: OpaquePointer?) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: SSL_SESSION_get_master_key(session, nil, 0))
        SSL_SESSION_get_master_key(session, &bytes, bytes.count)
        return bytes
    }
}

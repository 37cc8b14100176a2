import CRepriseOpenSSL
import RepriseProxy
import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary

/// Our way to a server that TLS is spoken to, with the store of all workers.
final class RepriseClient: CountedClient {
    private let tls: UpstreamTLS
    private let output = OutputBuffer()
    private var way: EncryptedWay?

    init(_ carrier: ClientCarrier, trusts authority: [UInt8]) throws {
        var settings = TLSSettings.intermediate
        (settings.minimumVersion, settings.maximumVersion) = (carrier.version, carrier.version)
        let client = ClientSettings(tls: settings, trust: .checked(try ServerTrust(authoritiesPEM: authority)))
        tls = try UpstreamTLS(
            ClientContext(client), asked: .name("a.test"), policy: client.fingerprint,
            sessions: (UpstreamSessions(budget: 1 << 20), .init()))
    }

    func connect() {
        do {
            let way = try EncryptedWay(tls, tls.names(for: nil), at: .ip(.loopback4, port: 443), output)
            self.way = way
            _ = way.handshake()
        } catch {
            preconditionFailure("\(error)")
        }
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        guard let way else { return }
        way.stream.lend(bytes)
        if way.handshake() == .done {
            withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 8) { _ = way.stream.read(into: $0) }
        }
        way.stream.endTurn()
    }

    func close() {
        way?.stream.sendCloseNotify()
        way?.stream.close()
        way = nil
    }

    func takeOutput() -> [UInt8] {
        defer { output.removeAll() }
        return output.withBytes { $0.withUnsafeBytes { [UInt8]($0) } }
    }

    var hasResumed: Bool { way?.result.map { $0.means != .no } ?? false }
}

/// A client that holds on to the last session of libssl's that it was given. All else is set as ours is.
final class LibsslClient: CountedClient {
    private let context: OpaquePointer
    private var ssl: OpaquePointer?
    private var incoming: OpaquePointer?
    private var outgoing: OpaquePointer?

    init(_ carrier: ClientCarrier, trusts authority: [UInt8]) {
        guard let context = SSL_CTX_new(TLS_client_method()) else { preconditionFailure("no SSL_CTX") }
        self.context = context
        let settings = TLSSettings.intermediate
        _ = reprise_ctx_set_min_version(context, CInt(carrier.version.rawValue))
        _ = reprise_ctx_set_max_version(context, CInt(carrier.version.rawValue))
        SSL_CTX_set_cipher_list(context, settings.ciphers)
        SSL_CTX_set_ciphersuites(context, settings.ciphersuites)
        _ = reprise_ctx_set_groups(context, settings.groups)
        SSL_CTX_set_options(
            context,
            reprise_op_ignore_unexpected_eof() | reprise_op_no_compression() | reprise_op_no_renegotiation())
        reprise_ctx_set_mode(
            context, Int(SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN))
        reprise_ctx_set_cache_mode(context, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
        SSL_CTX_sess_set_new_cb(context, keepNewest)
        authority.withUnsafeBytes { bytes in
            let memory = BIO_new_mem_buf(bytes.baseAddress, CInt(bytes.count))
            let root = PEM_read_bio_X509(memory, nil, nil, nil)
            X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root)
            X509_free(root)
            BIO_free(memory)
        }
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        ErrorQueue.clear()
    }

    deinit {
        SSL_CTX_free(context)
    }

    func connect() {
        ssl = SSL_new(context)
        incoming = BIO_new(BIO_s_mem())
        outgoing = BIO_new(BIO_s_mem())
        // An empty BIO means "later", not "the end".
        BIO_ctrl(incoming, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, nil)
        SSL_set_bio(ssl, incoming, outgoing)
        SSL_set_connect_state(ssl)
        guard let ssl else { return }
        _ = reprise_ssl_set_server_name(ssl, "a.test")
        X509_VERIFY_PARAM_set1_host(SSL_get0_param(ssl), "a.test", 0)
        if let newest { SSL_set_session(ssl, newest) }
        ERR_clear_error()
        SSL_do_handshake(ssl)
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        BIO_write(incoming, bytes.baseAddress, CInt(bytes.count))
        ERR_clear_error()
        guard SSL_do_handshake(ssl) == 1 else { return }
        withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 8) {
            _ = SSL_read(ssl, $0.baseAddress, CInt($0.count))
        }
    }

    func close() {
        SSL_shutdown(ssl)
        SSL_free(ssl)
        ssl = nil
    }

    var hasResumed: Bool { SSL_session_reused(ssl) == 1 }

    func takeOutput() -> [UInt8] {
        guard ssl != nil else { return [] }
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(outgoing))
        if !bytes.isEmpty { BIO_read(outgoing, &bytes, CInt(bytes.count)) }
        return bytes
    }
}

/// The one session that the client keeps.
nonisolated(unsafe) private var newest: OpaquePointer?

private func keepNewest(_ ssl: OpaquePointer?, _ session: OpaquePointer?) -> CInt {
    SSL_SESSION_free(newest)
    newest = session
    return 1
}

import CRepriseOpenSSL
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary

/// A server that leaves sessions to libssl: its internal cache, its own ticket keys. All else is set as ours is.
final class LibsslServer: CountedServer {
    private let context: OpaquePointer
    private var ssl: OpaquePointer?
    private var incoming: OpaquePointer?
    private var outgoing: OpaquePointer?

    init(_ carrier: Carrier, certificate: SelfSigned.Made) {
        guard let context = SSL_CTX_new(TLS_server_method()) else { preconditionFailure("no SSL_CTX") }
        self.context = context
        let settings = TLSSettings.intermediate
        _ = reprise_ctx_set_min_version(context, CInt(settings.minimumVersion.rawValue))
        _ = reprise_ctx_set_max_version(context, CInt(settings.maximumVersion.rawValue))
        SSL_CTX_set_cipher_list(context, settings.ciphers)
        SSL_CTX_set_ciphersuites(context, settings.ciphersuites)
        _ = reprise_ctx_set_groups(context, settings.groups)
        SSL_CTX_set_options(
            context,
            reprise_op_ignore_unexpected_eof() | reprise_op_no_compression() | reprise_op_no_renegotiation()
                | reprise_op_no_anti_replay())
        reprise_ctx_set_mode(
            context, Int(SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN))
        SSL_CTX_set_max_early_data(context, 0)
        SSL_CTX_set_session_id_context(context, Array("benchmark".utf8) + [UInt8](repeating: 0, count: 23), 32)
        reprise_ctx_set_server_name_callback(context, acknowledgeName)
        setSessions(carrier)
        use(certificate)
    }

    deinit {
        SSL_CTX_free(context)
    }

    private func setSessions(_ carrier: Carrier) {
        let isOff = carrier.mode == .off
        reprise_ctx_set_cache_mode(context, Int(isOff ? SSL_SESS_CACHE_OFF : SSL_SESS_CACHE_SERVER))
        SSL_CTX_set_num_tickets(context, isOff ? 0 : 1)
        if carrier.mode != .stateless { SSL_CTX_set_options(context, reprise_op_no_ticket()) }
        // Sessions as large as ours, which remember something.
        if carrier.mode == .stateless || carrier.isTLS13 {
            SSL_CTX_set_session_ticket_cb(context, addMemory, useTicket, nil)
        } else {
            SSL_CTX_sess_set_new_cb(context, addMemoryToSession)
        }
    }

    private func use(_ certificate: SelfSigned.Made) {
        certificate.chainPEM.withUnsafeBytes { bytes in
            let memory = BIO_new_mem_buf(bytes.baseAddress, CInt(bytes.count))
            let leaf = PEM_read_bio_X509(memory, nil, nil, nil)
            SSL_CTX_use_certificate(context, leaf)
            X509_free(leaf)
            BIO_free(memory)
        }
        certificate.keyPEM.withBytes { bytes in
            let memory = BIO_new_mem_buf(bytes.baseAddress, CInt(bytes.count))
            let key = PEM_read_bio_PrivateKey(memory, nil, nil, nil)
            SSL_CTX_use_PrivateKey(context, key)
            EVP_PKEY_free(key)
            BIO_free(memory)
        }
        ErrorQueue.clear()
    }

    func accept() {
        ssl = SSL_new(context)
        incoming = BIO_new(BIO_s_mem())
        outgoing = BIO_new(BIO_s_mem())
        // An empty BIO means "later", not "the end".
        BIO_ctrl(incoming, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, nil)
        SSL_set_bio(ssl, incoming, outgoing)
        SSL_set_accept_state(ssl)
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        BIO_write(incoming, bytes.baseAddress, CInt(bytes.count))
        ERR_clear_error()
        SSL_do_handshake(ssl)
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

/// As long as what ours remember of a session without a client's certificate.
nonisolated(unsafe) private let memory13 = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 49)
nonisolated(unsafe) private let memory12 = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 55)

private func addMemory(_ ssl: OpaquePointer?, _ argument: UnsafeMutableRawPointer?) -> CInt {
    let memory = SSL_version(ssl) == TLS1_3_VERSION ? memory13 : memory12
    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), memory.baseAddress, memory.count)
}

private func addMemoryToSession(_ ssl: OpaquePointer?, _ session: OpaquePointer?) -> CInt {
    SSL_SESSION_set1_ticket_appdata(session, memory12.baseAddress, memory12.count)
    return 0
}

private func acknowledgeName(
    _ ssl: OpaquePointer?, _ alert: UnsafeMutablePointer<CInt>?, _ argument: UnsafeMutableRawPointer?
) -> CInt {
    SSL_TLSEXT_ERR_OK
}

/// What libssl does without a callback: a TLS 1.3 ticket is renewed, a TLS 1.2 ticket is not.
private func useTicket(
    _ ssl: OpaquePointer?, _ session: OpaquePointer?, _ keyName: UnsafePointer<UInt8>?, _ keyNameBytes: Int,
    _ status: SSL_TICKET_STATUS, _ argument: UnsafeMutableRawPointer?
) -> SSL_TICKET_RETURN {
    switch status {
    case SSL_TICKET_SUCCESS: SSL_version(ssl) == TLS1_3_VERSION ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE
    case SSL_TICKET_SUCCESS_RENEW: SSL_TICKET_RETURN_USE_RENEW
    default: SSL_TICKET_RETURN_IGNORE_RENEW
    }
}

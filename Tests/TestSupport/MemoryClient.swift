import CLibSSL
package import TLS
import Vocabulary

/// A TLS client over memory BIOs: OpenSSL's own, so that what it makes of our bytes is an outsider's opinion.
package final class MemoryClient {
    /// How the client is set up.
    package struct Options {
        package var serverName: String?
        package var minimumVersion: TLSVersion = .tls1_0
        package var maximumVersion: TLSVersion = .tls1_3
        /// OpenSSL's cipher list, at security level 0 so that the server's choice decides.
        package var ciphers = "ALL:@SECLEVEL=0"
        package var ciphersuites: String?
        package var groups: String?
        package var signatureAlgorithms: String?
        package var alpn: [String] = []
        package var requestsStaple = false
        package var resuming: Session?
        package var offersTickets = true
        /// Sends TLS_FALLBACK_SCSV (RFC 7507).
        package var isFallback = false
        /// Sends an extension that nobody knows, with so many bytes.
        package var unknownExtensionBytes = 0
        /// Sends a ticket_request (RFC 9149).
        package var ticketRequest: (full: UInt8, resumed: UInt8)?
        /// What it shows when it is asked for a certificate.
        package var certificate: SelfSigned.Made?
        /// Certificates to trust, PEM; empty verifies nothing.
        package var trusts: [UInt8] = []

        package init(serverName: String? = nil) {
            self.serverName = serverName
        }
    }

    /// Why a call of libssl's failed.
    package struct Failure: Error, CustomStringConvertible {
        package let errors: [OpenSSLError]
        package var description: String { errors.summary }
    }

    private let context: OpaquePointer
    private let ssl: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    /// Sessions the server gave, the oldest first.
    package fileprivate(set) var sessions: [Session] = []
    /// What the unknown extension carries. libssl is lent it, so it has an address of its own.
    fileprivate let unknownExtension: UnsafeMutableBufferPointer<UInt8>
    fileprivate let ticketRequest: UnsafeMutableBufferPointer<UInt8>

    /// - Parameter model: a client with the same options, apart from the session, whose context is used too: it is what
    ///   takes longest to make.
    package init(_ options: Options, like model: MemoryClient? = nil) throws {
        ErrorQueue.clear()
        if let model { SSL_CTX_up_ref(model.context) }
        guard let context = model?.context ?? SSL_CTX_new(TLS_client_method()) else {
            throw Failure(errors: ErrorQueue.drain())
        }
        self.context = context
        guard let ssl = Self.connection(in: context, options, isSetUp: model != nil),
            let incoming = BIO_new(BIO_s_mem()),
            let outgoing = BIO_new(BIO_s_mem())
        else {
            SSL_CTX_free(context)
            throw Failure(errors: ErrorQueue.drain())
        }
        (self.ssl, self.incoming, self.outgoing) = (ssl, incoming, outgoing)
        unknownExtension = .allocate(capacity: options.unknownExtensionBytes)
        unknownExtension.initialize(repeating: 0)
        let wish = options.ticketRequest.map { [$0.full, $0.resumed] } ?? []
        ticketRequest = .allocate(capacity: wish.count)
        _ = ticketRequest.initialize(from: wish)
        // An empty BIO means "later", not "the end".
        BIO_ctrl(incoming, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, nil)
        SSL_set_bio(ssl, incoming, outgoing)
        SSL_set_connect_state(ssl)
        SSL_set_ex_data(ssl, clientIndex, Unmanaged.passUnretained(self).toOpaque())
        reprise_ctx_set_cache_mode(context, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
        SSL_CTX_sess_set_new_cb(context, keepSession)
        if let session = options.resuming { try resume(session) }
    }

    deinit {
        SSL_set_ex_data(ssl, clientIndex, nil)
        SSL_free(ssl)
        SSL_CTX_free(context)
        unknownExtension.deallocate()
        ticketRequest.deallocate()
    }

    private static func connection(
        in context: OpaquePointer, _ options: Options, isSetUp: Bool
    ) -> OpaquePointer? {
        guard isSetUp || setUp(context, options), let ssl = SSL_new(context) else { return nil }
        if let name = options.serverName { _ = reprise_ssl_set_server_name(ssl, name) }
        if options.requestsStaple { reprise_ssl_request_status(ssl) }
        let alpn = options.alpn.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !alpn.isEmpty { SSL_set_alpn_protos(ssl, alpn, CUnsignedInt(alpn.count)) }
        return ssl
    }

    private static func setUp(_ context: OpaquePointer, _ options: Options) -> Bool {
        guard reprise_ctx_set_min_version(context, CInt(options.minimumVersion.rawValue)) == 1,
            reprise_ctx_set_max_version(context, CInt(options.maximumVersion.rawValue)) == 1,
            SSL_CTX_set_cipher_list(context, options.ciphers) == 1,
            options.ciphersuites.map({ SSL_CTX_set_ciphersuites(context, $0) == 1 }) ?? true,
            options.groups.map({ reprise_ctx_set_groups(context, $0) == 1 }) ?? true,
            options.signatureAlgorithms.map({ reprise_ctx_set_signature_algorithms(context, $0) == 1 }) ?? true
        else { return false }
        SSL_CTX_set_options(context, reprise_op_ignore_unexpected_eof())
        if !options.offersTickets { SSL_CTX_set_options(context, reprise_op_no_ticket()) }
        if options.isFallback { reprise_ctx_set_mode(context, Int(SSL_MODE_SEND_FALLBACK_SCSV)) }
        if !options.trusts.isEmpty { trust(options.trusts, in: context) }
        if options.unknownExtensionBytes > 0 {
            // A number for private use (RFC 8447 §7).
            SSL_CTX_add_custom_ext(
                context, 65_280, CUnsignedInt(SSL_EXT_CLIENT_HELLO), addExtension, nil, nil, nil, nil)
        }
        if options.ticketRequest != nil {
            SSL_CTX_add_custom_ext(
                context, ticketRequestNumber, CUnsignedInt(SSL_EXT_CLIENT_HELLO), addExtension, nil, nil, nil, nil)
        }
        if let certificate = options.certificate { show(certificate, in: context) }
        return true
    }

    private static func trust(_ pem: [UInt8], in context: OpaquePointer) {
        pem.withUnsafeBytes { bytes in
            let memory = BIO_new_mem_buf(bytes.baseAddress, CInt(bytes.count))
            defer { BIO_free(memory) }
            while let certificate = PEM_read_bio_X509(memory, nil, nil, nil) {
                X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate)
                X509_free(certificate)
            }
        }
        ErrorQueue.clear()
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    }

    private static func show(_ certificate: SelfSigned.Made, in context: OpaquePointer) {
        certificate.chainPEM.withUnsafeBytes { bytes in
            let memory = BIO_new_mem_buf(bytes.baseAddress, CInt(bytes.count))
            defer { BIO_free(memory) }
            var isLeaf = true
            while let part = PEM_read_bio_X509(memory, nil, nil, nil) {
                if isLeaf { SSL_CTX_use_certificate(context, part) } else { reprise_ctx_add_chain(context, part) }
                X509_free(part)
                isLeaf = false
            }
        }
        certificate.keyPEM.withBytes { bytes in
            let memory = BIO_new_mem_buf(bytes.baseAddress, CInt(bytes.count))
            defer { BIO_free(memory) }
            let key = PEM_read_bio_PrivateKey(memory, nil, nil, nil)
            SSL_CTX_use_PrivateKey(context, key)
            EVP_PKEY_free(key)
        }
        ErrorQueue.clear()
    }

    private func resume(_ session: Session) throws {
        let restored = session.der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return d2i_SSL_SESSION(nil, &start, bytes.count)
        }
        defer { SSL_SESSION_free(restored) }
        guard let restored, SSL_set_session(ssl, restored) == 1 else { throw Failure(errors: ErrorQueue.drain()) }
    }

    fileprivate func keep(_ session: OpaquePointer) {
        var start: UnsafeMutablePointer<UInt8>?
        let count = i2d_SSL_SESSION(session, &start)
        guard let start, count > 0 else { return }
        defer { reprise_openssl_free(start) }
        var ticket: UnsafePointer<UInt8>?
        var ticketBytes = 0
        SSL_SESSION_get0_ticket(session, &ticket, &ticketBytes)
        sessions.append(
            Session(
                der: Array(UnsafeBufferPointer(start: start, count: Int(count))),
                ticket: Array(UnsafeBufferPointer(start: ticket, count: ticketBytes))))
    }

    /// The session that the connection uses now: libssl tells of no renewed TLS 1.2 ticket.
    package var currentSession: Session? {
        guard let session = SSL_get_session(ssl) else { return nil }
        let before = sessions.count
        keep(session)
        return sessions.count > before ? sessions.removeLast() : nil
    }

    // MARK: Bytes

    /// Hands ciphertext from the server to the client.
    package func receive(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        BIO_write(incoming, bytes, CInt(bytes.count))
    }

    /// Takes what the client has written.
    package func takeOutput() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(outgoing))
        guard !bytes.isEmpty else { return [] }
        BIO_read(outgoing, &bytes, CInt(bytes.count))
        return bytes
    }

    /// The server's stream ends behind what was received.
    package func inputEnded() {
        BIO_ctrl(incoming, BIO_C_SET_BUF_MEM_EOF_RETURN, 0, nil)
    }

    // MARK: Calls

    package var isHandshakeDone: Bool { SSL_is_init_finished(ssl) == 1 }

    /// Drives the handshake; `true` once it is done, `false` while it waits for the server.
    @discardableResult
    package func handshake() throws -> Bool {
        ErrorQueue.clear()
        let result = SSL_do_handshake(ssl)
        return try outcome(result) != nil
    }

    /// What a read brought: `nil` for nothing yet, no bytes for the server's end.
    package func read() throws -> [UInt8]? {
        ErrorQueue.clear()
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        var count = 0
        let result = SSL_read_ex(ssl, &bytes, bytes.count, &count)
        guard result != 1 else { return Array(bytes.prefix(count)) }
        return SSL_get_error(ssl, result) == SSL_ERROR_ZERO_RETURN ? [] : try outcome(result).map { _ in [] }
    }

    package func write(_ bytes: [UInt8]) throws {
        ErrorQueue.clear()
        var count = 0
        let result = SSL_write_ex(ssl, bytes, bytes.count, &count)
        guard result == 1 else { throw Failure(errors: ErrorQueue.drain()) }
    }

    package func sendCloseNotify() {
        SSL_shutdown(ssl)
        ErrorQueue.clear()
    }

    /// Whether the server has sent close_notify, rather than just ended.
    package var hasReceivedShutdown: Bool { SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0 }

    /// Writes a KeyUpdate (RFC 8446 §4.6.3).
    package func sendKeyUpdate(requestingOne: Bool = false) throws {
        ErrorQueue.clear()
        guard SSL_key_update(ssl, requestingOne ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED) == 1,
            SSL_do_handshake(ssl) == 1
        else { throw Failure(errors: ErrorQueue.drain()) }
    }

    /// Begins a renegotiation (TLS 1.2 and older).
    package func startRenegotiation() throws {
        ErrorQueue.clear()
        guard SSL_renegotiate(ssl) == 1 else { throw Failure(errors: ErrorQueue.drain()) }
        _ = try outcome(SSL_do_handshake(ssl))
    }

    private func outcome(_ result: CInt) throws -> Void? {
        if result == 1 { return () }
        let code = SSL_get_error(ssl, result)
        let errors = ErrorQueue.drain()
        if code == SSL_ERROR_WANT_READ { return nil }
        throw Failure(errors: errors)
    }

    // MARK: What it knows

    package var wasResumed: Bool { SSL_session_reused(ssl) == 1 }

    package var cipher: String { String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl))) }

    /// The common name in the server's certificate.
    package var serverCertificateName: String? {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return nil }
        defer { X509_free(certificate) }
        var text = [CChar](repeating: 0, count: 128)
        let count = X509_NAME_get_text_by_NID(
            X509_get_subject_name(certificate), NID_commonName, &text, CInt(text.count))
        return count < 0 ? nil : String(decoding: text.prefix(Int(count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// How many certificates the server sent.
    package var serverChainLength: Int {
        SSL_get_peer_cert_chain(ssl).map { Int(reprise_x509_stack_count($0)) } ?? 0
    }

    /// Whether the server's key is an RSA key.
    package var serverKeyIsRSA: Bool {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return false }
        defer { X509_free(certificate) }
        return EVP_PKEY_get_base_id(X509_get0_pubkey(certificate)) == EVP_PKEY_RSA
    }

    package var staple: [UInt8]? {
        var start: UnsafePointer<UInt8>?
        let count = reprise_ssl_status_response(ssl, &start)
        guard count > 0, let start else { return nil }
        return Array(UnsafeBufferPointer(start: start, count: count))
    }

    /// Whether the server acknowledged the name (RFC 6066 §3).
    package var alpn: String? {
        var start: UnsafePointer<UInt8>?
        var count: CUnsignedInt = 0
        SSL_get0_alpn_selected(ssl, &start, &count)
        guard let start, count > 0 else { return nil }
        return String(decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
    }

    package var compressionIsOff: Bool { SSL_get_current_compression(ssl) == nil }
}

private let clientIndex = reprise_ssl_new_index()

/// SSL_CTX_sess_set_new_cb(3) of a client: once for each session the server gives.
private func keepSession(_ ssl: OpaquePointer?, _ session: OpaquePointer?) -> CInt {
    guard let ssl, let session, let pointer = SSL_get_ex_data(ssl, clientIndex) else { return 0 }
    // The client clears its slot before it frees the SSL.
    Unmanaged<MemoryClient>.fromOpaque(pointer).takeUnretainedValue().keep(session)
    return 0
}

/// The ticket_request extension's number (RFC 9149 §6).
private let ticketRequestNumber: CUnsignedInt = 58

/// SSL_CTX_add_custom_ext(3): lends libssl the bytes of an extension.
private func addExtension(
    _ ssl: OpaquePointer?, _ type: CUnsignedInt, _ place: CUnsignedInt,
    _ bytes: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ count: UnsafeMutablePointer<Int>?,
    _ certificate: OpaquePointer?, _ chainIndex: Int, _ alert: UnsafeMutablePointer<CInt>?,
    _ argument: UnsafeMutableRawPointer?
) -> CInt {
    guard let ssl, let bytes, let count, let pointer = SSL_get_ex_data(ssl, clientIndex) else { return 0 }
    let client = Unmanaged<MemoryClient>.fromOpaque(pointer).takeUnretainedValue()
    let body = type == ticketRequestNumber ? client.ticketRequest : client.unknownExtension
    bytes.pointee = UnsafePointer(body.baseAddress)
    count.pointee = body.count
    return 1
}

import CRepriseOpenSSL
package import RepriseTLS
package import RepriseVocabulary

/// A TLS client in memory: our own ``ClientConnection``, so that both roles are proved on each other, with libssl's raw parts
/// where tests send what no client of ours does, or ask what none wants to know.
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
        /// Whether it speaks of RFC 7627.
        package var offersExtendedMasterSecret = true
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

    /// Why a call failed.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let context: ClientContext
    private let connection: ClientConnection
    private let output = OutputBuffer()
    private let given: Given
    /// What the unknown extension carries. libssl is lent it, so it has an address of its own.
    fileprivate let unknownExtension: UnsafeMutableBufferPointer<UInt8>
    fileprivate let ticketRequest: UnsafeMutableBufferPointer<UInt8>

    /// Sessions, taken down at once: the server's, in the order in which they came.
    private final class Given {
        var sessions: [Session] = []
    }

    /// Sessions the server gave, the oldest first.
    package var sessions: [Session] { given.sessions }

    /// - Parameter model: a client with the same options, apart from the session, whose context is used too: it is what
    ///   takes longest to make.
    package init(_ options: Options, like model: MemoryClient? = nil) throws {
        let (context, given) = (try model?.context ?? Self.context(options), Given())
        let session = options.resuming?.reference
        (self.context, self.given) = (context, given)
        do throws(ClientError) {
            connection = try ClientConnection(
                context: context, output: output, names: .init(asked: options.serverName), resuming: session
            ) { session in
                if let session = Session(session) { given.sessions.append(session) }
            }
        } catch {
            throw Failure(description: error.description)
        }
        unknownExtension = .allocate(capacity: options.unknownExtensionBytes)
        unknownExtension.initialize(repeating: 0)
        let wish = options.ticketRequest.map { [$0.full, $0.resumed] } ?? []
        ticketRequest = .allocate(capacity: wish.count)
        _ = ticketRequest.initialize(from: wish)
        SSL_set_ex_data(ssl, clientIndex, Unmanaged.passUnretained(self).toOpaque())
        if session == nil, let forged = options.resuming { try resume(forged) }
        // Raw: a server has nothing to staple for the proxy as a client.
        if options.requestsStaple { reprise_ssl_request_status(ssl) }
    }

    deinit {
        connection.stream.markShutdown()
        connection.stream.close()
        unknownExtension.deallocate()
        ticketRequest.deallocate()
    }

    /// Offers what no session of ours is: one that was made longer than ``TLSLimits/sessionBytes``.
    private func resume(_ session: Session) throws {
        let restored = session.der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return d2i_SSL_SESSION(nil, &start, bytes.count)
        }
        defer { SSL_SESSION_free(restored) }
        guard let restored, SSL_set_session(ssl, restored) == 1 else {
            throw Failure(description: ErrorQueue.drain().summary)
        }
    }

    private static func context(_ options: Options) throws -> ClientContext {
        var settings = try ClientSettings(
            tls: TLSSettings(
                minimumVersion: options.minimumVersion, maximumVersion: options.maximumVersion,
                ciphers: options.ciphers, ciphersuites: options.ciphersuites ?? "", groups: options.groups ?? "",
                signatureAlgorithms: options.signatureAlgorithms),
            trust: options.trusts.isEmpty ? .anybody : .checked(ServerTrust(authoritiesPEM: options.trusts)))
        settings.alpn = options.alpn
        do {
            settings.certificate = try options.certificate.map {
                try ServerCertificate(chainPEM: $0.chainPEM, keyPEM: $0.keyPEM)
            }
            let context = try ClientContext(settings)
            addRawParts(options, to: context.pointer)
            return context
        } catch {
            throw Failure(description: "\(error)")
        }
    }

    /// What no client of ours sends, and no setting is for.
    private static func addRawParts(_ options: Options, to context: OpaquePointer) {
        // The server alone shall refuse these two.
        SSL_CTX_clear_options(context, reprise_op_no_compression() | reprise_op_no_renegotiation())
        if !options.offersTickets { SSL_CTX_set_options(context, reprise_op_no_ticket()) }
        // SSL_OP_NO_EXTENDED_MASTER_SECRET
        if !options.offersExtendedMasterSecret { SSL_CTX_set_options(context, 1) }
        if options.isFallback { reprise_ctx_set_mode(context, Int(SSL_MODE_SEND_FALLBACK_SCSV)) }
        if options.unknownExtensionBytes > 0 {
            // A number for private use (RFC 8447 §7).
            SSL_CTX_add_custom_ext(
                context, 65_280, CUnsignedInt(SSL_EXT_CLIENT_HELLO), addExtension, nil, nil, nil, nil)
        }
        if options.ticketRequest != nil {
            SSL_CTX_add_custom_ext(
                context, ticketRequestNumber, CUnsignedInt(SSL_EXT_CLIENT_HELLO), addExtension, nil, nil, nil, nil)
        }
    }

    /// libssl's own object, which only deinit gives back.
    private var ssl: OpaquePointer {
        guard let ssl = connection.stream.ssl else { preconditionFailure("the client is closed") }
        return ssl
    }

    /// The session that the connection uses now: libssl tells of no renewed TLS 1.2 ticket.
    package var currentSession: Session? { connection.currentSession.flatMap { Session($0) } }

    // MARK: Bytes

    /// Hands ciphertext from the server to the client.
    package func receive(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes {
            connection.stream.lend($0)
            connection.stream.endTurn()
        }
    }

    /// Takes what the client has written.
    package func takeOutput() -> [UInt8] {
        defer { output.removeAll() }
        return output.withBytes { $0.array }
    }

    /// The server's stream ends behind what was received.
    package func inputEnded() {
        connection.stream.inputEnded()
    }

    // MARK: Calls

    package var isHandshakeDone: Bool { connection.isHandshakeDone }

    /// Drives the handshake; `true` once it is done, `false` while it waits for the server.
    @discardableResult
    package func handshake() throws -> Bool {
        switch connection.handshake() {
        case .done: return true
        case .wantsInput, .wantsSession, .waitsBeforeFinished: return false
        case .failed(let fault): throw Failure(description: fault.detail)
        }
    }

    /// What a read brought: `nil` for nothing yet, no bytes for the server's end.
    package func read() throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        switch bytes.withUnsafeMutableBytes({ connection.stream.read(into: $0) }) {
        case .bytes(let count): return Array(bytes.prefix(count))
        case .wantsInput: return nil
        case .closeNotify, .truncated: return []
        case .failed(let fault): throw Failure(description: fault.description)
        }
    }

    package func write(_ bytes: [UInt8]) throws {
        if case .failed(let fault) = connection.stream.write(bytes.span.bytes) {
            throw Failure(description: fault.description)
        }
    }

    package func sendCloseNotify() {
        connection.stream.sendCloseNotify()
    }

    /// Whether the server has sent close_notify, rather than just ended.
    package var hasReceivedShutdown: Bool { connection.stream.hasReceivedCloseNotify }

    // MARK: Calls of libssl's own, which no client of ours makes

    /// Writes a KeyUpdate (RFC 8446 §4.6.3).
    package func sendKeyUpdate(requestingOne: Bool = false) throws {
        ErrorQueue.clear()
        guard SSL_key_update(ssl, requestingOne ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED) == 1,
            SSL_do_handshake(ssl) == 1
        else { throw Failure(description: ErrorQueue.drain().summary) }
    }

    /// Begins a renegotiation (TLS 1.2 and older).
    package func startRenegotiation() throws {
        ErrorQueue.clear()
        guard SSL_renegotiate(ssl) == 1 else { throw Failure(description: ErrorQueue.drain().summary) }
        let result = SSL_do_handshake(ssl)
        let code = SSL_get_error(ssl, result)
        let errors = ErrorQueue.drain()
        guard result == 1 || code == SSL_ERROR_WANT_READ else { throw Failure(description: errors.summary) }
    }

    // MARK: What it knows, and only tests ask

    package var wasResumed: Bool { SSL_session_reused(ssl) == 1 }

    package var cipher: String { String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl))) }

    /// The common name in the server's certificate.
    package var serverCertificateName: String? {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return nil }
        defer { X509_free(certificate) }
        let subject = X509_get_subject_name(certificate)
        let index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1)
        guard let name = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)) else { return nil }
        let bytes = UnsafeBufferPointer(start: ASN1_STRING_get0_data(name), count: Int(ASN1_STRING_length(name)))
        return String(decoding: bytes, as: UTF8.self)
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

    /// Whether the server signed the handshake with RSASSA-PSS (RFC 8446 §4.2.3).
    package var serverSignedWithPSS: Bool {
        var type: CInt = 0
        return SSL_get_peer_signature_type_nid(ssl, &type) == 1 && type == EVP_PKEY_RSA_PSS
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

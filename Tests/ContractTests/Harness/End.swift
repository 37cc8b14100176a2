import CRepriseOpenSSL

/// One end of a connection: an SSL over memory.
final class End {
    /// What libssl says after a call that did not succeed.
    enum Trouble: Equatable {
        case wantsRead
        /// SSL_ERROR_WANT_CLIENT_HELLO_CB.
        case suspended
        /// SSL_ERROR_ZERO_RETURN.
        case closed
        case failed(String)
    }

    let context: Context
    private(set) var ssl: OpaquePointer?
    /// What a client was given, in order.
    var sessions: [Session] = []

    /// The session of that number.
    func session(_ number: Int) throws -> Session {
        guard sessions.indices.contains(number) else { throw Missing(text: "\(sessions.count) sessions") }
        return sessions[number]
    }
    /// What the last call said; `nil` when it succeeded.
    private(set) var trouble: Trouble?

    init(_ context: Context, reading: OpaquePointer, writing: OpaquePointer, isServer: Bool) {
        self.context = context
        ssl = SSL_new(context.pointer)
        BIO_up_ref(reading)
        BIO_up_ref(writing)
        SSL_set_bio(ssl, reading, writing)
        isServer ? SSL_set_accept_state(ssl) : SSL_set_connect_state(ssl)
        // The app_data of an SSL. Unretained: the SSL is freed before this goes.
        SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        guard ssl != nil else { return }
        // What an ending does is asked for by name; everything else ends well.
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        free()
    }

    static func behind(_ ssl: OpaquePointer) -> End {
        guard let address = SSL_get_ex_data(ssl, 0) else { preconditionFailure("an SSL without its end") }
        return Unmanaged<End>.fromOpaque(address).takeUnretainedValue()
    }

    var isDone: Bool { SSL_is_init_finished(ssl) == 1 }
    var wasResumed: Bool { SSL_session_reused(ssl) == 1 }
    var session: OpaquePointer? { SSL_get_session(ssl) }
    var failure: String? {
        if case .failed(let reason) = trouble { reason } else { nil }
    }
    /// The common name in the peer's certificate.
    var peerName: String? {
        guard let certificate = SSL_get0_peer_certificate(ssl) else { return nil }
        let subject = X509_get_subject_name(certificate)
        let index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1)
        guard let name = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)) else { return nil }
        let bytes = UnsafeBufferPointer(start: ASN1_STRING_get0_data(name), count: Int(ASN1_STRING_length(name)))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// SSL_free(3), with nothing before.
    func free() {
        SSL_free(ssl)
        ssl = nil
        ERR_clear_error()
    }

    @discardableResult
    func handshake() -> Bool {
        ERR_clear_error()
        return note(SSL_do_handshake(ssl))
    }

    /// What one read brings, and whatever libssl reads besides.
    @discardableResult
    func read() -> String? {
        ERR_clear_error()
        var bytes = [UInt8](repeating: 0, count: 1024)
        var count = 0
        guard note(SSL_read_ex(ssl, &bytes, bytes.count, &count)) else { return nil }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    @discardableResult
    func write(_ text: String) -> Bool {
        ERR_clear_error()
        var count = 0
        return note(SSL_write_ex(ssl, Array(text.utf8), text.utf8.count, &count))
    }

    /// SSL_shutdown(3), once.
    @discardableResult
    func shutdown() -> CInt {
        defer { ERR_clear_error() }
        return SSL_shutdown(ssl)
    }

    private func note(_ result: CInt) -> Bool {
        if result == 1 {
            trouble = nil
            return true
        }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: trouble = .wantsRead
        case SSL_ERROR_WANT_CLIENT_HELLO_CB: trouble = .suspended
        case SSL_ERROR_ZERO_RETURN: trouble = .closed
        default: trouble = .failed(Errors.drain())
        }
        return false
    }
}

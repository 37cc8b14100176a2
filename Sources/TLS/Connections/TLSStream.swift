import CRepriseOpenSSL
import RepriseVocabulary

/// One TLS connection of either role, without its socket: ciphertext is lent, plaintext and ciphertext come out.
///
/// Confined to its worker. A turn is ``lend(_:)``, then the handshake or ``read(into:)`` as often as wanted, then
/// ``endTurn()``; bytes to send gather in the ``OutputBuffer``. It ends with ``close()``, after ``sendCloseNotify()``,
/// ``markShutdown()`` or a failure. Its owner does what differs by role, above all in a handshake.
package final class TLSStream {
    /// Where the connection is. Next of each: the one below it, or one of the last three, behind which only `close` follows.
    enum Phase {
        case handshaking
        case open
        /// The handshake failed.
        indirect case failed(HandshakeFault)
        /// An open connection broke.
        indirect case broken(ConnectionFault)
        /// It was closed without any of that.
        case closed
    }

    /// How far one call of the handshake got.
    enum Step {
        case done
        case wantsInput
        /// A ClientHello waits for its server to be asked again (SSL_CTX_set_client_hello_cb(3)).
        case wantsHelloAnswer
        /// With what libssl raised, the first raised first.
        case failed([OpenSSLError])
    }

    let role: TLSRole
    let output: OutputBuffer
    /// libssl's object, for calls that no stream makes; `nil` once closed.
    package private(set) var ssl: OpaquePointer?
    /// At a fixed address because the BIO refers to it; freed in deinit, after the SSL.
    let transport: UnsafeMutablePointer<TransportState>
    private(set) var phase = Phase.handshaking
    /// The callbacks write it during a call of ours.
    private(set) var alerts = AlertBook()
    /// Whether the peer has sent close_notify (RFC 8446 §6.1).
    package var hasReceivedCloseNotify: Bool { alerts.closeNotifyReceived }
    /// How many KeyUpdates have come (RFC 8446 §4.6.3).
    package private(set) var keyUpdatesReceived = 0
    /// Whether we have ended our direction, on the wire or for libssl only.
    private(set) var hasEndedWriting = false

    /// Makes a connection in a context of the same role.
    ///
    /// - Throws: ``ContextError/internalFault(_:)`` when libssl makes none, for lack of memory.
    init(_ context: OpaquePointer, as role: TLSRole, output: OutputBuffer) throws(ContextError) {
        (self.role, self.output) = (role, output)
        transport = .allocate(capacity: 1)
        transport.initialize(to: TransportState(output: output.storage))
        // From here on deinit gives everything back.
        ssl = SSL_new(context)
        guard let ssl, let bio = makeTransport(transport) else { throw .internalFault(ErrorQueue.drain()) }
        // Both directions share the BIO, which is one reference (SSL_set_bio(3)).
        SSL_set_bio(ssl, bio, bio)
        switch role {
        case .server: SSL_set_accept_state(ssl)
        case .client: SSL_set_connect_state(ssl)
        }
        // On the SSL: libssl would ask the context that a server's connection is switched to.
        SSL_set_info_callback(ssl, streamInformed)
        // Unretained: close() frees the SSL, and so this reference, before the stream.
        guard SSL_set_ex_data(ssl, streamIndex, Unmanaged.passUnretained(self).toOpaque()) == 1 else {
            throw .internalFault(ErrorQueue.drain())
        }
    }

    deinit {
        close()
        transport.deinitialize(count: 1)
        transport.deallocate()
    }

    /// The stream that a callback's SSL belongs to.
    static func behind(_ ssl: OpaquePointer) -> TLSStream? {
        SSL_get_ex_data(ssl, streamIndex).map { Unmanaged<TLSStream>.fromOpaque($0).takeUnretainedValue() }
    }

    var isHandshaking: Bool { if case .handshaking = phase { true } else { false } }
    /// Why the handshake failed, if it did.
    var handshakeFault: HandshakeFault? { if case .failed(let fault) = phase { fault } else { nil } }
    /// Whether plaintext can come and go.
    var isOpen: Bool { if case .open = phase { true } else { false } }

    private func assertConfined() { output.assertConfined() }

    // MARK: Input

    /// Lends ciphertext just received, until ``endTurn()``.
    ///
    /// The rest of an earlier turn comes first. Read until nothing comes before receiving more: nothing else bounds
    /// what is kept.
    package func lend(_ input: UnsafeRawBufferPointer) {
        assertConfined()
        transport.pointee.lend(input)
    }

    /// Says that the peer's stream ends after the lent bytes. ``read(into:)`` tells whether that is a truncation.
    package func inputEnded() {
        transport.pointee.hasEnded = true
    }

    /// Ends the loan: copies what libssl has not taken, which comes first in the next turn.
    package func endTurn() {
        transport.pointee.keepRest()
    }

    // MARK: Handshake

    /// Drives the handshake as far as the bytes go (SSL_do_handshake(3)), and leaves nothing in the error queue.
    ///
    /// A failure does not end the stream yet: its role decides the result by ``handshakeFailed(_:)``.
    func drive() -> Step {
        assertConfined()
        guard let ssl, isHandshaking else { return .failed([]) }
        ErrorQueue.clear()
        let result = SSL_do_handshake(ssl)
        guard result != 1 else {
            ErrorQueue.clear()
            phase = .open
            // After a handshake the peer may use as many records as it likes.
            transport.pointee.recordsLeft = .max
            return .done
        }
        let code = SSL_get_error(ssl, result)
        let errors = ErrorQueue.drain()
        return switch code {
        case SSL_ERROR_WANT_READ: .wantsInput
        case SSL_ERROR_WANT_CLIENT_HELLO_CB: .wantsHelloAnswer
        default: .failed(errors)
        }
    }

    /// Ends the connection by what libssl raised in ``drive()``.
    func handshakeFailed(_ errors: [OpenSSLError]) -> HandshakeFault {
        var cause = HandshakeFailure(
            errors: errors, alertSent: alerts.sent,
            alertReceived: alerts.received ?? (alerts.closeNotifyReceived ? .closeNotify : nil),
            isTruncated: transport.pointee.isTruncated)
        // A record of another protocol's has no version of ours.
        let isNoTLS =
            role == .client && errors.contains { $0.library == ERR_LIB_SSL && $0.reason == SSL_R_WRONG_VERSION_NUMBER }
        if isNoTLS { cause = .notTLS }
        if cause == .badCertificate { cause = HandshakeFailure(refusedPeerBy: verdict) }
        let detail =
            switch cause {
            case .truncated: "the stream ended in the middle of the handshake"
            case .notTLS where isNoTLS: "the server does not speak TLS: " + errors.summary
            case .alertReceived(let alert): "\(role.peer.name) sent \(alert.name)"
            // For a client's certificate the name of the cause says it.
            case .badCertificate, .certificateExpired, .certificateRevoked, .crlExpired, .crlMissing, .unknownAuthority,
                .otherCertificateName:
                (role == .client ? "the server's certificate: " : "") + errors.summary + verification
            default: errors.summary
            }
        return handshakeFailed(cause, detail, errors)
    }

    /// Ends the connection by a cause of its role's own, at the handshake's end too.
    func handshakeFailed(
        _ cause: HandshakeFailure, _ detail: String, _ errors: [OpenSSLError] = []
    ) -> HandshakeFault {
        let fault = HandshakeFault(cause: cause, alertSent: alerts.sent, errors: errors, detail: detail)
        phase = .failed(fault)
        return fault
    }

    /// What libcrypto says of the peer's certificate (SSL_get_verify_result(3)).
    private var verdict: Int { ssl.map { SSL_get_verify_result($0) } ?? Int(X509_V_OK) }

    /// What libcrypto objects to in it.
    private var verification: String {
        guard verdict != Int(X509_V_OK), let text = X509_verify_cert_error_string(verdict) else { return "" }
        return ": \(String(cString: text))"
    }

    /// Writes a fatal alert in the clear, as it is sent before the ServerHello (RFC 8446 §6) and, in TLS 1.2, before the
    /// ChangeCipherSpec: libssl sends none on request.
    ///
    /// - Parameter minor: the record's version: 1 before the ServerHello, and then what that says.
    func sendInTheClear(_ alert: TLSAlert, minor: UInt8 = 1) {
        let record: [UInt8] = [21, 3, minor, 0, 2, UInt8(SSL3_AL_FATAL), alert.code]
        output.append(record.span.bytes)
        alerts.sent = alert
    }

    // MARK: What the callbacks tell

    func note(_ alert: TLSAlert, isFatal: Bool, wasSent: Bool) {
        alerts.note(alert, isFatal: isFatal, wasSent: wasSent)
    }

    func noteKeyUpdate() {
        keyUpdatesReceived += 1
    }

    // MARK: The end

    /// Writes our close_notify, once; the session stays resumable. The peer may go on sending.
    ///
    /// Without a finished handshake, or on a broken connection, it does nothing.
    package func sendCloseNotify() {
        assertConfined()
        guard let ssl, isOpen, !hasEndedWriting else { return }
        hasEndedWriting = true
        ErrorQueue.clear()
        // Once: 0 means that the peer's own is still to come; we do not wait for it.
        if SSL_shutdown(ssl) < 0 { markShutdown() }
        ErrorQueue.clear()
    }

    /// Marks the connection as shut down, for a socket that is dead or blocked: nothing is sent, and the session stays
    /// resumable.
    package func markShutdown() {
        guard let ssl else { return }
        assertConfined()
        hasEndedWriting = true
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
    }

    /// Frees libssl's object. First marks it as shut down: libssl would make the session of a connection that it
    /// believes open not resumable.
    package func close() {
        guard let ssl else { return }
        assertConfined()
        if isOpen {
            assert(hasEndedWriting, "close() without sendCloseNotify() or markShutdown()")
            // Again, since a bare FIN after our close_notify makes libssl forget that it was sent: under
            // SSL_OP_IGNORE_UNEXPECTED_EOF it sets the flags to RECEIVED alone.
            markShutdown()
        }
        SSL_free(ssl)
        self.ssl = nil
        if isOpen || isHandshaking { phase = .closed }
        ErrorQueue.clear()
    }

    /// Breaks the connection for good, with the errors that libssl raised.
    func breakOff(_ errors: [OpenSSLError]) -> ConnectionFault {
        let fault = connectionFault(errors)
        phase = .broken(fault)
        return fault
    }

    /// Why a broken connection broke, once libssl has reported it.
    private func connectionFault(_ errors: [OpenSSLError]) -> ConnectionFault {
        if let alert = alerts.received { return .alertReceived(alert, from: role.peer) }
        if let alert = alerts.sent { return .alertSent(alert, errors) }
        return .error(errors)
    }
}

/// Where an SSL keeps its stream. libssl hands out one index for the process.
private let streamIndex = reprise_ssl_new_index()

/// Whether this is what SSL_state_string(3) says when a KeyUpdate was read, a client's (TRCKU) or a server's (TRSKU).
private func isKeyUpdateRead(_ state: UnsafePointer<CChar>) -> Bool {
    // All its words have four letters or more, so that the fifth is there, or the end.
    let word = UnsafeRawBufferPointer(start: state, count: 5)
    return word[4] == UInt8(ascii: "U") && word[3] == UInt8(ascii: "K") && word[1] == UInt8(ascii: "R")
}

/// SSL_set_info_callback(3): alerts, and the steps of the state machine.
private func streamInformed(_ ssl: OpaquePointer?, _ event: CInt, _ value: CInt) {
    guard let ssl else { return }
    if event & SSL_CB_ALERT != 0 {
        guard let stream = TLSStream.behind(ssl) else { return }
        let alert = TLSAlert(code: UInt8(truncatingIfNeeded: value))
        stream.note(alert, isFatal: value >> 8 == SSL3_AL_FATAL, wasSent: event & SSL_CB_WRITE != 0)
    } else if event & SSL_CB_LOOP != 0 {
        // By its name: the numbers of states are others from 3.2 on, and the libssl that runs may not be the headers'.
        guard let state = SSL_state_string(ssl), isKeyUpdateRead(state) else { return }
        TLSStream.behind(ssl)?.noteKeyUpdate()
    }
}

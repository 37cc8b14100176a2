import CLibSSL
import Vocabulary

/// One client's TLS connection, without its socket: ciphertext is lent, plaintext and ciphertext come out.
///
/// Confined to its worker. A turn is `lend`, then `handshake` or `read` as often as wanted, then `endTurn`; what is to
/// be sent gathers in the ``OutputBuffer``. It ends with `close`, after `sendCloseNotify`, `abandon` or a failure.
package final class ServerConnection {
    /// Where the connection is. Next of each: the one below it, or ``failed(_:)``.
    enum Phase {
        /// Nothing was seen yet that tells TLS from other protocols.
        case firstBytes
        case handshaking
        case open
        /// For good: the handshake failed, or the connection broke. `close` is all that is left.
        case failed(ConnectionFault?)
    }

    let context: ServerContext
    private let output: OutputBuffer
    /// libssl's object; `nil` once closed.
    private(set) var ssl: OpaquePointer?
    /// At a fixed address because the BIO refers to it; freed in deinit, after the SSL.
    let transport: UnsafeMutablePointer<TransportState>
    var phase = Phase.firstBytes
    private var handshakeFault: HandshakeFault?

    // Written by the callbacks during a call of ours.
    private var alertSent: TLSAlert?
    private var alertReceived: TLSAlert?
    private var closeNotifyReceived = false
    var helloRefusal: (cause: HandshakeFailure, detail: String)?
    var host: HostContext?
    /// The client has sent a whole ClientHello.
    package internal(set) var hasReadHello = false
    /// How many bytes libssl had been given before this ClientHello.
    var helloStart = 0
    var hostIsByName = false
    var requestedName: [UInt8]?
    var request = ResumptionRequest()
    /// The ClientHello waits for the session store.
    var isWaitingForStore = false
    /// It has waited: libssl calls back about the same ClientHello once more.
    var hasWaitedForStore = false
    /// How many tickets or ids of this ClientHello were tried.
    var triedTickets = 0
    /// A ticket was sealed.
    var hasSealedTicket = false
    /// TLS 1.3 tickets wait for ``issueTickets()``.
    package let holdsTickets: Bool
    var hasIssuedTickets = false
    /// The keeper has decided what this connection's sessions carry.
    var hasMarkedSession = false
    /// How many tickets the handshake ends with.
    var settledTickets: (resumed: Bool, count: Int)?
    /// How many TLS 1.3 tickets libssl has written.
    var ticketsWritten = 0
    /// The next ticket is an alert instead.
    private(set) var refusesByTicket = false
    /// Whoever keeps this connection's sessions.
    package let sessions: any ConnectionSessions
    /// How many KeyUpdates have come (RFC 8446 §4.6.3).
    package private(set) var keyUpdatesReceived = 0

    /// Whether our direction has been ended, on the wire or in the books only.
    var isSettled = false

    /// How often libssl had written when the handshake was done; `nil` when no tickets were among it.
    private var writesWithTickets: Int?
    private var finishedSummary: HandshakeSummary?

    /// - Parameters:
    ///   - sessions: whoever keeps this connection's sessions, and nobody else's.
    ///   - holdsTickets: TLS 1.3 tickets are not made at the handshake's end, but by ``issueTickets()``.
    /// - Precondition: memory is to be had; libssl fails for no other reason.
    package init(
        context: ServerContext, output: OutputBuffer, sessions: any ConnectionSessions, holdsTickets: Bool = false
    ) {
        self.holdsTickets = holdsTickets
        self.context = context
        self.output = output
        self.sessions = sessions
        transport = .allocate(capacity: 1)
        transport.initialize(to: TransportState(output: output.storage))
        guard let ssl = SSL_new(context.pointer), let bio = makeTransport(transport) else {
            preconditionFailure("libssl made no connection: \(ErrorQueue.drain().summary)")
        }
        self.ssl = ssl
        // Both directions share the BIO, which is one reference (SSL_set_bio(3)).
        SSL_set_bio(ssl, bio, bio)
        SSL_set_accept_state(ssl)
        // On the SSL: libssl would ask the context that the connection is switched to.
        SSL_set_info_callback(ssl, connectionInformed)
        // Unretained: close() frees the SSL, and so this reference, before the connection goes.
        SSL_set_ex_data(ssl, connectionIndex, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        assert(ssl == nil, "a TLS connection was dropped without close()")
        close()
        transport.deinitialize(count: 1)
        transport.deallocate()
    }

    /// The connection that a callback's SSL belongs to.
    static func behind(_ ssl: OpaquePointer) -> ServerConnection? {
        SSL_get_ex_data(ssl, connectionIndex).map { Unmanaged<ServerConnection>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: Input

    /// Lends ciphertext just received, until ``endTurn()``.
    ///
    /// What an earlier turn left comes first. While ``hasUnreadInput``, read before receiving more: nothing else bounds
    /// what is kept.
    package func lend(_ input: UnsafeRawBufferPointer) {
        transport.pointee.lend(input)
    }

    /// Says that the client's stream ends behind what was lent. Whether that is a truncation, `read` tells.
    package func inputEnded() {
        transport.pointee.hasEnded = true
    }

    /// Ends the loan: what libssl has not taken is copied, and comes first in the next turn.
    package func endTurn() {
        transport.pointee.keepRest()
    }

    /// Whether a read can bring more than `wantsInput` without new bytes from the socket: whoever stops reading for
    /// back-pressure must come back by itself.
    package var hasUnreadInput: Bool {
        guard let ssl, case .open = phase else { return transport.pointee.unread > 0 }
        if closeNotifyReceived { return false }
        return transport.pointee.unread > 0 || SSL_pending(ssl) > 0
            || (transport.pointee.hasEnded && !transport.pointee.hasReturnedEnd)
    }

    // MARK: Handshake

    package var isHandshakeDone: Bool {
        if case .open = phase { true } else { finishedSummary != nil }
    }

    /// Drives the handshake as far as the bytes go.
    package func handshake() -> HandshakeProgress {
        if case .firstBytes = phase, let early = judgeFirstBytes() { return early }
        guard let ssl, case .handshaking = phase else {
            return handshakeFault.map { .failed($0) } ?? .done
        }
        ErrorQueue.clear()
        let writesBefore = transport.pointee.writes
        let result = SSL_do_handshake(ssl)
        sessions.callIsOver()
        guard result != 1 else {
            return finish(ssl, writesBefore: writesBefore)
        }
        let code = SSL_get_error(ssl, result)
        let errors = ErrorQueue.drain()
        switch code {
        case SSL_ERROR_WANT_READ: return refuseEndlessHello() ?? .wantsInput
        case SSL_ERROR_WANT_CLIENT_HELLO_CB: return .wantsSession
        default: return fail(errors)
        }
    }

    private func judgeFirstBytes() -> HandshakeProgress? {
        let bytes = transport.pointee.first(TLSLimits.firstBytes)
        switch FirstBytes(bytes) {
        case .tls:
            phase = .handshaking
            transport.pointee.recordsLeft = TLSLimits.helloRecords
            return nil
        case .plainHTTP(let method):
            return fail(.plainHTTP, "an HTTP request in the clear (\(method))")
        case .notTLS:
            return fail(.notTLS, "the first bytes are '\(String(escaping: bytes))'")
        case .undecided:
            guard transport.pointee.hasEnded else { return .wantsInput }
            return fail(.clientWentAway, "the stream ended after \(bytes.count) bytes")
        }
    }

    /// Whether the next message is a ClientHello: the first one, or the second after a HelloRetryRequest, behind which libssl
    /// stands still at what it wrote.
    private var waitsForHello: Bool {
        guard hasReadHello, let ssl else { return true }
        let state = SSL_get_state(ssl)
        return state == TLS_ST_SW_SRVR_HELLO || state == TLS_ST_SW_CHANGE
    }

    /// A ClientHello that is too long already is not waited for.
    private func refuseEndlessHello() -> HandshakeProgress? {
        guard waitsForHello else { return nil }
        // Behind a HelloRetryRequest the count begins again.
        transport.pointee.recordsLeft = min(transport.pointee.recordsLeft, TLSLimits.helloRecords)
        let bytes = transport.pointee.bytesRead - helloStart
        guard
            let excess = HelloBounds.tooLong(bytes)
                ?? HelloBounds.tooManyRecords(left: transport.pointee.recordsLeft)
        else { return nil }
        // libssl sends no alert by request; before the ServerHello it is in the clear (RFC 8446 §6).
        let record: [UInt8] = [21, 3, 1, 0, 2, UInt8(SSL3_AL_FATAL), HelloBounds.alert.code]
        record.withUnsafeBytes { output.append($0) }
        alertSent = HelloBounds.alert
        return fail(.helloTooLarge, excess.text)
    }

    private func finish(_ ssl: OpaquePointer, writesBefore: Int) -> HandshakeProgress {
        ErrorQueue.clear()
        phase = .open
        // Hellos are over: whatever comes now comes in as many records as it likes.
        transport.pointee.recordsLeft = .max
        var summary = partialSummary
        summary.add(from: ssl, carriedTicket: request.carriesTicket)
        finishedSummary = summary
        if let fault = sessions.handshakeIsDone(resumed: summary.resumed != .no).fault {
            refuse(ssl)
            return fail(fault.cause, fault.detail)
        }
        if !hasMarkedSession, summary.resumed == .no { markForLater(ssl) }
        if summary.version != .tls1_3, hasSealedTicket { announceTicketSession() }
        if summary.version == .tls1_3, !holdsTickets { writeMissingTickets() }
        // In TLS 1.3 our Finished left in an earlier turn, so whatever this call wrote is tickets. In TLS 1.2 it is
        // the Finished that the client waits for.
        if summary.version == .tls1_3 { noteTickets(since: writesBefore) }
        return .done
    }

    /// Notes that whatever was written since then is tickets.
    func noteTickets(since writesBefore: Int) {
        let writes = transport.pointee.writes
        writesWithTickets = writes > writesBefore ? writes : nil
    }

    /// Ends an established connection by access_denied. In TLS 1.2 libssl has no way to, and it just ends.
    private func refuse(_ ssl: OpaquePointer) {
        guard SSL_version(ssl) == TLS1_3_VERSION else { return }
        refusesByTicket = true
        // A stateless ticket would not be made for want of a key.
        SSL_set_options(ssl, reprise_op_no_ticket())
        writeTicket(ssl)
    }

    private func fail(_ errors: [OpenSSLError]) -> HandshakeProgress {
        if let (cause, detail) = helloRefusal { return fail(cause, detail, errors) }
        let cause = HandshakeFailure(
            errors: errors, alertSent: alertSent,
            alertReceived: alertReceived ?? (closeNotifyReceived ? .closeNotify : nil),
            hasEnded: transport.pointee.hasReturnedEnd)
        let detail =
            switch cause {
            case .clientWentAway: "the stream ended in the middle of the handshake"
            case .alertReceived(let alert): "the client sent \(alert.name)"
            case .badCertificate: errors.summary + verification
            default: errors.summary
            }
        return fail(cause, detail, errors)
    }

    /// What libcrypto objects to in the client's certificate.
    private var verification: String {
        guard let ssl else { return "" }
        let result = SSL_get_verify_result(ssl)
        guard result != Int(X509_V_OK), let text = X509_verify_cert_error_string(result) else { return "" }
        return ": \(String(cString: text))"
    }

    private func fail(
        _ cause: HandshakeFailure, _ detail: String, _ errors: [OpenSSLError] = []
    ) -> HandshakeProgress {
        let fault = HandshakeFault(cause: cause, alertSent: alertSent, errors: errors, detail: detail)
        handshakeFault = fault
        phase = .failed(nil)
        return .failed(fault)
    }

    /// Whether all that libssl has written since the handshake was done are TLS 1.3 NewSessionTickets, which may wait
    /// for the next bytes to the client. Stays so until something else is written, whoever has taken the output since.
    package var ticketsAreWaiting: Bool { writesWithTickets == transport.pointee.writes }

    /// What is known of the handshake so far, or of the one that failed.
    package var summary: HandshakeSummary { finishedSummary ?? partialSummary }

    private var partialSummary: HandshakeSummary {
        var summary = HandshakeSummary()
        summary.serverName = requestedName.map { String(escaping: $0) }
        summary.hostID = host?.id
        return summary
    }

    // MARK: What the callbacks tell

    func note(alert: TLSAlert, isFatal: Bool, wasSent: Bool) {
        if alert == .closeNotify {
            if !wasSent { closeNotifyReceived = true }
        } else if isFatal {
            if wasSent { alertSent = alert } else { alertReceived = alert }
        }
    }

    func noteKeyUpdate() {
        keyUpdatesReceived += 1
    }

    // MARK: The end

    /// Frees libssl's object. Whether its session can be resumed is settled by then: a connection that libssl believes
    /// open would take its session with it.
    package func close() {
        guard let ssl else { return }
        if case .open = phase {
            assert(isSettled, "close() without sendCloseNotify() or abandon()")
            // Again, since a bare FIN behind our close_notify makes libssl forget that it was sent: under
            // SSL_OP_IGNORE_UNEXPECTED_EOF it sets the flags to RECEIVED alone.
            abandon()
        }
        SSL_free(ssl)
        self.ssl = nil
        phase = .failed(nil)
        ErrorQueue.clear()
    }

    /// What a broken connection is broken by, once libssl has reported it.
    func connectionFault(_ errors: [OpenSSLError]) -> ConnectionFault {
        if let alertReceived { return .alertReceived(alertReceived) }
        if let alertSent { return .alertSent(alertSent, errors) }
        return .error(errors)
    }

    /// Whether the client has closed its direction in order.
    var hasReceivedCloseNotify: Bool { closeNotifyReceived }
}

/// Where an SSL keeps its connection. libssl hands out one index for the process.
private let connectionIndex = reprise_ssl_new_index()

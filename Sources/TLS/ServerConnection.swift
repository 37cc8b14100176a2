internal import CLibSSL
internal import Vocabulary

/// The server's end of one TLS connection: bytes in, bytes out, no sockets. Confined to its worker.
///
/// A turn is: ``lend(_:)`` what was received, then ``handshake()``, ``read(into:)`` and ``write(_:)`` as needed, then
/// ``endTurn()``. What is to be sent collects in the output buffer, whose user sends and empties it.
package final class ServerConnection {
    private let ssl: OpaquePointer
    private let transport: UnsafeMutablePointer<RecordTransport>
    let context: ServerContext
    private(set) var isClosed = false
    private var hasSniffed = false
    private var mayFreeCleanly = false

    /// The handshake is done.
    package private(set) var isHandshakeDone = false
    /// All that libssl has put into the output since the handshake was done are NewSessionTickets, which may wait.
    package private(set) var ticketsAreWaiting = false
    /// How many KeyUpdates have come (RFC 8446 §4.6.3).
    package internal(set) var keyUpdatesReceived = 0

    /// What the callbacks have found out.
    var askedName: String?
    var host: HostContext?
    var offeredTicket = false
    var refusal: HandshakeFailure?
    var alertSent: TLSAlert?
    var alertReceived: TLSAlert?

    /// A connection that has seen nothing yet.
    package init(context: ServerContext, output: OutputBuffer) {
        self.context = context
        transport = .allocate(capacity: 1)
        transport.initialize(to: RecordTransport(output: output))
        guard let ssl = SSL_new(context.context), let bio = RecordBIO.make(transport) else {
            preconditionFailure("no memory for a TLS connection")
        }
        self.ssl = ssl
        SSL_set_bio(ssl, bio, bio)
        SSL_set_accept_state(ssl)
        SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        assert(isClosed, "a TLS connection must be closed, not dropped")
        if !isClosed { free() }
    }

    /// Hands libssl what was received; the bytes must stay until ``endTurn()``.
    package func lend(_ input: UnsafeRawBufferPointer) {
        transport.pointee.input = input
    }

    /// The client has closed its TCP direction, behind all bytes that were lent.
    package func inputEnded() {
        transport.pointee.inputHasEnded = true
    }

    /// Keeps what libssl has not taken of the lent bytes; a connection that was closed in this turn keeps nothing.
    package func endTurn() {
        guard !isClosed else { return }
        transport.pointee.keepInput()
    }

    /// Goes on with the handshake.
    package func handshake() -> HandshakeProgress {
        if !hasSniffed, let early = sniff() { return early }
        ErrorQueue.clear()
        let before = transport.pointee.output.count
        let result = SSL_do_handshake(ssl)
        if result == 1 {
            isHandshakeDone = true
            ticketsAreWaiting =
                SSL_version(ssl) == TLS1_3_VERSION && transport.pointee.output.count > before
            return .done
        }
        let reason = SSL_get_error(ssl, result)
        let errors = ErrorQueue.drain()
        if reason == SSL_ERROR_WANT_READ { return .wantsInput }
        return .failed(fault(errors))
    }

    private func sniff() -> HandshakeProgress? {
        switch FirstBytes(transport.pointee.peek(FirstBytes.needed)) {
        case .tls:
            hasSniffed = true
            return nil
        case .undecided:
            guard transport.pointee.inputHasEnded else { return .wantsInput }
            return .failed(
                HandshakeFault(cause: .clientWentAway, alertSent: nil, detail: "closed before a ClientHello"))
        case .http:
            return .failed(HandshakeFault(cause: .plainHTTP, alertSent: nil, detail: "plain HTTP on a TLS port"))
        case .somethingElse:
            return .failed(HandshakeFault(cause: .notTLS, alertSent: nil, detail: "the first bytes are not TLS"))
        }
    }

    private func fault(_ errors: [OpenSSLError]) -> HandshakeFault {
        let detail = errors.isEmpty ? "closed during the handshake" : errors.text
        let cause: HandshakeFailure =
            if let refusal {
                refusal
            } else if errors.isEmpty, alertReceived == nil, transport.pointee.endWasDelivered {
                .clientWentAway
            } else {
                HandshakeCause.find(errors, sent: alertSent, received: alertReceived)
            }
        return HandshakeFault(cause: cause, alertSent: alertSent, detail: detail)
    }

    /// Decrypts into `buffer`, which has room for at least one byte.
    package func read(into buffer: UnsafeMutableRawBufferPointer) -> ReadProgress {
        ErrorQueue.clear()
        let before = transport.pointee.output.count
        var count = 0
        let result = SSL_read_ex(ssl, buffer.baseAddress, buffer.count, &count)
        // A KeyUpdate is answered from within a read: what waits then are no longer tickets alone.
        if transport.pointee.output.count > before { ticketsAreWaiting = false }
        if result == 1 { return .bytes(count) }
        let reason = SSL_get_error(ssl, result)
        let errors = ErrorQueue.drain()
        switch reason {
        case SSL_ERROR_WANT_READ: return .wantsInput
        case SSL_ERROR_ZERO_RETURN: return transport.pointee.endWasDelivered ? .truncated : .closeNotify
        default: return .failed(connectionFault(errors))
        }
    }

    /// Encrypts all of `bytes` into the output.
    package func write(_ bytes: UnsafeRawBufferPointer) -> WriteProgress {
        ticketsAreWaiting = false
        var rest = bytes
        while !rest.isEmpty {
            ErrorQueue.clear()
            var count = 0
            let result = SSL_write_ex(ssl, rest.baseAddress, rest.count, &count)
            guard result == 1 else { return .failed(connectionFault(ErrorQueue.drain())) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return .done
    }

    private func connectionFault(_ errors: [OpenSSLError]) -> ConnectionFault {
        let ending: Ending =
            if let alertReceived {
                .alertReceived(alertReceived)
            } else {
                .alertSent(alertSent ?? .internalError)
            }
        return ConnectionFault(ending: ending, detail: errors.text)
    }

    /// Puts a close_notify into the output; the session stays resumable.
    package func sendCloseNotify() {
        ticketsAreWaiting = false
        ErrorQueue.clear()
        mayFreeCleanly = true
        if SSL_in_init(ssl) == 0 { SSL_shutdown(ssl) }
        ErrorQueue.clear()
    }

    /// The client cannot be told anything any more: nothing is sent, and the session stays resumable, because an ending
    /// like this says nothing about its safety.
    package func abandon() {
        mayFreeCleanly = true
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
    }

    /// Frees what libssl holds. After ``sendCloseNotify()`` or ``abandon()``; nothing else may be called after it.
    package func close() {
        guard !isClosed else { return }
        assert(mayFreeCleanly, "SSL_free without a shutdown would take the session away from the client")
        // With SSL_OP_IGNORE_UNEXPECTED_EOF a bare FIN overwrites the flags with RECEIVED alone, although a
        // close_notify was sent before: without this SSL_free would then remove the session.
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        free()
    }

    private func free() {
        isClosed = true
        SSL_set_ex_data(ssl, 0, nil)
        SSL_free(ssl)
        transport.deinitialize(count: 1)
        transport.deallocate()
    }

    /// What is known of the handshake now.
    package var summary: HandshakeSummary {
        var summary = HandshakeSummary()
        summary.serverName = askedName
        summary.hostID = host?.id
        guard isHandshakeDone, !isClosed else { return summary }
        summary.version = TLSVersion(wire: SSL_version(ssl))
        summary.cipher = SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)).map { String(cString: $0) }
        let group = reprise_SSL_get_negotiated_group(ssl)
        if group != 0 { summary.group = SSL_group_to_name(ssl, group).map { String(cString: $0) } }
        var alpn: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &alpn, &length)
        if let alpn, length > 0 {
            summary.alpn = String(decoding: UnsafeBufferPointer(start: alpn, count: Int(length)), as: UTF8.self)
        }
        summary.resumed = resumption(summary.version)
        return summary
    }

    private func resumption(_ version: TLSVersion?) -> Resumption {
        guard SSL_session_reused(ssl) == 1 else { return .no }
        if version == .tls1_3 { return .psk }
        return offeredTicket ? .ticket : .sessionID
    }
}

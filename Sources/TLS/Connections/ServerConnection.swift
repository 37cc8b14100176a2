import CRepriseOpenSSL
package import RepriseVocabulary

/// One client's TLS connection, without its socket: a ``TLSStream``, and what only a server does: it answers
/// ClientHellos, and gives and takes sessions.
///
/// Confined to its worker. A turn is `lend`, then `handshake` or `read` as often as wanted, then `endTurn`; bytes to
/// send gather in the ``OutputBuffer``. It ends with `close`, after `sendCloseNotify`, `markShutdown` or a failure.
package final class ServerConnection {
    package let stream: TLSStream
    let context: ServerContext
    // The callbacks write both too, during a call of ours.
    var hello = HelloState()
    var tickets: TicketBook
    /// The keeper of this connection's sessions.
    package let sessions: any ConnectionSessions
    private var finishedSummary: HandshakeSummary?
    /// Whether a full TLS 1.2 handshake waits before the client's ChangeCipherSpec: all but the proof of its Finished is
    /// known there, and nothing that the client gets is decided. What is decided meanwhile is in its first session.
    package var pausesBeforeFinished = false

    /// - Parameters:
    ///   - sessions: the keeper of this connection's sessions only.
    ///   - holdsTickets: whether ``issueTickets()`` makes the TLS 1.3 tickets, instead of the handshake's end.
    /// - Precondition: memory is available; libssl fails for no other reason.
    package init(
        context: ServerContext, output: OutputBuffer, sessions: any ConnectionSessions, holdsTickets: Bool = false
    ) {
        output.assertConfined()
        tickets = TicketBook(holdsTickets: holdsTickets)
        self.context = context
        self.sessions = sessions
        do throws(ContextError) {
            stream = try TLSStream(context.pointer, as: .server, output: output)
        } catch {
            // Library.check() has made a context, and this one exists: only memory can be lacking now.
            preconditionFailure("libssl made no connection: \(error)")
        }
        // Unretained: the SSL is freed, and so this reference, before the connection.
        let isNoted = stream.ssl.map {
            SSL_set_ex_data($0, connectionIndex, Unmanaged.passUnretained(self).toOpaque())
        }
        precondition(isNoted == 1, "libssl has no room for a connection: \(ErrorQueue.drain().summary)")
    }

    deinit {
        assert(ssl == nil, "a TLS connection was dropped without close()")
        close()
    }

    /// The connection that a callback's SSL belongs to.
    static func behind(_ ssl: OpaquePointer) -> ServerConnection? {
        SSL_get_ex_data(ssl, connectionIndex).map { Unmanaged<ServerConnection>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Whether TLS 1.3 tickets wait for ``issueTickets()``, or did.
    package var holdsTickets: Bool { tickets.issue != .atOnce }

    // MARK: Handshake

    /// Whether the client has sent a whole ClientHello.
    package var hasReadHello: Bool { hello.stage == .read }

    package var isHandshakeDone: Bool { stream.isOpen || finishedSummary != nil }

    /// Drives the handshake as far as the bytes go.
    package func handshake() -> HandshakeProgress {
        guard stream.isHandshaking else { return stream.handshakeFault.map { .failed($0) } ?? .done }
        if hello.stage == .firstBytes, let early = judgeFirstBytes() { return early }
        let writesBefore = transport.pointee.writes
        let step = stream.drive()
        sessions.callIsOver()
        switch step {
        case .done: return finish(writesBefore: writesBefore)
        case .wantsInput where transport.pointee.gate == .stopped: return pause()
        case .wantsInput: return refuseEndlessHello() ?? .wantsInput
        case .wantsHelloAnswer: return .wantsSession
        case .failed(let errors):
            guard let (cause, detail) = hello.fault?.value else { return .failed(stream.handshakeFailed(errors)) }
            return .failed(stream.handshakeFailed(cause, detail, errors))
        }
    }

    private func judgeFirstBytes() -> HandshakeProgress? {
        let bytes = transport.pointee.first(TLSLimits.firstBytes)
        switch FirstBytes(bytes) {
        case .tls:
            hello.stage = .awaited
            transport.pointee.recordsLeft = TLSLimits.helloRecords
            return nil
        case .plainHTTP(let method):
            return .failed(stream.handshakeFailed(.plainHTTP, "an HTTP request in the clear (\(method))"))
        case .proxyHeader:
            return .failed(
                stream.handshakeFailed(.proxyHeaderUnexpected, "a PROXY protocol header where TLS is expected"))
        case .notTLS:
            return .failed(stream.handshakeFailed(.notTLS, "the first bytes are '\(String(escaping: bytes))'"))
        case .undecided:
            guard transport.pointee.hasEnded else { return .wantsInput }
            return .failed(stream.handshakeFailed(.truncated, "the stream ended after \(bytes.count) bytes"))
        }
    }

    var transport: UnsafeMutablePointer<TransportState> { stream.transport }

    /// Whether a byte has come from the client, be it TLS or not.
    package var hasReceivedBytes: Bool { transport.pointee.bytesRead > 0 || !transport.pointee.first(1).isEmpty }

    /// Whether the next message is a ClientHello: the first one, or the second after a HelloRetryRequest, after which
    /// libssl stands still at what it wrote.
    private var waitsForHello: Bool {
        guard hasReadHello, let ssl else { return true }
        let state = SSL_get_state(ssl)
        return state == TLS_ST_SW_SRVR_HELLO || state == TLS_ST_SW_CHANGE
    }

    /// Refuses a ClientHello that is too long already, instead of waiting for its end.
    private func refuseEndlessHello() -> HandshakeProgress? {
        guard waitsForHello else { return nil }
        // After a HelloRetryRequest the count begins again.
        transport.pointee.recordsLeft = min(transport.pointee.recordsLeft, TLSLimits.helloRecords)
        let bytes = transport.pointee.bytesRead - hello.start
        guard
            let excess = HelloBounds.tooLong(bytes)
                ?? HelloBounds.tooManyRecords(left: transport.pointee.recordsLeft)
        else { return nil }
        stream.sendInTheClear(HelloBounds.alert)
        return .failed(stream.handshakeFailed(.helloTooLarge, excess.text))
    }

    /// Shows what was negotiated, before the last flight of a full TLS 1.2 handshake, for the length of `body`.
    package func withAgreement<Result>(_ body: () -> Result) -> Result {
        guard let ssl, finishedSummary == nil else { return body() }
        var summary = partialSummary
        summary.add(from: ssl, carriedTicket: hello.request.carriesTicket)
        finishedSummary = summary
        defer { finishedSummary = nil }
        return body()
    }

    private func finish(writesBefore: Int) -> HandshakeProgress {
        guard let ssl else { return .failed(stream.handshakeFailed([])) }
        var summary = partialSummary
        summary.add(from: ssl, carriedTicket: hello.request.carriesTicket)
        finishedSummary = summary
        hello.request.handshakeIsDone()
        if let fault = sessions.handshakeIsDone(resumed: summary.resumed != .no).fault {
            refuse(ssl, with: .accessDenied)
            return .failed(stream.handshakeFailed(fault.cause, fault.detail))
        }
        if !tickets.hasMarkedSession, summary.resumed == .no { markForLater(ssl) }
        if summary.version != .tls1_3, tickets.hasSealed { announceTicketSession() }
        if summary.version == .tls1_3, !holdsTickets { writeMissingTickets() }
        // In TLS 1.3 an earlier turn sent our Finished, so that this call has written only tickets. In TLS 1.2 it is
        // the Finished that the client waits for.
        if summary.version == .tls1_3 { noteTickets(since: writesBefore) }
        return .done
    }

    /// Notes that everything written since then is tickets.
    func noteTickets(since writesBefore: Int) {
        let writes = transport.pointee.writes
        tickets.writesWithTickets = writes > writesBefore ? writes : nil
    }

    /// Ends an established connection with an alert. In TLS 1.2 libssl cannot send it, and the connection just ends.
    ///
    /// - Returns: whether the alert is written.
    @discardableResult
    private func refuse(_ ssl: OpaquePointer, with alert: TLSAlert) -> Bool {
        guard SSL_version(ssl) == TLS1_3_VERSION else { return false }
        tickets.refusal = alert
        // Otherwise libssl would make no stateless ticket, for lack of a key.
        SSL_set_options(ssl, reprise_op_no_ticket())
        writeTicket(ssl)
        return stream.alerts.sent == alert
    }

    /// Ends the connection with a fatal alert, once its handshake is done; nothing can be written behind it.
    ///
    /// - Returns: whether the alert is written. In TLS 1.2 libssl cannot send one after the handshake.
    package func refuse(with alert: TLSAlert) -> Bool {
        guard let ssl, isHandshakeDone, stream.isOpen, !stream.hasEndedWriting else { return false }
        return refuse(ssl, with: alert)
    }

    /// Whether all that libssl has written since the handshake was done are TLS 1.3 NewSessionTickets, which may wait
    /// for the next bytes to the client. Stays so until something else is written, even if the output was taken since.
    package var ticketsAreWaiting: Bool { tickets.writesWithTickets == transport.pointee.writes }

    /// What we know of the handshake so far, or of the one that failed.
    package var summary: HandshakeSummary { finishedSummary ?? partialSummary }

    private var partialSummary: HandshakeSummary {
        var summary = HandshakeSummary()
        summary.serverName = hello.requestedName.map { String(escaping: $0) }
        summary.hostID = hello.match?.host.id
        return summary
    }
}

/// Where an SSL keeps its connection. libssl hands out one index for the process.
private let connectionIndex = reprise_ssl_new_index()

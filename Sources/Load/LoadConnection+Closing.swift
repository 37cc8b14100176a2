internal import Glibc
internal import RepriseEventLoop
internal import RepriseTLS
internal import RepriseVocabulary

/// How a connection is ended, and how bytes go out.
extension LoadConnection {
    /// Ends it as it was ordered to; the turn's send carries our close_notify out.
    func leave() {
        guard let stream = tls?.stream else { return }
        wait(desk.errand.timeouts.close)
        let now = Clocks.monotonic()
        switch order.close {
        case .notify:
            stream.sendCloseNotify()
            phase = .leaving(isReset: false)
        case .notifyWait:
            stream.sendCloseNotify()
            phase = .awaitingEnd(since: now, halfCloses: false)
        case .half:
            stream.sendCloseNotify()
            phase = .awaitingEnd(since: now, halfCloses: true)
        case .fin:
            stream.markShutdown()
            phase = .leaving(isReset: false)
        case .rst:
            stream.markShutdown()
            phase = .leaving(isReset: true)
        }
    }

    /// Both sides have ended.
    func endedBoth(_ since: Instant) {
        desk.measured.record(.close, since: since, until: Clocks.monotonic())
        end(nil)
    }

    /// Sends what the turn has written, in one call, and goes on where that was the last.
    ///
    /// - Parameter hasRoom: the kernel has room again for what was left over.
    func flush(hasRoom: Bool = false) {
        guard !isOver, let socket else { return }
        if !unsent.isEmpty {
            // What was encrypted before goes first.
            desk.output.withBytes { bytes in bytes.withUnsafeBytes { unsent.append(contentsOf: $0) } }
            desk.output.removeAll()
            guard hasRoom else { return }
            guard took(socket.send(unsent.span.bytes)) else { return }
        } else if !desk.output.isEmpty {
            let count = desk.output.count
            let result = desk.output.withBytes { socket.send($0) }
            if case .bytes(count) = result {
                desk.output.removeAll()
            } else {
                desk.output.withBytes { bytes in bytes.withUnsafeBytes { unsent.append(contentsOf: $0) } }
                desk.output.removeAll()
                guard took(result) else { return }
            }
        }
        if unsent.isEmpty { allIsSent(socket) }
    }

    /// - Returns: whether nothing of the unsent bytes is left.
    private func took(_ result: Socket.Transfer) -> Bool {
        switch result {
        case .bytes(let count): unsent.removeFirst(count)
        case .wouldBlock, .end: break
        case .failed:
            if case .handshaking = phase { end(.handshakeClosed) } else { end(.broken) }
            return false
        }
        return unsent.isEmpty
    }

    private func allIsSent(_ socket: Socket) {
        switch phase {
        case .leaving(let isReset):
            if isReset { socket.reset() }
            end(nil)
        case .awaitingEnd(let since, let halfCloses):
            if halfCloses {
                socket.shutdownWrite()
                phase = .awaitingEnd(since: since, halfCloses: false)
            }
            if serverHasEnded { endedBoth(since) }
        case .working(.transfer(let up, _)):
            // The next part, in a turn of its own.
            if up > 0 { event?.activate(.writable) }
        case .connecting, .handshaking, .working(.request), .working(.pause), .working(.idle), .awaitingSession, .over:
            break
        }
    }
}

extension SystemErrno {
    /// Whether no port of ours is left towards a server.
    var isOutOfPorts: Bool { value == EADDRNOTAVAIL || value == EADDRINUSE }
}

extension LoadFailure {
    /// What an error of connecting says.
    init(connecting errno: SystemErrno) {
        switch errno.value {
        case ECONNREFUSED, ENOENT: self = .connectRefused
        case ETIMEDOUT: self = .connectTimeout
        case ECONNRESET, EPIPE: self = .connectReset
        // No port of ours is left towards that server; no descriptor; no memory.
        case EADDRNOTAVAIL, EADDRINUSE, EMFILE, ENFILE, ENOBUFS, ENOMEM, EAGAIN: self = .localLimit
        default: self = .connectFailed
        }
    }

    /// What a handshake has failed of.
    init(handshake cause: HandshakeFailure) {
        switch cause {
        case .truncated: self = .handshakeClosed
        case .badCertificate, .certificateExpired, .certificateRevoked, .crlExpired, .crlMissing, .unknownAuthority,
            .otherCertificateName:
            self = .certificateRefused
        default: self = .handshakeFailed
        }
    }
}

internal import RepriseEventLoop
internal import RepriseTLS
internal import RepriseVocabulary

/// What a connection does after its handshake.
extension LoadConnection {
    /// Begins the task.
    func work() {
        switch desk.errand.task {
        case .nothing: workIsDone()
        case .requests(_, let count, _) where count <= 0: workIsDone()
        case .requests(let request, let count, _): ask(request, left: count)
        case .transfer(let up, let down):
            phase = .working(.transfer(up: up, down: down))
            wait(desk.errand.timeouts.answer)
            transfer()
        }
    }

    /// The task is done; the connection may have to be held.
    private func workIsDone() {
        guard desk.errand.idle > .zero else { return idleIsOver() }
        phase = .working(.idle)
        wait(desk.errand.idle)
    }

    /// A pause has ended, by its time or since the run has.
    func rested() {
        switch phase {
        case .working(.idle): idleIsOver()
        case .working(.pause(let left)):
            if case .requests(let request, _, _) = desk.errand.task { ask(request, left: left) }
        default: break
        }
    }

    /// The run has ended: what only waits, does so no longer.
    package func hurry() {
        switch phase {
        case .working(.idle), .working(.pause):
            idleIsOver()
            flush()
        default: break
        }
    }

    /// A session that others wait for may be still to come.
    private func idleIsOver() {
        if desk.errand.waitsForSession, given.isEmpty, !serverHasEnded, tls?.summary.version == .tls1_3 {
            phase = .awaitingSession
            wait(desk.errand.timeouts.session)
        } else {
            leave()
        }
    }

    private func ask(_ request: HTTPRequest, left: Int) {
        phase = .working(.request(HTTPReply(), left: left, since: Clocks.monotonic(), hasBegun: false))
        wait(desk.errand.timeouts.answer)
        write(request.bytes(forName: order.place.name).span.bytes)
    }

    @discardableResult
    private func write(_ bytes: RawSpan) -> Bool {
        guard let stream = tls?.stream, case .done = stream.write(bytes) else {
            end(.broken)
            return false
        }
        desk.measured.sent(bytes.byteCount)
        return true
    }

    private static let zeroes = [UInt8](repeating: 0, count: 16 << 10)

    /// Encrypts what a turn may send, once the kernel has taken what was encrypted before.
    func transfer() {
        guard unsent.isEmpty, case .working(.transfer(var up, let down)) = phase else { return }
        guard up > 0 else {
            if down <= 0 { workIsDone() }
            return
        }
        var room = Self.sendBytes
        while up > 0, room > 0 {
            let count = min(up, room, Self.zeroes.count)
            guard write(Self.zeroes.span.bytes.extracting(0..<count)) else { return }
            (up, room) = (up - count, room - count)
        }
        phase = .working(.transfer(up: up, down: down))
        wait(desk.errand.timeouts.answer)
        if up <= 0, down <= 0 { workIsDone() }
    }

    /// Takes the plaintext of the lent bytes.
    func read() {
        while let stream = tls?.stream, !isOver {
            switch stream.read(into: desk.plaintext) {
            case .bytes(let count):
                desk.measured.received(count)
                take(UnsafeRawBufferPointer(rebasing: desk.plaintext[..<count]))
            case .wantsInput: return
            case .closeNotify, .truncated: return serverEnded()
            // After our own end it says nothing of what was to be done, but a broken end is none.
            case .failed: return end(.broken)
            }
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        guard case .working(let work) = phase else { return }
        switch work {
        // Nobody has asked for it: an HTTP/2 server's settings, or a greeting.
        case .idle: break
        case .pause: end(.answerMalformed)
        case .transfer(let up, let down):
            phase = .working(.transfer(up: up, down: down - bytes.count))
            wait(desk.errand.timeouts.answer)
            if up <= 0, down - bytes.count <= 0 { workIsDone() }
        case .request(var reply, let left, let since, let hasBegun):
            if !hasBegun { desk.measured.record(.firstByte, since: since, until: desk.loop.now) }
            let progress = reply.take(bytes)
            phase = .working(.request(reply, left: left, since: since, hasBegun: true))
            switch progress {
            case .incomplete: wait(desk.errand.timeouts.answer)
            case .malformed: end(.answerMalformed)
            case .complete: answered(reply.status, left: left, since: since)
            }
        }
    }

    private func answered(_ status: Int, left: Int, since: Instant) {
        desk.measured.record(.request, since: since, until: desk.loop.now)
        desk.measured.answered(status)
        if left > 1, case .requests(let request, _, let pause) = desk.errand.task {
            guard pause > .zero else { return ask(request, left: left - 1) }
            phase = .working(.pause(left: left - 1))
            wait(pause)
        } else {
            workIsDone()
        }
    }

    /// The server has ended its side, with close_notify or without.
    private func serverEnded() {
        serverHasEnded = true
        switch phase {
        case .working(.request(let reply, let left, let since, _)):
            switch reply.end() {
            // Whoever ends its answer so can give no other.
            case .complete where left <= 1: answered(reply.status, left: 1, since: since)
            case .complete, .incomplete: end(.closedEarly)
            case .malformed: end(.closedEarly)
            }
        case .working(.transfer), .working(.pause), .working(.idle), .awaitingSession: end(.closedEarly)
        case .awaitingEnd(let since, _) where unsent.isEmpty && desk.output.isEmpty: endedBoth(since)
        // Once our own end has gone out.
        case .awaitingEnd, .leaving, .connecting, .handshaking, .over: break
        }
    }
}

extension HandshakeKind {
    init(_ means: ResumptionMeans) {
        self =
            switch means {
            case .no: .full
            case .sessionID: .id
            case .ticket: .ticket
            case .psk: .psk
            }
    }

    /// What its time is recorded as.
    var measure: Measure {
        switch self {
        case .full: .handshakeFull
        case .id: .handshakeID
        case .ticket: .handshakeTicket
        case .psk: .handshakePSK
        }
    }
}

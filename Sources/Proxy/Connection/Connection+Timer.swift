internal import RepriseEventLoop
internal import RepriseRouting
internal import RepriseTLS
internal import RepriseVocabulary

/// How long a connection may take for each part of its life.
extension Connection: Timed {
    func noteActivity() { timer.noteActivity(at: loop.now) }

    /// Sets the timer that the machine wants, if it is another than the one that runs.
    func setTimer() {
        guard stance.timer != timer.kind else { return }
        if let kind = stance.timer { startTimer(kind) } else { clearTimer() }
    }

    func clearTimer() {
        timer.clear()
        worker.deadlines.clear(self)
    }

    /// Restarts a timer: each server that is tried has its own time.
    func startTimer(_ kind: ConnectionMachine.TimerKind) {
        startTimer(kind, for: listener.settings.timeouts.duration(of: kind))
    }

    func startTimer(_ kind: ConnectionMachine.TimerKind, for duration: Duration) {
        // Who has a deadline is held until it passes.
        guard !stance.isClosed else { return }
        worker.deadlines.set(self, at: timer.set(kind, for: duration, at: loop.now))
    }

    func deadlineHasPassed() {
        turn {
            switch timer.passed(at: loop.now) {
            case .nothing: return
            case .early(let end): worker.deadlines.set(self, at: end)
            case .over(let kind): timeIsOver(kind)
            }
        }
    }

    private func timeIsOver(_ kind: ConnectionMachine.TimerKind) {
        switch kind {
        case .routing: notRouted(.late)
        case .connect: wentOn(upstream.connectTimedOut())
        case .proxyHeader, .handshake, .idle, .halfClosed, .shutdown:
            let wasHandshaking = machine.isHandshaking
            let wasAwaitingHeader = machine.isAwaitingHeader
            let waits =
                machine.client.phase == .discarding
                ? client.stream.unacknowledgedBytes() > 0 : !client.hasTakenAll || worker.buffers.output.count > 0
            let answer = machine.timedOut(downloadWaits: waits)
            if wasHandshaking {
                // Its time ended while the router had the word.
                if forgetRouter() { early = .answered(.failure(.late)) }
                handshakeIsOver(wasAwaitingHeader ? .proxyHeaderTimeout : .timeout)
            }
            leave(answer)
        }
    }
}

internal import RepriseEventLoop
internal import RepriseVocabulary

/// The one timer of a connection, and what it is set for. Confined to its loop.
final class ConnectionTimer {
    private let loop: EventLoop
    private var event: LoopEvent?
    private var running: Running?
    private var lastActivity: Instant

    private struct Running {
        let kind: ConnectionMachine.TimerKind
        let duration: Duration
    }

    init(on loop: EventLoop, _ fire: @escaping () -> Void) {
        self.loop = loop
        lastActivity = loop.now
        event = .timer(on: loop, fire)
    }

    /// What it is set for.
    var kind: ConnectionMachine.TimerKind? { running?.kind }

    func set(_ kind: ConnectionMachine.TimerKind, for duration: Duration) {
        loop.assertConfined()
        running = Running(kind: kind, duration: duration)
        noteActivity()
        event?.schedule(after: duration)
    }

    /// Stops the timer.
    func clear() {
        running = nil
        event?.stop()
    }

    /// Bytes have moved: an idle timeout starts again. That costs no more than a note.
    func noteActivity() {
        lastActivity = loop.now
    }

    /// The timer has fired.
    ///
    /// - Returns: what for; `nil` when it fired too early, because bytes have moved meanwhile.
    func fired() -> ConnectionMachine.TimerKind? {
        guard let running else { return nil }
        let quiet = loop.now - lastActivity
        if running.kind == .idle || running.kind == .halfClosed, quiet < running.duration {
            event?.schedule(after: running.duration - quiet)
            return nil
        }
        self.running = nil
        return running.kind
    }

    func close() {
        event?.close()
        event = nil
    }
}

internal import RepriseVocabulary

/// What a connection's one deadline is for, and whether it has passed. Its ``Deadlines`` wake it; this says what for.
struct ConnectionTimer: Sendable, Equatable {
    private var running: Running?
    private var lastActivity: Instant

    private struct Running: Equatable {
        let kind: ConnectionMachine.TimerKind
        let duration: Duration
    }

    init(at now: Instant) {
        lastActivity = now
    }

    /// What it is set for.
    var kind: ConnectionMachine.TimerKind? { running?.kind }

    /// The result of a deadline that has passed.
    enum Passed: Equatable {
        /// It was for nothing any more.
        case nothing
        /// Bytes have moved meanwhile: the time is over then.
        case early(until: Instant)
        case over(ConnectionMachine.TimerKind)
    }

    /// - Returns: the deadline.
    mutating func set(_ kind: ConnectionMachine.TimerKind, for duration: Duration, at now: Instant) -> Instant {
        (running, lastActivity) = (Running(kind: kind, duration: duration), now)
        return now + duration
    }

    mutating func clear() { running = nil }

    /// Bytes have moved: an idle timeout starts again. That costs no more than a note.
    mutating func noteActivity(at now: Instant) { lastActivity = now }

    mutating func passed(at now: Instant) -> Passed {
        guard let running else { return .nothing }
        let end = lastActivity + running.duration
        if running.kind == .idle || running.kind == .halfClosed, now < end { return .early(until: end) }
        self.running = nil
        return .over(running.kind)
    }
}

internal import RepriseVocabulary

/// What a connection's one deadline is for, and whether it has passed. Its ``Deadlines`` wake it; this says what for.
struct ConnectionTimer: Sendable, Equatable {
    /// What it is set for.
    private(set) var kind: ConnectionMachine.TimerKind?
    private var duration = Duration.zero
    private var lastActivity: Instant

    init(at now: Instant) {
        lastActivity = now
    }

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
        (self.kind, self.duration, lastActivity) = (kind, duration, now)
        return now + duration
    }

    mutating func clear() { kind = nil }

    /// Bytes have moved: an idle timeout starts again. That costs no more than a note.
    mutating func noteActivity(at now: Instant) { lastActivity = now }

    mutating func passed(at now: Instant) -> Passed {
        guard let kind else { return .nothing }
        if kind == .idle || kind == .halfClosed, now < lastActivity + duration {
            return .early(until: lastActivity + duration)
        }
        self.kind = nil
        return .over(kind)
    }
}

internal import RepriseVocabulary

/// A session that was refused, and by how much it came too late. An object, because few connections have one.
final class LastRefused {
    let state: ResumptionState
    let late: Duration?

    init(state: ResumptionState, late: Duration?) {
        self.state = state
        self.late = late
    }
}

/// What is known of a session that was refused.
extension ConnectionResumption {
    /// By how much a session came too late.
    func late(_ state: ResumptionState, _ reason: ResumptionRefusal) -> Duration? {
        let end: WallTime
        switch reason {
        case .expired: end = state.expires
        case .chainTooOld: end = state.lineage.authenticatedAt.later(by: policy.maximumChainAge)
        case .certificateExpired:
            guard let notAfter = state.peer?.notAfter else { return nil }
            end = notAfter
        default: return nil
        }
        let seconds = clock().secondsSinceEpoch - end.secondsSinceEpoch
        // A clock that was ahead has made one that is not over yet.
        return seconds >= 0 ? .seconds(seconds) : nil
    }

    /// What is known of the session that was refused; `nil` when one was resumed.
    package var refusedSession: RefusedSession? {
        guard case .refused = attempt, let lastRefused else { return nil }
        return RefusedSession(
            lineage: lastRefused.state.lineage, hostID: domain.hostID(lastRefused.state.host), late: lastRefused.late)
    }
}

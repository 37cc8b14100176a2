internal import Glibc
internal import RepriseVocabulary

/// Single-use sessions that a connection is about to prove the secret of, so that no two prove it at once.
///
/// One is held within a single call of libssl's, which blocks on nothing, so that it is worth waiting for.
final class HeldSessions: Sendable {
    private let keys = Locked<Set<SessionKey>>([])

    /// - Returns: `false` when another connection did not let it go within ``ResumptionLimits/holdTries``.
    func hold(_ key: SessionKey) -> Bool {
        for _ in 0..<ResumptionLimits.holdTries {
            if keys.withLock({ $0.insert(key).inserted }) { return true }
            sched_yield()
        }
        return false
    }

    func letGo(_ key: SessionKey) {
        keys.withLock { _ = $0.remove(key) }
    }

    /// How many are held; for tests.
    var count: Int { keys.withLock { $0.count } }
}

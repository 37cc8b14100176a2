internal import Glibc
internal import RepriseVocabulary

/// The single-use sessions that a handshake has taken out of the store, for as long as it lasts.
struct SpentSessions {
    private var sessions: [SessionKey: (der: [UInt8], expires: WallTime)] = [:]

    var isEmpty: Bool { sessions.isEmpty }

    /// A session's DER.
    subscript(key: SessionKey) -> [UInt8]? { sessions[key]?.der }

    mutating func add(_ key: SessionKey, _ der: [UInt8], expires: WallTime) {
        sessions[key] = (der, expires)
    }

    /// Puts them back into the store.
    ///
    /// - Parameter resumed: the one that stays spent.
    mutating func giveBack(to store: LocalSessionStore, but resumed: SessionKey?, at time: WallTime) {
        guard !sessions.isEmpty else { return }
        for (key, session) in sessions where key != resumed {
            store.put(key, session.der, expires: session.expires, at: time)
        }
        wipe()
    }

    /// Forgets them, and overwrites the secrets that are in them.
    ///
    /// - Parameter wiped: sees each when it is wiped and before it is freed; for tests.
    mutating func wipe(_ wiped: (UnsafeRawBufferPointer) -> Void = { _ in }) {
        // An array: the dictionary's own view of its keys would share it, and copies would be wiped.
        for key in Array(sessions.keys) {
            sessions[key]?.der.withUnsafeMutableBytes {
                $0.wipe()
                wiped(UnsafeRawBufferPointer($0))
            }
        }
        sessions = [:]
    }
}

/// Single-use sessions whose secret a connection is about to prove, so that no two connections prove one at once.
///
/// A hold lasts for a single call of libssl's, which blocks on nothing, so that it is worth waiting for.
final class HeldSessions: Sendable {
    private let keys = Locked<Set<SessionKey>>([])

    /// - Returns: `false` when another connection did not release it within ``ResumptionLimits/holdTries``.
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

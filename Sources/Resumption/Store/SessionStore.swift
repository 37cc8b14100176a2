internal import Dispatch
public import RepriseVocabulary

/// Where a cluster keeps its stateful sessions: a program that embeds Reprise brings it.
///
/// What it is given is sealed (AES-256-GCM, under the ticket keys, which the machines of a cluster share by
/// `sessions.tickets.keys`) and bound to its key: a store that is read gives no secret away, and one that answers with
/// what is altered, of another session or no session at all is a miss. What it can do is lose, delay and repeat:
///
/// - **Keys come off the wire.** Whoever has seen a connection knows its session's key, and may ask for any number of
///   others: a key must be looked up as it is, and must not become a path or a statement.
/// - **Losing is fine.** A session that is not there costs its client a full handshake.
/// - **`take` must delete**, so that of several callers at once only one gets the session: single use rests on it.
///
/// Its functions run on the loop of the worker that asks: they must not block, and what waits for a network suspends. One
/// that throws, or has no answer by `sessions.store_deadline`, counts as a miss; a write that takes more than 5 s is
/// cancelled.
///
/// ```swift
/// actor Memory: SessionStore {
///     private var sessions: [SessionKey: [UInt8]] = [:]
///     func get(_ key: SessionKey, at time: WallTime) -> [UInt8]? { sessions[key] }
///     func take(_ key: SessionKey, at time: WallTime) -> [UInt8]? { sessions.removeValue(forKey: key) }
///     func put(_ key: SessionKey, _ session: [UInt8], expires: WallTime, at time: WallTime) { sessions[key] = session }
///     func remove(_ key: SessionKey) { sessions[key] = nil }
/// }
/// ```
public protocol SessionStore: Sendable {
    /// The session under a key, which stays.
    func get(_ key: SessionKey, at time: WallTime) async throws -> [UInt8]?
    /// Removes and returns the session under a key: of several callers at once only one gets it.
    func take(_ key: SessionKey, at time: WallTime) async throws -> [UInt8]?
    /// Keeps a session until its expiry, or until its space is needed; one under the same key is replaced.
    ///
    /// - Parameters:
    ///   - key: its name, which comes off the wire.
    ///   - session: its sealed bytes.
    ///   - expires: when it is of no use any more. It is sealed in, too: a store that keeps it longer does no harm.
    ///   - time: the server's clock.
    func put(_ key: SessionKey, _ session: [UInt8], expires: WallTime, at time: WallTime) async throws
    /// Forgets a session; one that is not there is no error.
    func remove(_ key: SessionKey) async throws
}

/// Runs questions to session stores that no loop asks, apart from Swift's own pool, which has one thread for each
/// processor: code that blocks those does not make the store silent.
final class StoreExecutor: TaskExecutor {
    static let shared = StoreExecutor()

    private let queue = DispatchQueue(label: "session store", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

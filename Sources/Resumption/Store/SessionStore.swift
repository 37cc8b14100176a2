internal import Dispatch
package import RepriseVocabulary

/// Where stateful sessions live: in this process, or on a machine that a cluster shares.
///
/// It stores a session's DER, with its own expiry, which is authoritative: an entry past it is not there. Any thread
/// may call all of it. A store that throws, or is silent past its deadline, counts as a miss.
package protocol SessionStore: Sendable {
    /// The session under a key, which stays.
    func get(_ key: SessionKey, at time: WallTime) async throws -> [UInt8]?
    /// Removes and returns the session under a key: of several callers at once only one gets it.
    func take(_ key: SessionKey, at time: WallTime) async throws -> [UInt8]?
    /// Keeps a session until its expiry, or until its space is needed; one under the same key is replaced.
    func put(_ key: SessionKey, _ session: [UInt8], expires: WallTime, at time: WallTime) async throws
    /// Forgets a session; one that is not there is no error.
    func remove(_ key: SessionKey) async throws
}

/// Runs the questions to session stores on other machines, on threads apart from Swift's own pool, which has one for
/// each processor: code that blocks those does not make the store silent.
final class StoreExecutor: TaskExecutor {
    static let shared = StoreExecutor()

    private let queue = DispatchQueue(label: "session store", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// What a store holds, and what happened to what it held.
package struct StoreCounts: Sendable, Equatable {
    /// Sessions that are there; for a while this includes expired ones that no caller has asked for since.
    package var entries = 0
    /// How much of the memory for records these take: 40 bytes and the DER, rounded up to eight.
    package var bytes = 0
    /// Sessions that gave way to newer ones before they expired.
    package var evicted: UInt64 = 0
    /// Sessions that were found past their expiry, and wiped.
    package var expired: UInt64 = 0
    /// Sessions that were too long to be kept.
    package var refused: UInt64 = 0

    package init() {}

    /// Adds what another part of the store counted.
    mutating func add(_ other: StoreCounts) {
        entries &+= other.entries
        bytes &+= other.bytes
        evicted &+= other.evicted
        expired &+= other.expired
        refused &+= other.refused
    }
}

import Foundation
package import Testing

/// For suites that wait for processes and sockets: their tests run on threads of their own.
///
/// Swift's pool has a thread for each processor, and a test that blocks one holds up all others; more tests than
/// processors may wait.
package struct WaitingTests: SuiteTrait, TestTrait, TestScoping {
    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(WaitingThreads.shared) { try await function() }
    }
}

extension Trait where Self == WaitingTests {
    /// Blocks its thread while it waits for others: `@Suite(.waits)`.
    package static var waits: Self { WaitingTests() }
}

/// Threads that run jobs in the order in which they come.
private final class WaitingThreads: TaskExecutor, @unchecked Sendable {
    // @unchecked: `jobs` is behind `condition`.
    static let shared = WaitingThreads(3 * ProcessInfo.processInfo.activeProcessorCount)

    private let condition = NSCondition()
    private var jobs: [UnownedJob] = []

    private init(_ count: Int) {
        for _ in 0..<count {
            Thread {
                while true { self.next().runSynchronously(on: self.asUnownedTaskExecutor()) }
            }.start()
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        condition.withLock {
            jobs.append(job)
            condition.signal()
        }
    }

    private func next() -> UnownedJob {
        condition.withLock {
            while jobs.isEmpty { condition.wait() }
            return jobs.removeFirst()
        }
    }
}

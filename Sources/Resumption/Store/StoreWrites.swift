internal import RepriseVocabulary

/// The writes to a store on other machines that are under way: no handshake waits for one, and none for ever.
///
/// After a write that fails, is skipped or is given up it is as if the store had forgotten the session at once.
final class StoreWrites: Sendable {
    private let state = Locked(State())

    private struct State {
        var underWay: [Int: Write] = [:]
        var begun = 0
        var leftOut = 0
        /// Before this none can be late: a look at all of them for each write would cost more the more there are.
        var soonest: ContinuousClock.Instant?
    }

    /// One write, and those that must follow it.
    final class Write: Sendable {
        fileprivate let number: Int
        fileprivate let since = ContinuousClock.now
        private let progress = Locked(Progress())

        private struct Progress {
            var isOver = false
            var task: Task<Void, Never>?
            var waiting: [CheckedContinuation<Void, Never>] = []
        }

        fileprivate init(_ number: Int) {
            self.number = number
        }

        fileprivate func isDone(by task: Task<Void, Never>) {
            progress.withLock { if !$0.isOver { $0.task = task } }
        }

        /// It has ended, or is given up; the store may not know.
        fileprivate func end() {
            let (task, waiting) = progress.withLock { progress in
                defer { (progress.isOver, progress.task, progress.waiting) = (true, nil, []) }
                return (progress.task, progress.waiting)
            }
            task?.cancel()
            for continuation in waiting { continuation.resume() }
        }

        fileprivate func wait() async {
            await withCheckedContinuation { continuation in
                let isOver = progress.withLock { progress in
                    if !progress.isOver { progress.waiting.append(continuation) }
                    return progress.isOver
                }
                if isOver { continuation.resume() }
            }
        }
    }

    /// How many were skipped or given up because the store is too slow.
    var leftOut: Int { state.withLock { $0.leftOut } }
    /// How many are under way.
    var count: Int { state.withLock { $0.underWay.count } }

    /// Begins a write; when ``ResumptionLimits/storeWrites`` are under way it is skipped and counted.
    ///
    /// - Returns: the write that the next one about the same sessions must follow.
    func begin(
        after previous: Write?, on executor: (any TaskExecutor)?, _ body: @escaping @Sendable () async throws -> Void
    ) -> Write? {
        giveUpLate()
        let write: Write? = state.withLock { state in
            guard state.underWay.count < ResumptionLimits.storeWrites else {
                state.leftOut += 1
                return nil
            }
            state.begun += 1
            let write = Write(state.begun)
            state.underWay[write.number] = write
            if state.soonest == nil { state.soonest = write.since + ResumptionLimits.storeWriteDeadline }
            return write
        }
        guard let write else { return previous }
        write.isDone(
            by: Task(executorPreference: executor ?? StoreExecutor.shared) { [self] in
                await previous?.wait()
                // It was given up meanwhile: what followed it may be done already.
                guard state.withLock({ $0.underWay[write.number] != nil }) else { return }
                try? await body()
                if state.withLock({ $0.underWay.removeValue(forKey: write.number) }) != nil { write.end() }
            })
        return write
    }

    /// Gives up the writes that took longer than ``ResumptionLimits/storeWriteDeadline``: they count as left out.
    func giveUpLate(at now: ContinuousClock.Instant = .now) {
        let late: [Write] = state.withLock { state in
            guard let soonest = state.soonest, now > soonest else { return [] }
            let late = state.underWay.values.filter { now - $0.since > ResumptionLimits.storeWriteDeadline }
            for write in late { state.underWay[write.number] = nil }
            state.leftOut += late.count
            state.soonest = state.underWay.values.map(\.since).min().map { $0 + ResumptionLimits.storeWriteDeadline }
            return late
        }
        for write in late { write.end() }
    }
}

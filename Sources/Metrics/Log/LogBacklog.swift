import RepriseVocabulary

/// The lines that wait to be written: any thread adds, the one writer removes.
///
/// A thread holds the lock for a few stores, and never over a system call but the one that wakes a sleeping writer.
final class LogBacklog: Sendable {
    /// One caller that waits for the lines before it.
    private struct Flush: Sendable {
        let target: UInt64
        let pipe: WakePipe
    }

    private struct State: Sendable {
        var pending: [LogEntry] = []
        /// Lines that the writer has taken, and not yet written.
        var underway = 0
        var writerSleeps = false
        var isStopped = false
        /// Lines lost since a line last reported losses.
        var unreported: UInt64 = 0
        var accepted: UInt64 = 0
        var finished: UInt64 = 0
        var flushes: [Flush] = []
    }

    private let state = Locked(State())
    private let limit: Int
    private let dropped: Counter
    /// Where the writer sleeps.
    let pipe = WakePipe()

    init(limit: Int, dropped: Counter) {
        precondition(limit > 0, "a log queue of \(limit) entries")
        self.limit = limit
        self.dropped = dropped
    }

    /// How many lines wait.
    var depth: Int { state.withLock { $0.pending.count + $0.underway } }

    /// Takes a line over, or drops it and counts it when there are too many.
    func submit(_ entry: LogEntry) {
        let mustWake = state.withLock { state -> Bool in
            guard !state.isStopped, state.pending.count + state.underway < limit else {
                state.unreported += 1
                dropped.add()
                return false
            }
            state.pending.append(entry)
            state.accepted += 1
            // A writer that is awake looks here by itself; this saves a system call for each line.
            guard state.writerSleeps || state.pending.count == (limit + 1) / 2 else { return false }
            state.writerSleeps = false
            return true
        }
        if mustWake { pipe.wake() }
    }

    /// Swaps the pending lines for the empty `batch`, whose memory is used again.
    ///
    /// - Returns: whether the queue was stopped: an empty batch is the last one then.
    func take(_ batch: inout [LogEntry]) -> Bool {
        state.withLock { state in
            swap(&state.pending, &batch)
            state.underway += batch.count
            return state.isStopped
        }
    }

    /// Counts lines as written, or as lost when they could not be; wakes the callers that wait for them.
    func finish(_ count: Int, lost: Bool) {
        state.withLock { state in
            state.underway -= count
            state.finished += UInt64(count)
            if lost {
                state.unreported += UInt64(count)
                dropped.add(UInt64(count))
            }
            let finished = state.finished
            state.flushes.removeAll { flush in
                guard flush.target <= finished else { return false }
                flush.pipe.wake()
                return true
            }
        }
    }

    /// How many lines were lost since the last call.
    func takeUnreported() -> UInt64 {
        state.withLock { state in
            defer { state.unreported = 0 }
            return state.unreported
        }
    }

    /// Puts back a count whose report could not be written.
    func putBackUnreported(_ count: UInt64) {
        state.withLock { $0.unreported += count }
    }

    /// Notes that the writer goes to sleep until it is woken.
    ///
    /// - Returns: `false` when there is something to do.
    func writerMaySleep() -> Bool {
        state.withLock { state in
            state.writerSleeps = state.pending.isEmpty && !state.isStopped
            return state.writerSleeps
        }
    }

    /// Takes no more lines; the writer ends when it has written those that wait.
    func stop() {
        state.withLock { $0.isStopped = true }
        pipe.wake()
    }

    /// Whether ``stop()`` was called.
    var isStopped: Bool { state.withLock { $0.isStopped } }

    /// Waits until the lines before this call have been written, or the time is over.
    @discardableResult
    func flush(within limit: Duration) -> Bool {
        let waiting = WakePipe()
        let target = state.withLock { state -> UInt64? in
            guard state.finished < state.accepted else { return nil }
            state.flushes.append(Flush(target: state.accepted, pipe: waiting))
            return state.accepted
        }
        guard let target else { return true }
        pipe.wake()
        waiting.sleep(milliseconds: pollMilliseconds(limit))
        return state.withLock { state in
            state.flushes.removeAll { $0.pipe === waiting }
            return state.finished >= target
        }
    }
}

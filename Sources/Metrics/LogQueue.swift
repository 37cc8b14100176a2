internal import Glibc
package import Logging
internal import Synchronization
internal import Vocabulary

/// The bounded queue that log lines leave through: putting one in never waits, a thread of its own writes them.
// @unchecked: the state is behind `lock`; the condition variable is made in init and destroyed in deinit.
package final class LogQueue: @unchecked Sendable {
    /// How many entries wait at the most; what comes beyond is dropped and counted.
    package static let defaultLimit = 8192

    private let limit: Int
    private let descriptor: CInt
    private let colored: Bool
    private let dropped: Counter
    private let levelNumber: Atomic<Int>
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let arrived = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let written = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var entries: [LogEntry] = []
    private var droppedUnreported = 0
    private var isWriting = false
    private var isClosed = false
    private var formatNow: LogFormat
    private var thread: pthread_t?

    /// A queue whose thread runs at once.
    ///
    /// - Parameters:
    ///   - colored: paint levels; for terminals only, and only in text.
    ///   - descriptor: where lines are written; it stays open.
    ///   - limit: how many entries wait at the most.
    ///   - dropped: counts those that found no place.
    package init(
        format: LogFormat, level: Logger.Level, colored: Bool, descriptor: CInt, limit: Int = LogQueue.defaultLimit,
        dropped: Counter
    ) {
        self.limit = limit
        self.descriptor = descriptor
        self.colored = colored
        self.dropped = dropped
        formatNow = format
        levelNumber = Atomic(Self.number(level))
        pthread_mutex_init(lock, nil)
        pthread_cond_init(arrived, nil)
        pthread_cond_init(written, nil)
        var thread = pthread_t()
        let result = pthread_create(&thread, nil, writerMain, Unmanaged.passUnretained(self).toOpaque())
        precondition(result == 0, "no thread for the log")
        self.thread = thread
    }

    deinit {
        close()
        pthread_mutex_destroy(lock)
        pthread_cond_destroy(arrived)
        pthread_cond_destroy(written)
        lock.deallocate()
        arrived.deallocate()
        written.deallocate()
    }

    /// What is below this is not worth putting together.
    package var level: Logger.Level {
        get { Logger.Level.allCases[levelNumber.load(ordering: .relaxed)] }
        set { levelNumber.store(Self.number(newValue), ordering: .relaxed) }
    }

    /// How lines are written from now on.
    package var format: LogFormat {
        get { locked { formatNow } }
        set { locked { formatNow = newValue } }
    }

    /// How many entries wait.
    package var depth: Int { locked { entries.count } }

    /// Puts an entry in, or drops it when the queue is full.
    package func submit(_ entry: LogEntry) {
        let isKept = locked {
            guard entries.count < limit, !isClosed else {
                droppedUnreported += 1
                return false
            }
            entries.append(entry)
            pthread_cond_signal(arrived)
            return true
        }
        if !isKept { dropped.add(1) }
    }

    /// Writes what waits and ends the thread. Entries that come later are dropped.
    package func close() {
        guard let thread else { return }
        locked {
            isClosed = true
            pthread_cond_signal(arrived)
        }
        pthread_join(thread, nil)
        self.thread = nil
    }

    /// Waits until everything that was put in before is written.
    package func flush() {
        pthread_mutex_lock(lock)
        while !entries.isEmpty || isWriting { pthread_cond_wait(written, lock) }
        pthread_mutex_unlock(lock)
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }

    private static func number(_ level: Logger.Level) -> Int {
        Logger.Level.allCases.firstIndex(of: level) ?? 0
    }

    fileprivate func writeUntilClosed() {
        while let (batch, lost, format) = nextBatch() {
            var text = ""
            for entry in batch { text += LogFormatter.line(entry, as: format, colored: colored) }
            if lost > 0, let last = batch.last {
                let entry = LogEntry(
                    time: last.time, level: .error, message: "log lines dropped", fields: [("count", .int(Int64(lost)))]
                )
                text += LogFormatter.line(entry, as: format, colored: colored)
            }
            write(text)
            locked {
                isWriting = false
                pthread_cond_broadcast(written)
            }
        }
    }

    /// Waits for entries; `nil` when the queue is closed and empty.
    private func nextBatch() -> (entries: [LogEntry], lost: Int, format: LogFormat)? {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while entries.isEmpty, !isClosed { pthread_cond_wait(arrived, lock) }
        guard !entries.isEmpty else { return nil }
        defer { (entries, droppedUnreported) = ([], 0) }
        isWriting = true
        return (entries, droppedUnreported, formatNow)
    }

    private func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count > 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                } else if errno == EAGAIN {
                    var poller = pollfd(fd: descriptor, events: CShort(POLLOUT), revents: 0)
                    poll(&poller, 1, -1)
                } else if errno != EINTR {
                    // Whoever read the log is gone: serving goes on.
                    return
                }
            }
        }
    }
}

/// The body of the writer's thread; `context` is the queue, which joins the thread before it goes.
private func writerMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<LogQueue>.fromOpaque(context).takeUnretainedValue().writeUntilClosed()
    return nil
}

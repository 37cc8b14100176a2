import Glibc
package import Logging
import Synchronization
import Vocabulary

/// The way log lines leave the process: a bounded queue, and a thread of its own that writes them.
///
/// Handing in a line never waits for the descriptor behind it: a full queue drops the line and counts it, and one
/// line says how many were lost when lines get through again. The thread ends with the queue.
package final class LogQueue: Sendable {
    private let backlog: LogBacklog
    private let style: LogStyle
    private let threshold: Atomic<UInt8>

    /// Starts the writer.
    ///
    /// - Parameters:
    ///   - format: how lines are written.
    ///   - color: whether text lines are coloured; the caller asks isatty(3).
    ///   - descriptor: where lines go; it is neither closed nor made non-blocking, and may be non-blocking.
    ///   - level: lines below it are not taken.
    ///   - limit: how many lines may wait.
    ///   - dropped: counts the lines that were lost.
    /// - Throws: ``LogQueueError`` when there is no thread or no pipe to be had.
    package init(
        format: LogFormat, color: Bool = false, descriptor: CInt = STDERR_FILENO, level: Logger.Level = .info,
        limit: Int = Limits.logQueueEntries, dropped: Counter
    ) throws(LogQueueError) {
        style = LogStyle(format: format, color: color)
        threshold = Atomic(UInt8(level.place))
        backlog = try LogBacklog(limit: limit, dropped: dropped)
        try startLogThread(LogWriter(backlog: backlog, descriptor: descriptor, style: style))
    }

    deinit {
        backlog.stop()
    }

    /// Takes a line over, whatever the level; ask ``isEnabled(_:)`` before putting one together.
    ///
    /// Called on any thread; costs a lock held for a few stores, and a system call when the writer has slept.
    package func submit(_ entry: LogEntry) {
        backlog.submit(entry)
    }

    /// Whether lines of that level are wanted.
    package func isEnabled(_ level: Logger.Level) -> Bool {
        level.place >= Int(threshold.load(ordering: .relaxed))
    }

    /// The least level that is wanted; a reload sets it.
    package var level: Logger.Level {
        get { Logger.Level.allCases[Int(threshold.load(ordering: .relaxed))] }
        set { threshold.store(UInt8(newValue.place), ordering: .relaxed) }
    }

    /// Changes the format from the next line on; a reload does.
    package func setFormat(_ format: LogFormat, color: Bool) {
        style.value = (format, color)
    }

    /// How many lines wait to be written.
    package var depth: Int { backlog.depth }

    /// Waits until every line handed in before has been written or lost, for so long at the most.
    ///
    /// Blocks the calling thread: for the end of the process, never for a loop.
    /// - Returns: whether nothing is left.
    @discardableResult
    package func flush(within limit: Duration) -> Bool {
        backlog.flush(within: limit)
    }
}

extension Logger.Level {
    /// The place in `allCases`, from `trace` up.
    var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

import Glibc
package import Logging
package import RepriseVocabulary
import Synchronization

/// The path of log lines out of the process: a bounded queue, and a thread that writes them.
///
/// Handing in a line never waits for the descriptor behind it: a full queue drops the line and counts it, and one
/// line says how many were lost when lines get through again. The thread ends with the queue.
package final class LogQueue: Sendable {
    private let backlog: LogBacklog
    private let writer: LogWriter
    private let threshold: Atomic<Int>
    /// Where lines go until the configuration says otherwise.
    package let own: LogSink

    /// Starts the writer.
    ///
    /// - Parameters:
    ///   - format: how lines are written.
    ///   - level: the lowest level to write.
    ///   - colored: whether text lines are coloured; the caller asks isatty(3).
    ///   - descriptor: where lines go; it is neither closed nor made non-blocking, and may be non-blocking.
    ///   - form: what stands around each line.
    ///   - limit: how many lines may wait.
    ///   - dropped: counts the lines that were lost.
    package init(
        format: LogFormat, level: Logger.Level, colored: Bool, descriptor: CInt, form: LogSink.Form = .plain,
        limit: Int = Limits.logQueueEntries, dropped: Counter
    ) {
        own = LogSink(borrowing: descriptor, form, colored: colored)
        threshold = Atomic(level.ordinal)
        backlog = LogBacklog(limit: limit, dropped: dropped)
        writer = LogWriter(backlog: backlog, sink: own, format: format)
        start(on: descriptor)
    }

    /// As the other, with lines for another program's logger; `nil`: for standard error, as text.
    package init(
        level: Logger.Level, logger: Logger?, limit: Int = Limits.logQueueEntries, dropped: Counter
    ) {
        own = LogSink(borrowing: STDERR_FILENO)
        threshold = Atomic(level.ordinal)
        backlog = LogBacklog(limit: limit, dropped: dropped)
        writer = LogWriter(backlog: backlog, sink: own, format: .text, logger: logger)
        start(on: STDERR_FILENO)
    }

    private func start(on descriptor: CInt) {
        let code = startLogThread(writer)
        guard code != 0 else { return }
        // Serving goes on without a log; this is the one line that can say so, and the metric counts the rest.
        backlog.stop()
        let line = "no log: cannot start the writer's thread: \(String(cString: strerror(code)))\n"
        _ = line.utf8.withContiguousStorageIfAvailable { write(descriptor, $0.baseAddress, $0.count) }
    }

    deinit {
        backlog.stop()
    }

    /// Takes a line of any level; ask ``level`` before building one.
    ///
    /// Called on any thread; costs a lock held for a few stores, and a system call when the writer has slept.
    package func submit(_ entry: LogEntry) {
        backlog.submit(entry)
    }

    /// The least level that is wanted; a reload sets it.
    package var level: Logger.Level {
        get { Logger.Level.allCases[threshold.load(ordering: .relaxed)] }
        set { threshold.store(newValue.ordinal, ordering: .relaxed) }
    }

    /// How lines are written from the next one on; a reload sets it, and colours are for text only.
    package var format: LogFormat {
        get { writer.format }
        set { writer.format = newValue }
    }

    /// Where lines go from the next batch on; a reload sets it.
    package var sink: LogSink {
        get { writer.sink }
        set { writer.sink = newValue }
    }

    /// Whether another program's logger gets the lines, whatever ``sink`` is.
    package var hasLogger: Bool { writer.hasLogger }

    /// How many lines wait to be written.
    package var depth: Int { backlog.depth }

    /// Waits until every line handed in before is written or lost, for at most that long.
    ///
    /// Blocks the calling thread: for the end of the process, never for a loop.
    /// - Returns: whether nothing is left.
    @discardableResult
    package func flush(within limit: Duration = Limits.logFlushWait) -> Bool {
        backlog.flush(within: limit)
    }

    /// Writes what waits, and ends the thread; later lines are dropped.
    ///
    /// A descriptor that takes nothing (a pipe whose reader stands still) holds this up for
    /// ``Limits/logFlushWait`` at the most.
    package func close() {
        backlog.stop()
        backlog.flush(within: Limits.logFlushWait)
    }
}

extension Logger.Level {
    /// The index in `allCases`, from `trace` up.
    var ordinal: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// Starts the writer on a detached thread, which keeps it until `run` returns.
///
/// - Returns: 0, or why there is no thread (pthread_create(3)).
func startLogThread(_ writer: LogWriter) -> CInt {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(writer)
    let code = pthread_create(&thread, nil, runLogWriter, context.toOpaque())
    guard code == 0 else {
        context.release()
        return code
    }
    pthread_detach(thread)
    return 0
}

/// The thread's first function: a C function, hence at file scope.
private func runLogWriter(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    // Other threads handle signals, and a reader that is gone (SIGPIPE) is an errno here.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    guard let context else { return nil }
    Unmanaged<LogWriter>.fromOpaque(context).takeRetainedValue().run()
    return nil
}

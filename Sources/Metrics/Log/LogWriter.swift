import Logging
import RepriseVocabulary
import Synchronization

/// The log's thread: takes lines from the backlog, turns them into text and hands them to the output.
///
/// After any answer of the output it goes on with the next line.
final class LogWriter: Sendable {
    /// How long an awake writer rests between two looks at the backlog: a burst costs the loops no wake-up.
    private static let rest: CInt = 20
    /// After that many rests without a line the writer sleeps until it is woken.
    private static let restsBeforeSleep = 25

    private let backlog: LogBacklog
    private let current: Locked<LogSink>
    private let formatOrdinal: Atomic<Int>
    /// Gets the lines instead of the descriptor.
    private let logger: Logger?

    init(backlog: LogBacklog, sink: LogSink, format: LogFormat, logger: Logger? = nil) {
        self.logger = logger
        self.backlog = backlog
        current = Locked(sink)
        formatOrdinal = Atomic(format.ordinal)
    }

    /// How lines are written from the next batch on.
    var format: LogFormat {
        get { LogFormat.allCases[formatOrdinal.load(ordering: .relaxed)] }
        set { formatOrdinal.store(newValue.ordinal, ordering: .relaxed) }
    }

    /// Where lines go from the next batch on.
    var sink: LogSink {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }

    /// Whether another program's logger gets the lines.
    var hasLogger: Bool { logger != nil }

    /// Runs on the writer's thread until the backlog is stopped and empty.
    func run() {
        var batch: [LogEntry] = []
        var formatter = LogFormatter(format: format, isColored: sink.isColored)
        var output = LogOutput(sink: sink, backlog: backlog)
        var quietRests = 0
        while true {
            let isLast = backlog.take(&batch)
            guard !batch.isEmpty else {
                if isLast { return }
                quietRests += 1
                if quietRests < Self.restsBeforeSleep {
                    backlog.pipe.sleep(milliseconds: Self.rest)
                } else if backlog.writerMaySleep() {
                    backlog.pipe.sleep(milliseconds: -1)
                }
                continue
            }
            quietRests = 0
            formatter.format = format
            output.sink = sink
            formatter.isColored = output.sink.isColored
            if let logger {
                hand(batch, to: logger)
                batch.removeAll(keepingCapacity: true)
                continue
            }
            write(batch, formatter: &formatter, output: &output)
            batch.removeAll(keepingCapacity: true)
            if !isLast { backlog.pipe.sleep(milliseconds: Self.rest) }
        }
    }

    /// Its own level and handler decide what becomes of the lines.
    private func hand(_ batch: [LogEntry], to logger: Logger) {
        for entry in batch {
            let fields = entry.fields.map { ($0, Logger.MetadataValue.string(LogFormatter.text(of: $1))) }
            logger.log(
                level: entry.level, "\(entry.message)", metadata: Logger.Metadata(fields) { $1 }, source: "Reprise")
        }
        backlog.finish(batch.count, lost: false)
        let lost = backlog.takeUnreported()
        if lost > 0 { logger.warning("log lines dropped", metadata: ["count": "\(lost)"], source: "Reprise") }
    }

    private func write(_ batch: [LogEntry], formatter: inout LogFormatter, output: inout LogOutput) {
        var chunk: [UInt8] = []
        var lines = 0
        var line: [UInt8] = []
        if output.sink.form == .syslog { return send(batch, formatter: &formatter, output: &output) }
        for entry in batch {
            line.removeAll(keepingCapacity: true)
            Self.append(entry, to: &line, &formatter, output.sink.form)
            if chunk.count + line.count > Limits.logWriteBytes, lines > 0 {
                backlog.finish(lines, lost: !output.write(chunk))
                chunk.removeAll(keepingCapacity: true)
                lines = 0
            }
            chunk += line
            lines += 1
        }
        let isWritten = output.write(chunk)
        backlog.finish(lines, lost: !isWritten)
        if isWritten, let last = batch.last { reportLost(at: last.time, formatter: &formatter, output: &output) }
    }

    private static func append(
        _ entry: LogEntry, to line: inout [UInt8], _ formatter: inout LogFormatter, _ form: LogSink.Form
    ) {
        if form == .journal { line += "<\(entry.level.severity)>".utf8 }
        formatter.append(entry, to: &line)
    }

    /// A datagram for each line.
    private func send(_ batch: [LogEntry], formatter: inout LogFormatter, output: inout LogOutput) {
        var line: [UInt8] = []
        for entry in batch {
            line.removeAll(keepingCapacity: true)
            formatter.append(entry, to: &line)
            let isSent = output.send(line, of: entry)
            backlog.finish(1, lost: !isSent)
            if isSent { reportLost(at: entry.time, formatter: &formatter, output: &output) }
        }
    }

    /// Says once how many lines were lost, now that lines get through again.
    private func reportLost(at time: WallTime, formatter: inout LogFormatter, output: inout LogOutput) {
        let count = backlog.takeUnreported()
        guard count > 0 else { return }
        var line: [UInt8] = []
        let entry = LogEntry(
            time: time, level: .warning, message: "log lines dropped", fields: [("count", .int(Int64(clamping: count)))]
        )
        Self.append(entry, to: &line, &formatter, output.sink.form)
        let isWritten = output.sink.form == .syslog ? output.send(line, of: entry) : output.write(line)
        if !isWritten { backlog.putBackUnreported(count) }
    }
}

extension LogFormat {
    /// The index in `allCases`.
    fileprivate var ordinal: Int { self == .text ? 0 : 1 }
}

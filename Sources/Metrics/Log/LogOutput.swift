import Glibc
import RepriseVocabulary

/// The descriptor that log lines go to.
///
/// It never blocks in write(2) on a pipe: it asks poll(2) first, and writes what a pipe takes. So it can be stopped.
struct LogOutput {
    /// Where lines go from the next batch on.
    var sink: LogSink
    let backlog: LogBacklog
    /// Whether the queue was stopped and the descriptor took nothing for ``Limits/logStopWait``: the rest is lost at
    /// once.
    private var hasGivenUp = false

    init(sink: LogSink, backlog: LogBacklog) {
        self.sink = sink
        self.backlog = backlog
    }

    /// Writes a line as the sink has it, which for datagrams is at once.
    mutating func send(_ line: [UInt8], of entry: LogEntry) -> Bool {
        sink.send(line, entry.level, at: entry.time)
    }

    /// Writes all bytes; `false` when the descriptor refuses them, or takes nothing while the queue is stopped.
    mutating func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard waitUntilReady() else { return false }
            let (count, code) = rest.prefix(Limits.logWriteBytes).withUnsafeBytes { buffer in
                let count = Glibc.write(sink.descriptor, buffer.baseAddress, buffer.count)
                return (count, errno)
            }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if code != EINTR && code != EAGAIN {
                return false
            }
        }
        return true
    }

    private mutating func waitUntilReady() -> Bool {
        while !hasGivenUp {
            let limit = backlog.isStopped ? pollMilliseconds(Limits.logStopWait) : -1
            let (wasWoken, isReady) = backlog.pipe.sleep(milliseconds: limit, output: sink.descriptor)
            if isReady { return true }
            hasGivenUp = !wasWoken && limit >= 0
        }
        return false
    }
}

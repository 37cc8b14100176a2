import Foundation
import Logging
import RepriseMetrics
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// A log daemon that reads when it likes.
private final class LogDaemon {
    let path = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID().uuidString.prefix(8))").path
    private let descriptor: CInt

    init() {
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        precondition(isBound, "no socket at \(path)")
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// The datagram that comes next, within ten seconds.
    func next() -> String? {
        var watched = pollfd(fd: descriptor, events: CShort(POLLIN), revents: 0)
        guard poll(&watched, 1, 10_000) > 0 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}

@Suite struct LogSinkTests {
    private func entry(_ level: Logger.Level, _ message: String = "m") -> LogEntry {
        LogEntry(time: WallTime(secondsSinceEpoch: 0), level: level, message: message)
    }

    private func queue(limit: Int = Limits.logQueueEntries, dropped: Counter = Counter()) -> LogQueue {
        LogQueue(
            format: .json, level: .trace, colored: false, descriptor: STDERR_FILENO, limit: limit, dropped: dropped)
    }

    @Test func `the system's log gets a datagram for each line, with its severity and the facility of daemons`() throws
    {
        let daemon = LogDaemon()
        let queue = queue()
        queue.sink = try .syslog(at: daemon.path)
        let severities: [(Logger.Level, Int)] = [
            (.trace, 31), (.debug, 31), (.info, 30), (.notice, 29), (.warning, 28), (.error, 27), (.critical, 26),
        ]
        for (level, priority) in severities {
            queue.submit(entry(level))
            let line = try #require(daemon.next())
            let tag = /^<(\d+)>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d reprise\[\d+\]: (\{.*\})$/
            let match = try #require(line.firstMatch(of: tag), "\(line)")
            #expect(Int(match.output.1) == priority && match.output.2.contains("\"level\":\"\(level)\""), "\(line)")
        }
    }

    @Test func `a log daemon that reads nothing costs lines, which are counted, and never the time of anyone`() throws {
        let daemon = LogDaemon()
        let dropped = Counter()
        let queue = queue(dropped: dropped)
        queue.sink = try .syslog(at: daemon.path)
        for _ in 0..<2000 { queue.submit(entry(.info)) }
        #expect(queue.flush(within: .seconds(10)))
        #expect(dropped.value > 0)
    }

    @Test func `no log daemon costs lines, and one that comes is told how many`() throws {
        let dropped = Counter()
        let queue = queue(dropped: dropped)
        let daemon = LogDaemon()
        queue.sink = try .syslog(at: daemon.path + "-gone")
        queue.submit(entry(.info))
        #expect(queue.flush(within: .seconds(10)) && dropped.value == 1)
        queue.sink = try .syslog(at: daemon.path)
        queue.submit(entry(.info, "later"))
        #expect(daemon.next()?.contains("later") == true)
        #expect(daemon.next()?.contains("log lines dropped") == true)
    }

    @Test func `the journal's form puts the severity in front of each line`() throws {
        let pipe = LogPipe()
        defer { withExtendedLifetime(pipe) {} }
        let queue = LogQueue(
            format: .text, level: .info, colored: false, descriptor: pipe.writer, form: .journal, dropped: Counter())
        queue.submit(entry(.error))
        queue.submit(entry(.info))
        let lines = pipe.read { $0.split(separator: "\n").count == 2 }.split(separator: "\n")
        #expect(lines.map { $0.prefix(7) } == ["<3>1970", "<6>1970"])
    }

    @Test func `a pipe is the journal only by its own number`() {
        let pipe = LogPipe()
        var status = stat()
        fstat(pipe.writer, &status)
        #expect(LogSink.isJournal(pipe.writer, journalStream: "\(status.st_dev):\(status.st_ino)"))
        #expect(!LogSink.isJournal(pipe.writer, journalStream: "\(status.st_dev):\(status.st_ino + 1)"))
        #expect(!LogSink.isJournal(pipe.writer, journalStream: nil))
    }
}

import Foundation
import Glibc
import Logging
import Metrics
import TestSupport
import Testing
import Vocabulary

private let time = WallTime(secondsSinceEpoch: 1_700_000_000, nanoseconds: 123_000_000)

private func entry(_ message: String, _ fields: [(String, LogValue)] = []) -> LogEntry {
    LogEntry(time: time, level: .info, message: message, fields: fields)
}

/// A pipe, and what came out of it once its writing end is closed.
private struct TestPipe: Sendable {
    let write: CInt
    private let read: CInt

    init() {
        var ends: [CInt] = [0, 0]
        pipe(&ends)
        (read, write) = (ends[0], ends[1])
    }

    func readToEnd() -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = Glibc.read(read, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        close(read)
        return String(decoding: bytes, as: UTF8.self)
    }
}

@Suite struct LogTests {
    @Test func `a line of text has time, level, message and fields`() {
        let line = LogFormatter.line(
            entry("connection closed", [("client", .string("127.0.0.1:1")), ("bytes", .int(5)), ("name", .string("a b"))]),
            as: .text, colored: false)
        #expect(line == "2023-11-14T22:13:20.123Z INFO     connection closed  client=127.0.0.1:1  bytes=5  name=\"a b\"\n")
    }

    @Test(arguments: ["a\nlevel=error", "quote\"", "back\\slash", "tab\t", "esc\u{1B}[31m", "\u{2028}", "\u{9B}", ""])
    func `nothing in a field begins another line, another field or a terminal's command`(value: String) throws {
        let json = LogFormatter.line(entry("m", [("sni", .string(value))]), as: .json, colored: false)
        #expect(json.filter(\.isNewline) == "\n")
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        #expect(object?["sni"] as? String == value)
        let text = LogFormatter.line(entry("m", [("sni", .string(value))]), as: .text, colored: false)
        #expect(text.unicodeScalars.filter { $0.value < 0x20 || $0 == "\u{1B}" || $0 == "\u{9B}" }.count == 1)
    }

    @Test func `colors are for terminals only`() {
        #expect(LogFormatter.line(entry("m"), as: .text, colored: true).contains("\u{1B}[32m"))
        #expect(!LogFormatter.line(entry("m"), as: .text, colored: false).contains("\u{1B}"))
        #expect(!LogFormatter.line(entry("m"), as: .json, colored: true).contains("\u{1B}"))
    }

    @Test func `lines come out in the order in which they went in`() {
        let pipe = TestPipe()
        let queue = LogQueue(format: .json, level: .info, colored: false, descriptor: pipe.write, dropped: MetricRegistry().counter(MetricCatalog.logLinesDropped))
        for number in 0..<200 { queue.submit(entry("n", [("number", .int(Int64(number)))])) }
        queue.close()
        close(pipe.write)
        let lines = pipe.readToEnd().split(separator: "\n")
        #expect(lines.count == 200)
        #expect(lines.enumerated().allSatisfy { $1.contains("\"number\":\($0)}") })
    }

    @Test func `a full queue drops and counts, never waits, and says how many were lost`() {
        let pipe = TestPipe()
        let dropped = MetricRegistry().counter(MetricCatalog.logLinesDropped)
        let queue = LogQueue(
            format: .json, level: .info, colored: false, descriptor: pipe.write, limit: 10, dropped: dropped)
        let long = String(repeating: "x", count: 200_000)
        // The first line fills the pipe, which nobody reads yet: the writer is stuck on it.
        queue.submit(entry(long))
        #expect(eventually { queue.depth == 0 })
        for _ in 0..<15 { queue.submit(entry("later")) }
        #expect(dropped.value == 5)
        let contents = Contents()
        Thread { contents.text = pipe.readToEnd() }.start()
        queue.close()
        close(pipe.write)
        #expect(eventually { contents.text != nil })
        #expect(contents.text?.contains("\"message\":\"log lines dropped\",\"count\":5") == true)
    }

    @Test func `a reader that is gone does not end the process`() {
        signal(SIGPIPE, SIG_IGN)
        var ends: [CInt] = [0, 0]
        pipe(&ends)
        close(ends[0])
        let queue = LogQueue(
            format: .text, level: .info, colored: false, descriptor: ends[1],
            dropped: MetricRegistry().counter(MetricCatalog.logLinesDropped))
        queue.submit(entry("nobody reads this"))
        queue.close()
        close(ends[1])
    }
}

private final class Contents: @unchecked Sendable {
    // @unchecked: behind the lock.
    private let lock = NSLock()
    private var value: String?
    var text: String? {
        get { lock.withLock { value } }
        set { lock.withLock { value = newValue } }
    }
}

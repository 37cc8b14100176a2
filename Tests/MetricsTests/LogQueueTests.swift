import Foundation
import Glibc
import Logging
import RepriseMetrics
import RepriseVocabulary
import Testing

@Suite struct LogQueueTests {
    @Test(arguments: [false, true])
    func `lines leave in the order they came`(_ nonBlocking: Bool) throws {
        let pipe = LogPipe(nonBlocking: nonBlocking)
        defer { withExtendedLifetime(pipe) {} }
        let dropped = Counter()
        let queue = LogQueue(format: .text, level: .info, colored: false, descriptor: pipe.writer, dropped: dropped)
        for number in 0..<500 { queue.submit(entry(number)) }
        #expect(queue.flush(within: .seconds(10)))
        #expect(numbers(pipe.read()) == Array(0..<500))
        #expect(dropped.value == 0 && queue.depth == 0)
    }

    @Test func `a line comes out without a flush, and again after a rest`() throws {
        let pipe = LogPipe()
        defer { withExtendedLifetime(pipe) {} }
        let queue = LogQueue(format: .text, level: .info, colored: false, descriptor: pipe.writer, dropped: Counter())
        for number in 0..<3 {
            queue.submit(entry(number))
            #expect(numbers(pipe.read { $0.contains("\n") }) == [number])
        }
    }

    @Test(arguments: [false, true])
    func `a reader that stands still drops lines, and is told how many`(_ nonBlocking: Bool) throws {
        let pipe = LogPipe(nonBlocking: nonBlocking)
        defer { withExtendedLifetime(pipe) {} }
        let dropped = Counter()
        let queue = LogQueue(
            format: .text, level: .info, colored: false, descriptor: pipe.writer, limit: 100, dropped: dropped)
        // More than a pipe of 64 KiB and the queue hold.
        let sent = 1000
        for number in 0..<sent { queue.submit(entry(number, padding: 1000)) }
        #expect(queue.depth <= 100)
        #expect(dropped.value > 0)
        #expect(!queue.flush(within: .milliseconds(1)))
        // Told once, unless the reader's pipe had room for a moment while lines still came.
        func told(_ text: String) -> [Int] {
            text.matches(of: /WARN  log lines dropped  count=(\d+)\n/).compactMap { Int($0.1) }
        }
        let text = pipe.read { text in
            told(text).reduce(0, +) == Int(dropped.value) && numbers(text).count + Int(dropped.value) == sent
        }
        #expect(told(text).reduce(0, +) == Int(dropped.value) && told(text).count < 10)
        let seen = numbers(text)
        #expect(seen == seen.sorted() && Set(seen).count == seen.count)
        #expect(seen.count + Int(dropped.value) == sent)
    }

    @Test func `a limit of one takes one line`() throws {
        let pipe = LogPipe()
        defer { withExtendedLifetime(pipe) {} }
        let dropped = Counter()
        let queue = LogQueue(
            format: .text, level: .info, colored: false, descriptor: pipe.writer, limit: 1, dropped: dropped)
        queue.submit(entry(1))
        #expect(queue.flush(within: .seconds(10)))
        queue.submit(entry(2))
        #expect(queue.flush(within: .seconds(10)))
        #expect(numbers(pipe.read()) == [1, 2] && dropped.value == 0)
    }

    @Test func `a reader that is gone costs lines, not the process`() async throws {
        let pipe = LogPipe()
        defer { withExtendedLifetime(pipe) {} }
        pipe.closeReader()
        let dropped = Counter()
        let queue = LogQueue(format: .text, level: .info, colored: false, descriptor: pipe.writer, dropped: dropped)
        for number in 0..<50 { queue.submit(entry(number)) }
        #expect(queue.flush(within: .seconds(10)))
        #expect(dropped.value == 50)
    }

    @Test func `a full disk costs lines, not the process`() throws {
        let full = open("/dev/full", O_WRONLY)
        let dropped = Counter()
        let queue = LogQueue(format: .json, level: .info, colored: false, descriptor: full, dropped: dropped)
        queue.submit(entry(1))
        #expect(queue.flush(within: .seconds(10)))
        #expect(dropped.value == 1)
        close(full)
    }

    @Test func `a line longer than a pipe takes at once arrives whole`() throws {
        let pipe = LogPipe()
        defer { withExtendedLifetime(pipe) {} }
        let queue = LogQueue(format: .text, level: .info, colored: false, descriptor: pipe.writer, dropped: Counter())
        let word = String(repeating: "y", count: Limits.logValueBytes)
        let fields = (0..<10).map { ("field\($0)", LogValue.string(word)) }
        queue.submit(LogEntry(time: WallTime(secondsSinceEpoch: 0), level: .info, message: "long", fields: fields))
        let text = pipe.read { $0.hasSuffix("\n") }
        #expect(text.ranges(of: word).count == 10)
    }

    @Test func `format and level change while the queue runs`() throws {
        let pipe = LogPipe()
        defer { withExtendedLifetime(pipe) {} }
        let queue = LogQueue(format: .text, level: .info, colored: false, descriptor: pipe.writer, dropped: Counter())
        queue.submit(entry(1))
        queue.flush(within: .seconds(10))
        #expect(queue.format == .text && queue.level == .info)
        queue.format = .json
        queue.level = .error
        #expect(queue.format == .json && queue.level == .error)
        queue.submit(entry(2))
        queue.flush(within: .seconds(10))
        let lines = pipe.read().split(separator: "\n")
        #expect(lines.count == 2 && lines[0].hasPrefix("1970") && lines[1].hasPrefix("{"))
    }

    @Test func `a queue that goes writes what it has, and its thread and descriptors go with it`() async throws {
        // In a process of its own: other suites open and close pipes, too.
        await #expect(processExitsWith: .success) {
            let pipe = LogPipe()
            let before = openPipes()
            var queue: LogQueue? = LogQueue(
                format: .text, level: .info, colored: false, descriptor: pipe.writer, dropped: Counter())
            guard !openPipes().subtracting(before).isEmpty else { exit(1) }
            for number in 0..<20 { queue?.submit(entry(number)) }
            queue = nil
            let text = pipe.read { numbers($0).count == 20 }
            guard numbers(text) == Array(0..<20) else { exit(2) }
            exit(await eventually { openPipes() == before } ? 0 : 3)
        }
    }

    @Test func `closing writes what waits, and takes no more`() {
        let pipe = LogPipe()
        defer { withExtendedLifetime(pipe) {} }
        let dropped = Counter()
        let queue = LogQueue(format: .text, level: .info, colored: false, descriptor: pipe.writer, dropped: dropped)
        for number in 0..<20 { queue.submit(entry(number)) }
        queue.close()
        queue.submit(entry(20))
        queue.close()
        #expect(numbers(pipe.read()) == Array(0..<20) && dropped.value == 1)
    }

    @Test(arguments: [false, true])
    func `a reader that stands still does not hold up the end`(_ nonBlocking: Bool) async {
        let pipe = LogPipe(nonBlocking: nonBlocking)
        defer { withExtendedLifetime(pipe) {} }
        let dropped = Counter()
        let queue = LogQueue(format: .text, level: .info, colored: false, descriptor: pipe.writer, dropped: dropped)
        for number in 0..<1000 { queue.submit(entry(number, padding: 1000)) }
        let time = ContinuousClock().measure { queue.close() }
        #expect(time < .seconds(10))
        #expect(await eventually { queue.depth == 0 })
        #expect(numbers(pipe.read()).count + Int(dropped.value) >= 1000)
    }

    @Test func `many threads may log at once`() async throws {
        let pipe = LogPipe()
        defer { withExtendedLifetime(pipe) {} }
        let dropped = Counter()
        let queue = LogQueue(format: .text, level: .info, colored: false, descriptor: pipe.writer, dropped: dropped)
        await withTaskGroup(of: Void.self) { group in
            for shard in 0..<4 {
                group.addTask { for number in 0..<250 { queue.submit(entry(shard * 1000 + number)) } }
            }
        }
        let text = pipe.read { numbers($0).count == 1000 }
        #expect(Set(numbers(text)).count == 1000 && dropped.value == 0)
    }
}

private func entry(_ number: Int, padding: Int = 0) -> LogEntry {
    LogEntry(
        time: WallTime(secondsSinceEpoch: 0), level: .info, message: "line",
        fields: [("number", .int(Int64(number))), ("padding", .string(String(repeating: "x", count: padding)))])
}

private func numbers(_ text: String) -> [Int] {
    text.matches(of: #/number=(\d+) /#).compactMap { Int($0.output.1) }
}

/// Waits for a condition that another thread brings about, for ten seconds at the most.
private func eventually(_ condition: () -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(10)
    while !condition() {
        guard ContinuousClock.now < deadline else { return false }
        await Task.yield()
    }
    return true
}

private func openPipes() -> Set<String> {
    let files = FileManager.default
    let names = (try? files.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    let targets = names.compactMap { try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
    return Set(targets.filter { $0.hasPrefix("pipe:") })
}

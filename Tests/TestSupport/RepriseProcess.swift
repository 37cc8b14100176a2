package import Foundation
import Glibc

/// A `reprise serve` of its own, with its log at hand.
package final class RepriseProcess: Sendable {
    /// The folder that holds the configuration, and what tests put beside it.
    package let folder: URL
    private let process: ChildProcess
    private let journal = Journal()

    /// The built program, beside the tests' own.
    package static var program: URL {
        let here = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: here).deletingLastPathComponent().appending(path: "reprise")
    }

    /// Starts with a configuration; `$UPSTREAM` and the like are the caller's to fill in.
    ///
    /// - Parameters:
    ///   - folder: where `reprise.yaml` is written; relative paths in it begin there.
    ///   - wrapper: a program that starts it, such as `env A=b`.
    ///   - program: the path of another build of it.
    ///   - log: more options of `log`, as `probes: off`.
    ///   - waits: return only when it listens.
    package init(
        _ configuration: String, folder: URL = RepriseProcess.temporaryFolder(), wrapper: [String] = [],
        program: String = RepriseProcess.program.path, log: String = "", waits: Bool = true
    ) throws {
        self.folder = folder
        try Data((Self.logLine(log) + configuration).utf8).write(to: folder.appending(path: "reprise.yaml"))
        let command = wrapper + [program, "serve", "-c", folder.appending(path: "reprise.yaml").path]
        let errors = Pipe()
        process = try ChildProcess(command, errors: errors.writer)
        errors.closeWriter()
        Thread { [journal] in
            while true {
                let some = errors.readSome()
                guard !some.isEmpty else { return journal.end() }
                journal.append(some)
            }
        }.start()
        if waits, waitForLine(15, { $0["message"] == "listening" }) == nil {
            throw StartFailure(log: journal.text)
        }
    }

    deinit {
        guard Sanitizer.isOn else { return process.signal(SIGKILL) }
        // An orderly end, because leaks are sought at the exit.
        process.signal(SIGTERM)
        if !eventually(within: 10, { !process.isRunning }) { process.signal(SIGKILL) }
        // What a wrapper leaves running may keep standard error open.
        _ = eventually(within: 2) { journal.isEnded }
        Sanitizer.check(journal.text)
    }

    /// It did not begin to listen.
    package struct StartFailure: Error, CustomStringConvertible {
        package let log: String
        package var description: String { "reprise did not start:\n\(log)" }
    }

    /// A new empty folder, which goes when the test run ends.
    package static func temporaryFolder() -> URL {
        let folder = temporaryRoot.appending(path: "\(UUID().uuidString.prefix(8))")
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    private static let temporaryRoot: URL = {
        atexit { try? FileManager.default.removeItem(at: RepriseProcess.temporaryRoot) }
        return FileManager.default.temporaryDirectory.appending(path: "reprise-tests-\(getpid())")
    }()

    /// Everything on standard error so far.
    package var log: String { journal.text }
    /// The log's lines as fields, all values as text.
    package var lines: [[String: String]] { journal.lines }
    package var processID: Int32 { process.id }
    package var isRunning: Bool { process.isRunning }

    /// Waits for a line of the log.
    package func waitForLine(_ seconds: Double = 15, _ matches: ([String: String]) -> Bool) -> [String: String]? {
        var found: [String: String]?
        _ = eventually(within: seconds) {
            found = lines.first(where: matches)
            return found != nil || !process.isRunning && lines.first(where: matches) != nil
        }
        return found
    }

    /// Waits for the line of the n-th closed connection, from 1.
    package func closedConnection(_ number: Int = 1, within seconds: Double = 15) -> [String: String] {
        var found: [[String: String]] = []
        _ = eventually(within: seconds) {
            found = lines.filter { $0["message"] == "connection closed" }
            return found.count >= number
        }
        return found.count >= number ? found[number - 1] : [:]
    }

    /// The port that a listener is bound to, once it is; of several the last one's.
    package func port(_ listener: String = "web") -> Int {
        func isIts(_ line: [String: String]) -> Bool { line["message"] == "listening" && line["listener"] == listener }
        _ = waitForLine(15, isIts)
        let line = lines.last(where: isIts)
        return line?["address"].flatMap { Int($0.split(separator: ":").last ?? "") } ?? 0
    }

    /// Where the admin endpoint is, as `127.0.0.1:port`.
    package var admin: String { lines.first { $0["message"] == "admin listening" }?["address"] ?? "" }

    /// All metrics, as /metrics gives them; the configuration must have `admin`.
    package func metrics() throws -> String {
        try Shell.run(["curl", "-s", "http://\(admin)/metrics"]).output
    }

    /// One metric's value.
    ///
    /// - Parameter sample: its name with its labels, as /metrics writes it.
    /// - Returns: zero when it is not there.
    package func metric(_ sample: String) throws -> Double {
        let line = try metrics().split(separator: "\n").first { $0.hasPrefix(sample + " ") }
        return line.flatMap { Double($0.dropFirst(sample.count + 1)) } ?? 0
    }

    /// How many descriptors it has open.
    package var openDescriptors: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(processID)/fd").count) ?? 0
    }

    /// Resident memory, in bytes.
    package var residentBytes: Int { memory("VmRSS:") }
    /// The most memory that was ever resident, in bytes.
    package var peakBytes: Int { memory("VmHWM:") }

    private func memory(_ name: String) -> Int {
        let status = (try? String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
    }

    package func signal(_ number: Int32) { process.signal(number) }

    /// Stops it with SIGSTOP, and waits until each of its threads stands still: the signal alone returns before that.
    package func freeze() {
        signal(SIGSTOP)
        let tasks = "/proc/\(process.id)/task"
        let isStill = eventually {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
            return names.allSatisfy { name in
                // pid (name) state …
                let text = try? String(contentsOfFile: "\(tasks)/\(name)/stat", encoding: .utf8)
                return text?.split(separator: ") ").last?.hasPrefix("T") == true
            }
        }
        precondition(isStill, "it runs on under SIGSTOP")
    }

    /// Rewrites the configuration.
    package func rewrite(_ configuration: String, log: String = "") throws {
        try Data((Self.logLine(log) + configuration).utf8).write(to: folder.appending(path: "reprise.yaml"))
    }

    private static func logLine(_ options: String) -> String {
        "log: { format: json, level: info\(options.isEmpty ? "" : ", ")\(options) }\n"
    }

    /// Waits for the process to end.
    ///
    /// - Returns: its status; `nil` when it goes on.
    package func status(within seconds: Double = 15) -> Int32? {
        guard eventually(within: seconds, { !process.isRunning }) else { return nil }
        return process.waitForStatus()
    }
}

/// What a process has written to its log.
private final class Journal: @unchecked Sendable {
    // @unchecked: all of it is behind `lock`.
    private let lock = NSLock()
    private var all = ""
    private var partial = Data()
    private var parsed: [[String: String]] = []
    private var ended = false

    var text: String { lock.withLock { all } }
    var lines: [[String: String]] { lock.withLock { parsed } }
    var isEnded: Bool { lock.withLock { ended } }

    func end() { lock.withLock { ended = true } }

    func append(_ data: Data) {
        lock.withLock {
            all += String(decoding: data, as: UTF8.self)
            partial += data
            let parts = partial.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            partial = Data(parts.last ?? Data())
            for line in parts.dropLast() {
                guard let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any] else {
                    continue
                }
                parsed.append(object.mapValues { "\($0)" })
            }
        }
    }
}

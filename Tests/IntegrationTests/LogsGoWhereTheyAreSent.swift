import Foundation
import Glibc
import RepriseTestSupport
import Testing

@Suite(.waits) struct LogsGoWhereTheyAreSent {
    private var configuration: TestConfiguration {
        var configuration = TestConfiguration()
        configuration.servers = ["\"127.0.0.1:1\""]
        return configuration
    }

    private func text(_ file: URL) -> String { (try? String(contentsOf: file, encoding: .utf8)) ?? "" }

    private func permissions(_ file: URL) -> UInt32 {
        var status = stat()
        return stat(file.path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test func `a file gets the lines, and is opened anew after a rotation`() throws {
        let folder = RepriseProcess.temporaryFolder()
        let (file, old) = (folder.appending(path: "a.log"), folder.appending(path: "a.log.1"))
        let reprise = try configuration.start(folder: folder, log: "output: ./a.log", waits: false)
        #expect(eventually { text(file).contains("\"message\":\"listening\"") })
        #expect(permissions(file) & ~0o640 == 0 && permissions(file) & 0o600 == 0o600)
        try FileManager.default.moveItem(at: file, to: old)
        reprise.signal(SIGUSR1)
        #expect(eventually { text(file).contains("\"message\":\"log file opened anew\"") })
        #expect(text(old).contains("\"message\":\"listening\"") && !text(file).contains("listening"))
        #expect(reprise.log.isEmpty, "\(reprise.log)")
    }

    @Test func `a file that cannot be opened anew keeps the old one, which says so`() throws {
        let folder = RepriseProcess.temporaryFolder()
        let logs = folder.appending(path: "logs"), moved = folder.appending(path: "moved")
        try FileManager.default.createDirectory(at: logs, withIntermediateDirectories: true)
        let reprise = try configuration.start(folder: folder, log: "output: logs/a.log", waits: false)
        #expect(eventually { text(logs.appending(path: "a.log")).contains("listening") })
        try FileManager.default.moveItem(at: logs, to: moved)
        reprise.signal(SIGUSR1)
        #expect(
            eventually {
                text(moved.appending(path: "a.log")).contains("log file not opened anew, the old one stays in use")
            })
    }

    @Test func `a reload changes the output, and one that cannot be opened changes nothing`() throws {
        let reprise = try configuration.start()
        try reprise.rewrite(configuration.text, log: "output: ./missing/a.log")
        reprise.signal(SIGHUP)
        let line = reprise.waitForLine { $0["message"]?.hasPrefix("configuration not reloaded") == true }
        #expect(line?["reason"]?.contains("log.output: cannot open the log: no such file") == true, "\(reprise.log)")
        try reprise.rewrite(configuration.text, log: "output: ./b.log")
        reprise.signal(SIGHUP)
        #expect(eventually { text(reprise.folder.appending(path: "b.log")).contains("configuration reloaded") })
    }

    @Test func `a log that cannot be opened is a fault of the start`() throws {
        let reprise = try configuration.start(log: "output: ./missing/a.log", waits: false)
        #expect(reprise.status() == 1)
        #expect(eventually { reprise.log.contains("log.output: cannot open the log: no such file") }, "\(reprise.log)")
    }

    @Test func `a word that is no output is a fault with the one that was meant`() throws {
        let reprise = try configuration.start(log: "output: sylog", waits: false)
        #expect(reprise.status() == 1)
        #expect(
            eventually { reprise.log.contains("did you mean \\\"syslog\\\"?") || reprise.log.contains("\"syslog\"?") })
    }

    @Test func `the journal gets each line with its priority`() throws {
        let reprise = try configuration.start(log: "output: journal", waits: false)
        #expect(eventually { reprise.log.contains("<5>{\"time\":") }, "\(reprise.log)")
    }

    @Test func `the journal behind standard error is noticed, unless stderr is asked for`() throws {
        let script = """
            import os, sys
            status = os.fstat(2)
            os.environ["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
            os.execvp(sys.argv[1], sys.argv[1:])
            """
        let noticed = try configuration.start(wrapper: ["python3", "-c", script], waits: false)
        #expect(eventually { noticed.log.contains("<5>{\"time\":") }, "\(noticed.log)")
        let asked = try configuration.start(wrapper: ["python3", "-c", script], log: "output: stderr")
        #expect(!asked.log.contains("<5>"), "\(asked.log)")
    }
}

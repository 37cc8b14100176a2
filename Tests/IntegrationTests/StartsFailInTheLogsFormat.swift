import Foundation
import RepriseTestSupport
import Testing

@Suite(.waits) struct StartsFailInTheLogsFormat {
    private var configuration: TestConfiguration {
        var configuration = TestConfiguration()
        configuration.servers = ["\"127.0.0.1:1\""]
        return configuration
    }

    /// A line that is no JSON would be missing among the lines.
    private func reasons(_ reprise: RepriseProcess, count: Int) -> [String] {
        _ = eventually { reprise.lines.count >= count }
        #expect(reprise.log.split(separator: "\n").count == reprise.lines.count, "\(reprise.log)")
        let errors = reprise.lines.filter { $0["message"] == "not started" && $0["level"] == "error" }
        return errors.compactMap { $0["reason"] }
    }

    @Test func `faults of the configuration are lines of JSON, one each`() throws {
        var configuration = configuration
        configuration.listener = "timeouts: { idle: never, shutdown: never }"
        let reprise = try configuration.start(waits: false)
        #expect(reprise.status() == 1)
        let reasons = reasons(reprise, count: 2)
        #expect(reasons.count == 2 && reasons.allSatisfy { $0.contains("listeners[0].timeouts.") }, "\(reasons)")
    }

    @Test func `a port in use is a line of JSON`() throws {
        let first = try configuration.start()
        var second = configuration
        second.bind = "\"127.0.0.1:\(first.port())\""
        let reprise = try second.start(waits: false)
        #expect(reprise.status() == 2)
        let reasons = reasons(reprise, count: 1)
        #expect(reasons.count == 1 && reasons.first?.contains("\(first.port())") == true, "\(reprise.log)")
    }

    @Test func `the line comes to standard error also where the log goes to a file`() throws {
        let first = try configuration.start()
        var second = configuration
        second.bind = "\"127.0.0.1:\(first.port())\""
        let reprise = try second.start(log: "output: ./a.log", waits: false)
        #expect(reprise.status() == 2)
        #expect(reasons(reprise, count: 1).count == 1, "\(reprise.log)")
    }

    @Test func `what is for people stays plain text, and so does a check`() throws {
        let folder = RepriseProcess.temporaryFolder()
        let file = folder.appending(path: "reprise.yaml")
        for format in ["text", "json"] {
            try Data("log: { format: \(format) }\nworkers: none\n".utf8).write(to: file)
            let command = format == "text" ? "serve" : "check"
            let result = try Shell.run([RepriseProcess.program.path, command, "-c", file.path])
            #expect(result.status == 1 && result.errors.contains("\n\(file.path):2:10: workers: "), "\(result)")
        }
    }
}

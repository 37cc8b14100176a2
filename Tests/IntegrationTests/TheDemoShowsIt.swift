import Foundation
import Glibc
import RepriseTestSupport
import Testing

/// What the demo prints can be typed, and shows a resumption each.
@Suite(.waits) struct TheDemoShowsIt {
    private let folder = RepriseProcess.temporaryFolder()

    /// Starts the demo, and returns what it prints.
    private func demo(_ body: (_ printed: String, _ bind: String) throws -> Void) throws {
        let ports = Loopback.freePorts(2)
        let (bind, admin) = ("127.0.0.1:\(ports[0])", "127.0.0.1:\(ports[1])")
        let output = folder.appending(path: "printed")
        let command = "exec \(RepriseProcess.program.path) demo --bind \(bind) --admin \(admin) > \(output.path)"
        let child = try ChildProcess(["sh", "-c", command])
        defer {
            child.signal(SIGKILL)
            _ = child.waitForStatus()
        }
        var printed = ""
        #expect(
            eventually {
                printed = (try? String(contentsOf: output, encoding: .utf8)) ?? ""
                return printed.contains("Ctrl-C")
            })
        try body(printed, bind)
    }

    @Test func `each line to try answers with a full handshake first, and then with a resumed one`() throws {
        try demo { printed, bind in
            let lines = printed.split(separator: "\n").filter { $0.hasPrefix("  ") }
            // The last one goes over two.
            let commands = lines.dropLast(2).map(String.init) + [lines.suffix(2).joined(separator: "\n")]
            #expect(commands.count == 3)
            for command in commands {
                let result = try Shell.run(["sh", "-c", "cd \(folder.path) && \(command)"])
                let answers = result.output.split(whereSeparator: \.isNewline).filter {
                    $0.hasPrefix("full handshake, ") || $0.hasPrefix("resumed (")
                }
                #expect(answers.count == 2, "\(command): \(result)")
                #expect(answers.first?.hasPrefix("full") == true && answers.last?.hasPrefix("resumed") == true)
                #expect(result.output.contains("The full handshake that it began with took "), "\(result)")
            }
            let page = try Shell.run(["curl", "-sk", "-H", "Accept: text/html", "https://\(bind)/"]).output
            #expect(page.contains("<h1>full handshake<span>") && page.contains("/metrics\">The metrics</a>"))
        }
    }
}

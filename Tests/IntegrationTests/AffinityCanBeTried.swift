import Foundation
import RepriseTestSupport
import Testing

/// conf/examples/affinity, as a new user runs it.
@Suite struct AffinityCanBeTried {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appending(path: "../../conf/examples/affinity").standardized

    @Test func `the example of session affinity shows what its README says`() throws {
        let ports = Loopback.freePorts(5)
        let variables = zip(["PORT", "PORT_A", "PORT_B", "PORT_C", "PORT_D"], ports).map { "\($0)=\($1)" }
        let script = Self.folder.appending(path: "try.sh").path
        let run = try Shell.run(["env"] + variables + [script, RepriseProcess.program.path], seconds: 60)
        #expect(run.status == 0, "\(run.errors)")
        let readme = try String(contentsOf: Self.folder.appending(path: "README.md"), encoding: .utf8)
        #expect(readme.contains("```text\n\(run.output)```\n"), "\(run.output)\n\(run.errors)")
    }
}

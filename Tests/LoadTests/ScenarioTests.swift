import Foundation
import RepriseLoad
import RepriseTestSupport
import Testing

/// Load tests by name: those that we bring, and files of others.
@Suite struct ScenarioTests {
    private static let options: Set<String> = ["rate", "resume", "at", "insecure"]

    private static var folder: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "conf/load")
    }

    private static func file(_ text: String) throws -> Scenario {
        let file = RepriseProcess.temporaryFolder().appending(path: "own.yaml")
        try text.write(to: file, atomically: true, encoding: .utf8)
        return try Scenario(file.path)
    }

    @Test(arguments: Scenario.all.map(\.name))
    func `conf/load has each of ours as a file`(name: String) throws {
        let file = Self.folder.appending(path: "\(name).yaml")
        let scenario = try Scenario(name)
        if ProcessInfo.processInfo.environment["REPRISE_WRITE_DOCS"] != nil {
            try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
            try scenario.text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == scenario.text)
        #expect(try Scenario(file.path).text == scenario.text && scenario.about.count >= 2)
    }

    @Test func `a file's keys are options, its lists options that come again, and true a flag`() throws {
        let scenario = try Self.file("# What it is for.\nrate: 5/s\ninsecure: true\nat:\n  - 1s:a\n  - 2s:b c\n")
        let words = try scenario.arguments(knowing: Self.options)
        #expect(words == ["--rate", "5/s", "--insecure", "--at", "1s:a", "--at", "2s:b c"])
        #expect(scenario.about == ["What it is for."])
    }

    @Test(arguments: [
        ("rate: 5/s\nrat: 6/s\n", ":2:1: there is no option rat"), ("rate: {a: b}\n", ":1:7: rate: expected a word"),
        ("[1, 2]\n", ":1:1: expected options"), ("", "expected options"), ("rate: 1\nrate: 2\n", "rate"),
        ("rate: [\n", ":2:1: "), ("1: 2\n", ":1:1: there is no option 1"),
    ])
    func `what is wrong in a file is pointed at`(text: String, told: String) throws {
        let scenario = try Self.file(text)
        let fault = #expect(throws: LoadFault.self) { try scenario.arguments(knowing: Self.options) }
        #expect(
            fault?.description.contains("own.yaml") == true && fault?.description.contains(told) == true,
            "\(String(describing: fault))")
    }

    @Test func `a name that is none is told which there are, and a file that is not there why`() {
        let unknown = #expect(throws: LoadFault.self) { try Scenario("browser") }
        #expect(unknown?.kind == .words && unknown?.description.contains("browsers, api-clients") == true)
        let missing = #expect(throws: LoadFault.self) { try Scenario("/nowhere/x.yaml") }
        #expect(missing?.kind == .system)
    }
}

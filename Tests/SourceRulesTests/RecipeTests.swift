import Foundation
import RepriseTestSupport
import Testing

/// The recipes of CONTRIBUTING.md, followed in a copy of the package: each change in a block of its own, as git apply(1)
/// takes it. All of them in one copy, which costs one build.
@Suite struct RecipeTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let names = ["option", "metric", "ending", "reason", "router"]

    /// The changes that the document's recipes make, by their names, in the document's order.
    private static func recipes() throws -> [(name: String, change: String)] {
        let text = try String(contentsOf: root.appending(path: "CONTRIBUTING.md"), encoding: .utf8)
        return text.matches(of: #/(?m)^### Adding an? (\w+)\n(?s:.*?)^```diff\n(?<change>(?s:.*?))^```$/#).map {
            (String($0.1), String($0.change))
        }
    }

    /// A copy of what git keeps, in a folder that goes with the test run.
    private static func copy() throws -> URL {
        let folder = RepriseProcess.temporaryFolder()
        let files = try Shell.run(["git", "-C", root.path, "ls-files"]).output.split(separator: "\n").map(String.init)
        // The versions of the packages that this build has are at hand.
        for file in files + ["Package.resolved"] {
            let (from, to) = (root.appending(path: file), folder.appending(path: file))
            guard FileManager.default.fileExists(atPath: from.path) else { continue }
            try FileManager.default.createDirectory(
                at: to.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: from, to: to)
        }
        return folder
    }

    /// - Returns: whether the change fits what is there, however its lines have moved.
    private static func apply(_ change: String, in folder: URL) throws -> ShellResult {
        try Shell.run(["git", "-C", folder.path, "apply", "-C1", "-"], input: change)
    }

    @Test func `each recipe fits the code as it is`() throws {
        let recipes = try Self.recipes()
        #expect(recipes.map(\.name) == Self.names)
        let folder = try Self.copy()
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, change) in recipes {
            let result = try Self.apply(change, in: folder)
            #expect(result.status == 0, "\(name): \(result.errors)")
        }
    }

    @Test(.slow) func `what the recipes make is built, and serves`() throws {
        let folder = try Self.copy()
        defer { try? FileManager.default.removeItem(at: folder) }
        for (_, change) in try Self.recipes() { _ = try Self.apply(change, in: folder) }
        let built = try Shell.run(
            ["swift", "build", "--package-path", folder.path, "--product", "reprise"], seconds: 900)
        try #require(built.status == 0, "\(built.output.suffix(4000))\n\(built.errors)")
        let program = folder.appending(path: ".build/debug/reprise").path
        let schema = try Shell.run([program, "schema"]).output
        #expect(schema.contains("\"stall\""), "the option")
        var configuration = TestConfiguration(TestUpstream.http("ok\n"))
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        configuration.listener = "timeouts: { stall: 1s }\n    sessions: { endings: { not_routed: drop } }"
        let reprise = try configuration.start(program: program)
        #expect(try Shell.run(["curl", "-sk", "https://localhost:\(reprise.port())/"]).output == "ok\n")
        let metrics = try reprise.metrics()
        for sample in [
            "reprise_routes_later_total{listener=\"web\"} 0", "ending=\"not_routed\"} 0",
            "reason=\"renewed_too_often\"} 0",
        ] { #expect(metrics.contains(sample), "\(sample)\n\(metrics)") }
    }
}

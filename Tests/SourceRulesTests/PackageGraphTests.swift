import Foundation
import RepriseTestSupport
import Testing

/// A program that has Reprise among its packages, beside others whose modules have the names that ours have without their
/// prefix, as swift-metrics and swift-configuration do.
@Suite struct PackageGraphTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Names of modules in packages that are in wide use, and the short names of our folders.
    private static func strangers() throws -> [String] {
        let folders = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Sources").path)
        return Set(folders.filter { $0 != "Reprise" && $0 != "RepriseCommand" })
            .union(["CoreMetrics", "ConfigReader", "HTTPServer", "Router", "Sessions", "OpenSSL", "COpenSSL", "CEvent"])
            .sorted()
    }

    @Test(.slow) func `Reprise is built in a graph of packages whose modules have plain names`() throws {
        let folder = RepriseProcess.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ text: String, to path: String) throws {
            let file = folder.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let strangers = try Self.strangers()
        try #require(strangers.contains("Metrics") && strangers.contains("Configuration"))
        for name in strangers {
            try write(
                "public enum \(name)Stranger { public static let name = \"\(name)\" }\n",
                to: "other/Sources/\(name)/a.swift")
        }
        let list = strangers.map { "\"\($0)\"" }.joined(separator: ", ")
        try write(
            """
            // swift-tools-version: 6.0
            import PackageDescription
            let names = [\(list)]
            let package = Package(
                name: "other", products: [.library(name: "Other", targets: names)],
                targets: names.map { .target(name: $0) })

            """, to: "other/Package.swift")
        try write(
            """
            // swift-tools-version: 6.3
            import PackageDescription
            let package = Package(
                name: "graph",
                dependencies: [.package(path: "other"), .package(name: "reprise", path: "\(Self.root.path)")],
                targets: [
                    .executableTarget(
                        name: "Graph",
                        dependencies: [
                            .product(name: "Other", package: "other"), .product(name: "Reprise", package: "reprise"),
                        ])
                ])

            """, to: "Package.swift")
        try write(
            """
            \(strangers.map { "import \($0)" }.joined(separator: "\n"))
            import Reprise

            let code = Server.serveUntilSignal(
                configurationFile: "/nonexistent.yaml", environment: [:], sessions: EstablishedSessions()
            ) { print($0) }
            print(code, MetricsStranger.name)

            """, to: "Sources/Graph/main.swift")
        let resolved = Self.root.appending(path: "Package.resolved")
        if FileManager.default.fileExists(atPath: resolved.path) {
            try FileManager.default.copyItem(at: resolved, to: folder.appending(path: "Package.resolved"))
        }
        let built = try Shell.run(["swift", "build", "--package-path", folder.path], seconds: 900)
        try #require(built.status == 0, "\(built.output.suffix(4000))\n\(built.errors)")
        let result = try Shell.run([folder.appending(path: ".build/debug/Graph").path])
        #expect(result.output == "reprise: /nonexistent.yaml: cannot be read: no such file or directory\n1 Metrics\n")
    }
}

/// The programs in docs/examples.
@Suite struct ExampleTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test(.slow) func `the example of an embedding program is built, serves, and sees its sessions`() throws {
        let folder = RepriseProcess.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let example = folder.appending(path: "example")
        try FileManager.default.copyItem(at: Self.root.appending(path: "docs/examples/embedding"), to: example)
        let manifest = example.appending(path: "Package.swift")
        let text = try String(contentsOf: manifest, encoding: .utf8)
        try Data(text.replacing("../../..", with: Self.root.path).utf8).write(to: manifest)
        let resolved = Self.root.appending(path: "Package.resolved")
        if FileManager.default.fileExists(atPath: resolved.path) {
            try? FileManager.default.copyItem(at: resolved, to: example.appending(path: "Package.resolved"))
        }
        let built = try Shell.run(["swift", "build", "--package-path", example.path], seconds: 900)
        try #require(built.status == 0, "\(built.output.suffix(4000))\n\(built.errors)")
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let file = folder.appending(path: "reprise.yaml")
        try Data(TestConfiguration(TestUpstream.http("ok\n")).text.utf8).write(to: file)
        let output = folder.appending(path: "output").path
        let script = """
            stdbuf -oL \(example.path)/.build/debug/Visits \(file.path) >\(output) 2>/dev/null & child=$!
            trap 'kill $child' EXIT
            for i in $(seq 200); do grep -q ' at ' \(output) && break; sleep 0.05; done
            port=$(sed -n 's/.* at .*:\\([0-9]*\\)$/\\1/p' \(output))
            curl -sk https://localhost:$port/
            for i in $(seq 200); do grep -q lineage \(output) && break; sleep 0.05; done
            grep lineage \(output)
            """
        let result = try Shell.run(["bash", "-c", script], seconds: 60)
        #expect(result.output.hasPrefix("ok\nlocalhost TLSv1.3 lineage "), "\(result)")
    }
}

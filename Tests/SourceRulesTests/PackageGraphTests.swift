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
            import RepriseResumption

            let code = Reprise.run(
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

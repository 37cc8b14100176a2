import Foundation
import RepriseTestSupport

/// One package with all programs that have Reprise among their packages, built once: the examples of docs/examples, those of
/// the doc comments, and a program beside packages whose modules have plain names. Each alone would build Reprise anew.
enum BuiltGraph {
    private static let root = PublicTypes.root
    /// The folder of the built programs, or what the compiler says.
    private static let result = Result { try build() }
    /// The examples, by their folders in docs/examples, with the names of their programs.
    static let examples = ["embedding": "Visits", "router": "Tenants", "service": "Service"]

    /// The path of a program.
    ///
    /// - Throws: what the compiler says.
    static func program(_ name: String) throws -> String { try result.get().appending(path: name).path }

    struct NotBuilt: Error, CustomStringConvertible {
        let description: String
    }

    /// Names of modules in packages that are in wide use, and the short names of our folders; swift-metrics and
    /// swift-configuration are there themselves.
    static func strangers() throws -> [String] {
        let folders = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Sources").path)
        return Set(folders).subtracting(["Reprise", "RepriseCommand", "Metrics", "Configuration"])
            .union(["ConfigReader", "HTTPServer", "Router", "Sessions", "OpenSSL", "COpenSSL", "CEvent"]).sorted()
    }

    private static func build() throws -> URL {
        let folder = RepriseProcess.temporaryFolder()
        func write(_ text: String, to path: String) throws {
            let file = folder.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try addStrangers(write)
        try DocExamples.write(to: folder.appending(path: "Sources/Examples"))
        var packages: Set<String> = []
        var targets: [String] = []
        for (name, program) in examples.sorted(by: { $0.key < $1.key }) {
            let manifest = try String(contentsOf: example(name).appending(path: "Package.swift"), encoding: .utf8)
            packages.formUnion(
                manifest.matches(of: #/\.package\(url: "https:\/\/github[^"]+", from: "[^"]+"\)/#).map { String($0.0) })
            let products = manifest.matches(of: #/\.product\(name: "\w+", package: "[\w-]+"\)/#).map { String($0.0) }
            targets.append(
                ".executableTarget(name: \"\(program)\", dependencies: [\(products.joined(separator: ", "))])")
            try FileManager.default.copyItem(
                at: example(name).appending(path: "Sources/\(program)"),
                to: folder.appending(path: "Sources/\(program)"))
        }
        try write(manifest(packages.sorted(), targets), to: "Package.swift")
        // The versions of the packages that this build has are at hand.
        let resolved = root.appending(path: "Package.resolved")
        if FileManager.default.fileExists(atPath: resolved.path) {
            try FileManager.default.copyItem(at: resolved, to: folder.appending(path: "Package.resolved"))
        }
        let built = try Shell.run(["swift", "build", "--package-path", folder.path], seconds: 900)
        guard built.status == 0 else { throw NotBuilt(description: "\(built.output.suffix(8000))\n\(built.errors)") }
        return folder.appending(path: ".build/debug")
    }

    /// An example's own package.
    static func example(_ name: String) -> URL { root.appending(path: "docs/examples/\(name)") }

    private static func addStrangers(_ write: (String, String) throws -> Void) throws {
        let names = try strangers()
        for name in names {
            try write(
                "public enum \(name)Stranger { public static let name = \"\(name)\" }\n",
                "other/Sources/\(name)/a.swift")
        }
        try write(
            """
            // swift-tools-version: 6.0
            import PackageDescription
            let names = [\(names.map { "\"\($0)\"" }.joined(separator: ", "))]
            let package = Package(
                name: "other", products: [.library(name: "Other", targets: names)],
                targets: names.map { .target(name: $0) })

            """, "other/Package.swift")
        try write(
            """
            \((names + ["Metrics", "CoreMetrics", "Configuration"]).map { "import \($0)" }.joined(separator: "\n"))
            import Reprise

            Counter(label: "graph").increment()
            let code = Server.serveUntilSignal(
                configurationFile: "/nonexistent.yaml", environment: [:], sessions: EstablishedSessions()
            ) { print($0) }
            print(code, ProxyStranger.name)

            """, "Sources/Graph/main.swift")
    }

    private static func manifest(_ packages: [String], _ targets: [String]) -> String {
        let reprise = ".product(name: \"Reprise\", package: \"reprise\")"
        let others = [
            ".product(name: \"Other\", package: \"other\")", ".product(name: \"Metrics\", package: \"swift-metrics\")",
            ".product(name: \"Configuration\", package: \"swift-configuration\")", reprise,
        ]
        return """
            // swift-tools-version: 6.3
            import PackageDescription
            let package = Package(
                name: "graph",
                dependencies: [
                    .package(path: "other"), .package(name: "reprise", path: "\(root.path)"),
                    \(packages.joined(separator: ",\n")),
                ],
                targets: [
                    \(targets.joined(separator: ",\n")),
                    .executableTarget(name: "Graph", dependencies: [\(others.joined(separator: ", "))]),
                    .target(
                        name: "Examples", dependencies: [\(reprise)],
                        swiftSettings: [
                            .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
                        ]),
                ])

            """
    }
}

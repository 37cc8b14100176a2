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

/// The programs in docs/examples, each built in a copy that goes with the test.
@Suite struct ExampleTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test(.slow) func `the example of an embedding program is built, serves, and sees its sessions`() throws {
        let folder = RepriseProcess.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = try Self.build("embedding", product: "Visits", in: folder)
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let file = folder.appending(path: "reprise.yaml")
        try Data(TestConfiguration(TestUpstream.http("ok\n")).text.utf8).write(to: file)
        let output = try Self.visit("\(program) \(file.path)", until: "lineage", in: folder)
        #expect(output.hasPrefix("ok\nlocalhost TLSv1.3 lineage "), "\(output)")
    }

    @Test(.slow) func `the example of a service is built with Hummingbird, serves, and counts its sessions`() throws {
        let folder = RepriseProcess.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = try Self.build("service", product: "Service", in: folder)
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let variables = "PORT=0 CERTIFICATE=\(folder.path)/a.pem KEY=\(folder.path)/a.key"
        let output = try Self.visit("env \(variables) \(program)", until: "tls_sessions", in: folder)
        #expect(output == "hello\ntls_sessions version=TLSv1.3 +1\n", "\(output)")
    }

    @Test(.slow) func `the example of a router is built, and later visits go by the claim that the first one left`()
        throws
    {
        let folder = RepriseProcess.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = try Self.build("router", product: "Tenants", in: folder)
        let example = folder.appending(path: "example")
        try TestCertificates(in: example).make("example", for: ["*.example.test"])
        let (red, blue) = (TestUpstream.http("red\n"), TestUpstream.http("blue\n"))
        let script = """
            cd \(example.path)
            sed -i 's/:8443/:0/; s/:9001/:\(red.port)/; s/:9002/:\(blue.port)/' reprise.yaml
            \(program) reprise.yaml 2>errors & child=$!
            trap 'kill $child; wait $child' EXIT
            for i in $(seq 200); do grep -q listening errors && break; sleep 0.05; done
            port=$(sed -n 's/.*listening.*address=[^ ]*:\\([0-9]*\\).*/\\1/p' errors)
            visit() {
                printf 'GET / HTTP/1.0\\r\\n\\r\\n' \\
                    | openssl s_client -connect 127.0.0.1:$port -quiet -servername "$@" 2>/dev/null | tail -n 1
            }
            visit red.example.test -sess_out session
            visit blue.example.test -sess_in session
            visit blue.example.test
            visit nobody.example.test
            cat errors >&2
            """
        let result = try Shell.run(["bash", "-c", script], seconds: 60)
        #expect(result.output == "red\nred\nblue\n", "\(result.errors)")
    }

    /// - Returns: the path of the program.
    private static func build(_ name: String, product: String, in folder: URL) throws -> String {
        let example = folder.appending(path: "example")
        try FileManager.default.copyItem(at: root.appending(path: "docs/examples/\(name)"), to: example)
        // What a build by hand has left in the original is no part of it.
        for left in [".build", "Package.resolved"] {
            try? FileManager.default.removeItem(at: example.appending(path: left))
        }
        let manifest = example.appending(path: "Package.swift")
        let text = try String(contentsOf: manifest, encoding: .utf8)
        try Data(text.replacing("../../..", with: root.path).utf8).write(to: manifest)
        let resolved = root.appending(path: "Package.resolved")
        if FileManager.default.fileExists(atPath: resolved.path) {
            try FileManager.default.copyItem(at: resolved, to: example.appending(path: "Package.resolved"))
        }
        let built = try Shell.run(["swift", "build", "--package-path", example.path], seconds: 900)
        try #require(built.status == 0, "\(built.output.suffix(4000))\n\(built.errors)")
        return example.appending(path: ".build/debug/\(product)").path
    }

    /// Runs a program that says `web at ADDRESS`, and visits it.
    ///
    /// - Returns: what the client got, then what the program said with `word` in it.
    private static func visit(_ command: String, until word: String, in folder: URL) throws -> String {
        let output = folder.appending(path: "output").path
        let script = """
            stdbuf -oL \(command) >\(output) 2>\(output).errors & child=$!
            trap 'kill $child; wait $child' EXIT
            for i in $(seq 200); do grep -q ' at ' \(output) && break; sleep 0.05; done
            port=$(sed -n 's/.* at .*:\\([0-9]*\\)$/\\1/p' \(output))
            curl -sk https://localhost:$port/
            for i in $(seq 200); do grep -q \(word) \(output) && break; sleep 0.05; done
            grep \(word) \(output) || cat \(output).errors
            """
        return try Shell.run(["bash", "-c", script], seconds: 60).output
    }
}

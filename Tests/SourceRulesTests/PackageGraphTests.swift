import Foundation
import RepriseTestSupport
import Testing

/// A program that has Reprise among its packages, beside others whose modules have the names that ours have without their
/// prefix, swift-metrics and swift-configuration among them.
@Suite struct PackageGraphTests {
    @Test(.slow) func `Reprise is built in a graph of packages whose modules have plain names`() throws {
        let strangers = try BuiltGraph.strangers()
        #expect(strangers.contains("Proxy") && strangers.contains("Routing") && strangers.contains("TLS"))
        let result = try Shell.run([try BuiltGraph.program("Graph")])
        #expect(result.output == "reprise: /nonexistent.yaml: cannot be read: no such file or directory\n1 Proxy\n")
    }
}

/// The programs in docs/examples.
@Suite struct ExampleTests {
    @Test(.slow) func `each example is a package of its own with the program of its name`() throws {
        #expect(
            try Set(FileManager.default.contentsOfDirectory(atPath: BuiltGraph.example("").path))
                == Set(BuiltGraph.examples.keys))
        for (name, program) in BuiltGraph.examples {
            let described = try Shell.run(
                ["swift", "package", "--package-path", BuiltGraph.example(name).path, "dump-package"], seconds: 120)
            #expect(described.status == 0 && described.output.contains("\"\(program)\""), "\(described.errors)")
        }
    }

    @Test(.slow) func `the example of an embedding program is built, serves, and sees its sessions`() throws {
        let folder = RepriseProcess.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = try BuiltGraph.program("Visits")
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let file = folder.appending(path: "reprise.yaml")
        try Data(TestConfiguration(TestUpstream.http("ok\n")).text.utf8).write(to: file)
        let output = try Self.visit("\(program) \(file.path)", until: "lineage", in: folder)
        #expect(output.hasPrefix("ok\nlocalhost TLSv1.3 lineage "), "\(output)")
    }

    @Test(.slow) func `the example of a service is built with Hummingbird, serves, and counts its sessions`() throws {
        let folder = RepriseProcess.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = try BuiltGraph.program("Service")
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
        let program = try BuiltGraph.program("Tenants")
        let example = folder.appending(path: "example")
        try FileManager.default.copyItem(at: BuiltGraph.example("router"), to: example)
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

import Foundation
import RepriseTestSupport
import Testing

/// `reprise load` as a user runs it: what it prints where, and how it ends.
@Suite(.waits, .serialized) struct TheHarnessMeasures {
    private static func load(_ arguments: [String]) throws -> ShellResult {
        try Shell.run([RepriseProcess.program.path, "load"] + arguments)
    }

    private static func report(_ result: ShellResult) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result)")
    }

    private static func server() throws -> (upstream: TestUpstream, reprise: RepriseProcess) {
        let upstream = TestUpstream.echo()
        var configuration = TestConfiguration(upstream)
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        return (upstream, try configuration.start())
    }

    @Test func `the report goes to standard output alone, and assertions decide the exit code`() throws {
        let server = try Self.server()
        let words = [
            "tls://localhost:\(server.reprise.port())", "--insecure", "--count", "60", "--connections", "3",
            "--threads", "2",
            "--resume", "0.5", "--json",
        ]
        let good = try Self.load(words + ["--assert", "resumed > 0.9", "--assert", "errors == 0"])
        #expect(good.status == 0, "\(good)")
        let report = try Self.report(good)
        let summary = try #require(report["summary"] as? [String: Any])
        #expect(summary["done"] as? Int == 60 && report["ended"] as? String == "count")
        #expect((report["command"] as? [String])?.prefix(2) == ["reprise", "load"])
        let bad = try Self.load(words + ["--assert", "errors > 1"])
        #expect(bad.status == 3 && bad.errors.contains("assertion failed: errors > 1: it was 0"), "\(bad)")
        #expect(try Self.report(bad)["assertions"] is [Any])
    }

    @Test func `certificates are verified unless nobody wants that`() throws {
        let server = try Self.server()
        let words = ["tls://localhost:\(server.reprise.port())", "--count", "2", "--connections", "1", "--json"]
        let refused = try Self.load(words)
        let summary = try #require(try Self.report(refused)["summary"] as? [String: Any])
        #expect(
            refused.status == 1 && summary["failures"] as? [String: Int] == ["certificate_refused": 2], "\(refused)")
        let known = try Self.load(words + ["--ca", server.reprise.folder.appending(path: "a.pem").path])
        #expect(known.status == 0, "\(known)")
    }

    @Test func `an interrupt ends it with the report so far`() throws {
        let server = try Self.server()
        let output = RepriseProcess.temporaryFolder().appending(path: "report.json")
        let process = try ChildProcess([
            "sh", "-c",
            "exec \(RepriseProcess.program.path) load tls://localhost:\(server.reprise.port()) --insecure --duration 10m"
                + " --rate 50/s --json > \(output.path)",
        ])
        #expect(eventually { server.upstream.accepted > 5 })
        process.signal(SIGINT)
        #expect(process.waitForStatus() == 0)
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: output)) as? [String: Any])
        #expect(report["ended"] as? String == "interrupt")
    }

    @Test(arguments: [
        (["http://a.test"], "expected tls://host:port"),
        (["tls://127.0.0.1:1", "--handshake", "full:0.5"], "add up to 0.5"),
        (["tls://127.0.0.1:1", "--duration", "10"], "unit of time"),
        (["tls://127.0.0.1:1", "--assert", "p99(nothing) < 1ms"], "    p99(nothing) < 1ms\n        ^"),
        (["tls://127.0.0.1:1", "--rate", "5/s", "--ramp", "1..2/s over 3s"], "give one of them"),
    ])
    func `a command line that is wrong is told where`(words: [String], told: String) throws {
        let result = try Self.load(words)
        #expect(result.status == 64 && result.output.isEmpty && result.errors.contains(told), "\(result)")
    }

    @Test func `the server's own counts stand beside ours`() throws {
        let server = try Self.server()
        let result = try Self.load([
            "tls://localhost:\(server.reprise.port())", "--insecure", "--count", "20", "--connections", "1", "--json",
            "--resume",
            "1", "--server-metrics", "http://\(server.reprise.admin)/metrics",
        ])
        let counts = try #require(try Self.report(result)["server"] as? [[String: Any]], "\(result)")
        func difference(_ word: String) -> Double {
            counts.filter { ($0["name"] as? String)?.contains(word) == true }
                .reduce(0) { $0 + ((($1["after"] as? Double) ?? 0) - (($1["before"] as? Double) ?? 0)) }
        }
        #expect(difference("reprise_handshakes_completed_total") == 20, "\(result)")
        let deaf = try Self.load([
            "tls://127.0.0.1:1", "--server-metrics", "http://127.0.0.1:\(Loopback.freePorts(1)[0])/",
        ])
        #expect(deaf.status == 2 && deaf.errors.hasPrefix("reprise: --server-metrics: "), "\(deaf)")
    }

    @Test func `a page and a table of seconds are written, and a file that cannot be is found before the run`() throws {
        let server = try Self.server()
        let folder = RepriseProcess.temporaryFolder()
        let words = ["tls://localhost:\(server.reprise.port())", "--insecure", "--count", "20", "--resume", "1"]
        let files = ["page.html", "seconds.csv"].map { folder.appending(path: $0) }
        let good = try Self.load(words + ["--html", files[0].path, "--csv", files[1].path])
        #expect(good.status == 0 && good.output.isEmpty && good.errors.contains("handshake.psk"), "\(good)")
        let texts = try files.map { try String(contentsOf: $0, encoding: .utf8) }
        #expect(
            texts[0].hasPrefix("<!DOCTYPE html>") && texts[0].contains("<svg") && texts[1].hasPrefix("at"), "\(texts)")
        let accepted = server.upstream.accepted
        let bad = try Self.load(words + ["--html", "\(folder.path)/nowhere/page.html"])
        #expect(bad.status == 2 && bad.errors.contains("nowhere/page.html cannot be written"), "\(bad)")
        #expect(server.upstream.accepted == accepted)
        // What was there stays there until there is something to write.
        let kept = try Self.load(["tls://name.invalid:1", "--html", files[0].path])
        let text = try String(contentsOf: files[0], encoding: .utf8)
        #expect(kept.status == 2 && text == texts[0], "\(kept)")
    }

    @Test func `a scenario is run by its name, and the command line counts more`() throws {
        let server = try Self.server()
        let result = try Self.load([
            "--scenario", "key-rotation", "tls://localhost:\(server.reprise.port())", "--insecure", "--duration", "1s",
            "--rate",
            "20/s", "--json", "--view", "none",
        ])
        let report = try Self.report(result)
        #expect(result.status == 0, "\(result)")
        #expect((report["settings"] as? [String: String])?["loop"] == "open, 20.0/s", "\(result)")
        #expect((report["assertions"] as? [Any])?.count == 2)
    }

    @Test func `reports are compared and merged`() throws {
        let server = try Self.server()
        let folder = RepriseProcess.temporaryFolder()
        let files = try ["a", "b"].map { name in
            let result = try Self.load([
                "tls://localhost:\(server.reprise.port())", "--insecure", "--count", "20", "--resume", "1", "--json",
            ])
            let file = folder.appending(path: "\(name).json")
            try result.output.write(to: file, atomically: true, encoding: .utf8)
            return file.path
        }
        let compared = try Self.load(["--compare"] + files)
        #expect(compared.status == 0 && compared.output.contains("handshake.full p99"), "\(compared)")
        // As another generator would have written it.
        let other = folder.appending(path: "other.json")
        try String(contentsOfFile: files[0], encoding: .utf8).replacing("\"seed\":1", with: "\"seed\":2")
            .write(to: other, atomically: true, encoding: .utf8)
        let twice = try Self.load(["--merge", files[0], files[0]])
        #expect(twice.status == 64 && twice.errors.contains("is there twice"), "\(twice)")
        let merged = try Self.load(["--merge", files[0], other.path, "--json", "--assert", "connections == 40"])
        let summary = try #require(try Self.report(merged)["summary"] as? [String: Any])
        #expect(merged.status == 0 && summary["done"] as? Int == 40, "\(merged)")
        let missing = try Self.load(["--compare", files[0], "\(folder.path)/nothing.json"])
        #expect(missing.status == 2 && missing.errors.contains("nothing.json"), "\(missing)")
        let wrong = try Self.load(["--compare", files[0]])
        #expect(wrong.status == 64, "\(wrong)")
    }

    @Test func `what was not to be seen fails the run`() throws {
        let silent = TestUpstream { peer in while case .bytes = peer.receive() {} }
        let words = ["tls://127.0.0.1:\(silent.port)", "--insecure", "--duration", "300ms", "--assert"]
        let nothing = try Self.load(words + ["errors == 0"])
        #expect(nothing.status == 1, "\(nothing)")
        let unfinished = try Self.load(words + ["unfinished == 0"])
        #expect(unfinished.status == 3 && unfinished.errors.contains("unfinished == 0: it was 10"), "\(unfinished)")
        let server = try Self.server()
        let command = try Self.load([
            "tls://localhost:\(server.reprise.port())", "--insecure", "--count", "1000", "--rate", "50/s", "--duration",
            "1s", "--at",
            "100ms: exit 7",
        ])
        #expect(command.status == 1 && command.errors.contains("command failed with exit code 7: exit 7"), "\(command)")
    }

    @Test func `an output that fails costs none of the others`() throws {
        let server = try Self.server()
        let page = RepriseProcess.temporaryFolder().appending(path: "page.html")
        let result = try Self.load([
            "tls://localhost:\(server.reprise.port())", "--insecure", "--count", "5", "--csv", "/dev/full", "--html",
            page.path,
            "--json", "--assert", "errors > 5",
        ])
        #expect(result.status == 3 && result.errors.contains("/dev/full cannot be written"), "\(result)")
        #expect(result.errors.contains("assertion failed: errors > 5: it was 0"), "\(result)")
        #expect(try Self.report(result)["summary"] is [String: Any])
        #expect(try String(contentsOf: page, encoding: .utf8).hasPrefix("<!DOCTYPE html>"))
    }

    @Test func `nobody who reads its progress holds it up`() throws {
        let server = try Self.server()
        let start = ContinuousClock.now
        // The reader of standard error never reads, and leaves when it is told.
        let script = """
            mkfifo pipe; sleep 60 < pipe & reader=$!
            # All that a pipe has room for, so that every further byte would wait.
            head -c 65536 /dev/zero > pipe
            '\(RepriseProcess.program.path)' load tls://localhost:\(server.reprise.port()) --insecure --duration 2s --rate 20/s \
                --connections 5 --json --view lines 2> pipe > report.json & run=$!
            while ! test -s report.json && kill -0 $run 2>/dev/null; do sleep 0.1; done
            kill $reader; wait $run; wc -c < report.json
            """
        let folder = RepriseProcess.temporaryFolder()
        let result = try Shell.run(["sh", "-c", "cd '\(folder.path)'; \(script)"])
        #expect(
            Int(result.output.split(separator: "\n").last?.trimmingCharacters(in: .whitespaces) ?? "") ?? 0 > 1000,
            "\(result)")
        #expect(ContinuousClock.now - start < .seconds(30))
    }
}

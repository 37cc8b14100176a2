import Foundation
import Glibc
import RepriseTestSupport
import Testing

@Suite(.waits) struct ReloadsAreWholeOrNothing {
    private func reload(_ reprise: RepriseProcess, _ configuration: String) throws -> [String: String] {
        let before = outcomes(reprise).count
        try reprise.rewrite(configuration)
        reprise.signal(SIGHUP)
        _ = eventually { outcomes(reprise).count > before }
        return outcomes(reprise).last ?? [:]
    }

    private func outcomes(_ reprise: RepriseProcess) -> [[String: String]] {
        reprise.lines.filter { $0["message"]?.hasPrefix("configuration ") == true && $0["level"] != "warning" }
    }

    private func fetch(_ port: Int) throws -> String {
        try Shell.run(["curl", "-sk", "https://localhost:\(port)/"]).output
    }

    @Test func `a listener moves from one address to all, and back, without its clients noticing`() throws {
        let configuration = TestConfiguration(TestUpstream.http("here\n"))
        let reprise = try configuration.start()
        let port = reprise.port()
        for address in ["0.0.0.0", "127.0.0.1"] {
            let text = configuration.text.replacingOccurrences(of: "127.0.0.1:0", with: "\(address):\(port)")
            #expect(try reload(reprise, text)["message"] == "configuration reloaded", "\(reprise.log)")
            #expect(
                reprise.waitForLine { $0["message"] == "listening" && $0["address"] == "\(address):\(port)" } != nil)
            #expect(try fetch(port) == "here\n")
        }
    }

    @Test func `a renamed listener keeps its sockets, a dropped one takes its file along`() throws {
        let folder = RepriseProcess.temporaryFolder()
        let path = folder.appending(path: "web.sock").path
        let configuration = TestConfiguration(TestUpstream.http("by path\n"))
        let text = configuration.text.replacingOccurrences(
            of: "\"127.0.0.1:0\"", with: "\"127.0.0.1:0\", \"unix:\(path)\"")
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let reprise = try RepriseProcess(text, folder: folder)
        func fetchByPath() throws -> String {
            try Shell.run([
                "python3", "-c",
                """
                import socket, ssl, sys
                raw = socket.socket(socket.AF_UNIX); raw.connect(sys.argv[1])
                c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
                s = c.wrap_socket(raw, server_hostname="localhost"); s.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
                print(s.makefile().read().split("\\n")[-2])
                """, path,
            ]).output
        }
        #expect(try fetchByPath() == "by path\n", "\(reprise.log)")
        let renamed = text.replacingOccurrences(of: "name: web", with: "name: site")
        #expect(try reload(reprise, renamed)["message"] == "configuration reloaded", "\(reprise.log)")
        #expect(try fetchByPath() == "by path\n", "\(reprise.log)")
        #expect(reprise.waitForLine { $0["message"] == "connection closed" && $0["listener"] == "site" } != nil)
        #expect(try reload(reprise, configuration.text)["message"] == "configuration reloaded", "\(reprise.log)")
        #expect(eventually { !FileManager.default.fileExists(atPath: path) })
    }

    @Test func `a draining process leaves its successor's socket file alone`() throws {
        let gate = DispatchSemaphore(value: 0)
        defer { gate.signal() }
        let upstream = TestUpstream { peer in
            gate.wait()
            peer.close()
        }
        let folder = RepriseProcess.temporaryFolder()
        let path = folder.appending(path: "web.sock").path
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let text = TestConfiguration(upstream).text.replacingOccurrences(
            of: "\"127.0.0.1:0\"", with: "\"127.0.0.1:0\", \"unix:\(path)\"")
        let first = try RepriseProcess(text, folder: folder)
        let tcp = first.lines.first { $0["message"] == "listening" && $0["address"]?.hasPrefix("127") == true }
        let client = try SocketClient(port: Int(tcp?["address"]?.split(separator: ":").last ?? "") ?? 0)
        #expect(eventually { upstream.accepted == 1 })
        first.signal(SIGTERM)
        #expect(first.waitForLine { $0["message"] == "draining" } != nil)
        #expect(eventually { !FileManager.default.fileExists(atPath: path) })
        let second = try RepriseProcess(text, folder: folder)
        #expect(second.waitForLine { $0["message"] == "listening" && $0["address"] == "unix:\(path)" } != nil)
        client.tls.sendCloseNotify()
        client.flush()
        gate.signal()
        #expect(first.status() == 0, "\(first.log)")
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test func `a file that another has put in the place of a socket stays at the end`() throws {
        let folder = RepriseProcess.temporaryFolder()
        let path = folder.appending(path: "web.sock").path
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let configuration = TestConfiguration(TestUpstream.echo())
        let reprise = try RepriseProcess(
            configuration.text.replacingOccurrences(of: "127.0.0.1:0", with: "unix:\(path)"), folder: folder)
        try FileManager.default.removeItem(atPath: path)
        try Data("another's".utf8).write(to: URL(fileURLWithPath: path))
        reprise.signal(SIGTERM)
        #expect(reprise.status() == 0, "\(reprise.log)")
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test func `an admin address that cannot be had refuses the reload whole`() throws {
        let (first, second) = (TestUpstream.http("first\n"), TestUpstream.http("second\n"))
        var configuration = TestConfiguration(first)
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        let reprise = try configuration.start()
        let good = configuration.text
        configuration.top = "admin: { bind: \"127.0.0.1:\(first.port)\" }"
        configuration.servers = ["\"127.0.0.1:\(second.port)\""]
        let line = try reload(reprise, configuration.text)
        #expect(line["message"]?.hasPrefix("configuration not reloaded") == true, "\(reprise.log)")
        #expect(line["reason"]?.contains("admin.bind: cannot listen on 127.0.0.1:\(first.port)") == true, "\(line)")
        #expect(try fetch(reprise.port()) == "first\n")
        #expect(try reload(reprise, good)["message"] == "configuration reloaded", "\(reprise.log)")
        let metrics = try Shell.run(["curl", "-s", "http://\(reprise.admin)/metrics"]).output
        #expect(metrics.contains("reprise_configuration_reloads_total{result=\"refused\"} 1\n"))
    }

    @Test func `a pipe in place of a file is a fault, and holds nothing up`() throws {
        let folder = RepriseProcess.temporaryFolder()
        let configuration = TestConfiguration(TestUpstream.http("here\n"))
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let reprise = try RepriseProcess(configuration.text, folder: folder)
        mkfifo(folder.appending(path: "pipe").path, 0o600)
        let line = try reload(reprise, configuration.text.replacingOccurrences(of: "a.pem", with: "pipe"))
        #expect(line["reason"]?.contains("it is no regular file") == true, "\(reprise.log)")
        #expect(try fetch(reprise.port()) == "here\n")
        reprise.signal(SIGTERM)
        #expect(reprise.status() == 0)
        let check = try Shell.run([RepriseProcess.program.path, "check", "-c", folder.appending(path: "pipe").path])
        #expect(check.status == 1 && check.errors.contains("it is no regular file"), "\(check)")
    }

    @Test(arguments: [false, true])
    func `check finds the server name that does not resolve, a fault where that is required`(isRequired: Bool) throws {
        let folder = RepriseProcess.temporaryFolder()
        var configuration = TestConfiguration()
        configuration.servers = ["\"nowhere.invalid:80\"", "\"also.invalid:80\""]
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let file = folder.appending(path: "reprise.yaml")
        try Data("require_dns: \(isRequired)\n\(configuration.text)".utf8).write(to: file)
        let check = try Shell.run([RepriseProcess.program.path, "check", "-c", file.path])
        #expect(check.status == (isRequired ? 1 : 0), "\(check)")
        for name in ["nowhere.invalid", "also.invalid"] {
            #expect(check.errors.contains("\(name) does not resolve"), "\(check)")
        }
    }

    @Test func `a file in the place of a Unix socket is left alone, and named as what it is`() throws {
        let folder = RepriseProcess.temporaryFolder()
        let path = folder.appending(path: "notes").path
        try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let configuration = TestConfiguration(TestUpstream.echo())
        let reprise = try RepriseProcess(
            configuration.text.replacingOccurrences(of: "127.0.0.1:0", with: "unix:\(path)"), folder: folder,
            waits: false)
        #expect(reprise.status() == 2)
        #expect(reprise.log.contains("it is no socket"), "\(reprise.log)")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
    }

    @Test func `a listener in the abstract namespace is told by its name`() throws {
        let name = "@reprise-\(getpid())"
        let configuration = TestConfiguration(TestUpstream.echo())
        let folder = RepriseProcess.temporaryFolder()
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let reprise = try RepriseProcess(
            configuration.text.replacingOccurrences(of: "127.0.0.1:0", with: "unix:\(name)"), folder: folder)
        #expect(reprise.lines.contains { $0["message"] == "listening" && $0["address"] == "unix:\(name)" })
    }
}

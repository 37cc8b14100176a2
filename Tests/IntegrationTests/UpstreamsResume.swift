import Foundation
import Glibc
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Servers that resume are never paid twice, and their sessions go nowhere else.
@Suite(.waits) struct UpstreamsResume {
    private static let trusted = "ca: ca.pem, server_name: app.test"

    private static func start(
        _ server: TLSServer, _ tls: String = trusted, workers: Int = 1, sessions: String = ""
    ) throws -> RepriseProcess {
        var configuration = TestConfiguration()
        configuration.top = "workers: \(workers)\nadmin: { bind: \"127.0.0.1:0\" }\n\(sessions)"
        configuration.servers = ["{ id: s, address: \"127.0.0.1:\(server.port)\" }"]
        configuration.group = "tls: { \(tls) }"
        return try configuration.start(folder: server.folder)
    }

    /// How often a server has been spoken to, by how the session was resumed.
    private func handshakes(_ reprise: RepriseProcess) throws -> [ResumptionMeans: Int] {
        var counts: [ResumptionMeans: Int] = [:]
        for means in ResumptionMeans.allCases {
            let sample =
                "reprise_upstream_handshakes_total{upstream=\"app\",server=\"s\",resumed=\"\(means.word)\"}"
            let count = Int(try reprise.metric(sample))
            if count > 0 { counts[means] = count }
        }
        return counts
    }

    private func result(_ reprise: RepriseProcess, _ result: UpstreamResumption) throws -> Int {
        Int(
            try reprise.metric(
                "reprise_upstream_resumptions_total{upstream=\"app\",server=\"s\",result=\"\(result.word)\"}"))
    }

    /// Clients that come one after the other, and are answered.
    private func come(_ count: Int, _ reprise: RepriseProcess) throws {
        let port = reprise.port()
        for number in 0..<count {
            let client = try SocketClient(port: port, sending: Array("GET / HTTP/1.0\r\n\r\n".utf8))
            var answer: [UInt8] = []
            repeat {
                while let bytes = try? client.tls.read(), !bytes.isEmpty { answer += bytes }
            } while !client.tls.hasReceivedShutdown && client.takeIn()
            #expect(String(decoding: answer, as: UTF8.self).contains(" 200 "), "\(number): \(reprise.log)")
        }
    }

    @Test(
        arguments: [
            ("-tls1_3", ResumptionMeans.psk), ("-tls1_3 -num_tickets 1", .psk), ("-tls1_2", .ticket),
            ("-tls1_2 -no_ticket", .sessionID), ("-tls1_3 -no_ticket", .psk),
        ], [1, 2])
    func `all but the first few connections resume`(
        server: (options: String, means: ResumptionMeans), workers: Int
    ) throws {
        let upstream = try TLSServer(["app.test"], server.options.split(separator: " ").map(String.init))
        let reprise = try Self.start(upstream, workers: workers)
        try come(40, reprise)
        let counts = try handshakes(reprise)
        #expect(counts[server.means] ?? 0 >= 39, "\(counts)")
        #expect(try result(reprise, .noSession) == counts[.no] ?? 0)
        let line = reprise.closedConnection(40)
        #expect(line["upstream_resumed"] == server.means.word && line["upstream_not_resumed"] == nil, "\(line)")
        #expect(reprise.closedConnection(1)["upstream_not_resumed"] == "no_session")
    }

    @Test(arguments: ["sessions: false", "alpn: [http/1.1]"])
    func `where sessions are off nothing resumes, and other settings change nothing`(option: String) throws {
        let upstream = try TLSServer(["app.test"])
        let reprise = try Self.start(upstream, Self.trusted + ", " + option)
        try come(3, reprise)
        let isOff = option.hasPrefix("sessions")
        #expect(try handshakes(reprise) == (isOff ? [.no: 3] : [.no: 1, .psk: 2]))
        #expect(try result(reprise, .off) == (isOff ? 3 : 0))
    }

    @Test(
        .enabled(if: ForeignPrograms.nginx, "nginx is not installed"),
        arguments: [("TLSv1.3", ResumptionMeans.psk), ("TLSv1.2", .ticket)])
    func `nginx that restarts costs a full handshake and no failure`(protocol: String, means: ResumptionMeans) throws {
        let nginx = try TLSNginx(`protocol`)
        let reprise = try nginx.start(before: "{ \(Self.trusted) }")
        try come(5, reprise)
        #expect(try handshakes(reprise) == [.no: 1, means: 4])
        try nginx.restart()
        try come(5, reprise)
        #expect(try handshakes(reprise) == [.no: 2, means: 8])
        #expect(try result(reprise, .refused) == 1)
    }

    @Test(.enabled(if: ForeignPrograms.nginx, "nginx is not installed"))
    func `a server that shows another certificate ends the sessions before it`() throws {
        let nginx = try TLSNginx()
        let reprise = try nginx.start(before: "{ \(Self.trusted) }")
        try come(3, reprise)
        try nginx.renewCertificate()
        try nginx.restart()
        try come(3, reprise)
        let changes = "reprise_upstream_certificate_changes_total{upstream=\"app\",server=\"s\"}"
        #expect(try reprise.metric(changes) == 1)
        #expect(try handshakes(reprise) == [.no: 2, .psk: 4])
        let expiry = "reprise_upstream_certificate_not_after_timestamp_seconds{upstream=\"app\",server=\"s\"}"
        #expect(try reprise.metric(expiry) > Date.now.timeIntervalSince1970)
    }

    @Test func `a chain that is too old is begun anew`() throws {
        let upstream = try TLSServer(["app.test"])
        let reprise = try Self.start(upstream, sessions: "sessions: { max_chain_age: 1s, lifetime: 1s }")
        try come(2, reprise)
        let begin = Date.now
        #expect(eventually { Date.now.timeIntervalSince(begin) > 2 })
        try come(1, reprise)
        #expect(try handshakes(reprise) == [.no: 2, .psk: 1])
        #expect(try result(reprise, .chainTooOld) == 1)
    }

    @Test func `a reload keeps the sessions, and one that trusts others does not use them`() throws {
        let upstream = try TLSServer(["app.test"])
        let reprise = try Self.start(upstream)
        let file = reprise.folder.appending(path: "reprise.yaml")
        func reload(_ change: (String) -> String) throws {
            let text = try String(contentsOf: file, encoding: .utf8)
            try Data(change(text).utf8).write(to: file)
            let before = reprise.lines.count
            kill(reprise.processID, SIGHUP)
            #expect(eventually { reprise.lines[before...].contains { $0["message"] == "configuration reloaded" } })
        }
        try come(2, reprise)
        try reload { $0 + "\n# nothing" }
        try come(2, reprise)
        #expect(try handshakes(reprise) == [.no: 1, .psk: 3])
        let more = upstream.folder.appending(path: "more.pem")
        let pem = try Data(contentsOf: upstream.folder.appending(path: "ca.pem"))
        try (pem + Data(contentsOf: upstream.folder.appending(path: "a.pem"))).write(to: more)
        try reload { $0.replacing("ca: ca.pem", with: "ca: more.pem") }
        try come(2, reprise)
        #expect(try handshakes(reprise) == [.no: 2, .psk: 4])
    }

    @Test(.enabled(if: ForeignPrograms.nginx, "nginx is not installed"))
    func `through two of us both hops resume`() throws {
        let nginx = try TLSNginx()
        let back = try nginx.start(before: "{ \(Self.trusted) }")
        var configuration = TestConfiguration()
        configuration.top = "workers: 1\nadmin: { bind: \"127.0.0.1:0\" }"
        configuration.servers = ["{ id: s, address: \"127.0.0.1:\(back.port())\" }"]
        configuration.group = "tls: { ca: back.pem, server_name: localhost }"
        let folder = RepriseProcess.temporaryFolder()
        try FileManager.default.copyItem(
            at: back.folder.appending(path: "a.pem"), to: folder.appending(path: "back.pem"))
        let front = try configuration.start(folder: folder)
        try come(5, front)
        #expect(try handshakes(front) == [.no: 1, .psk: 4])
        #expect(try handshakes(back) == [.no: 1, .psk: 4])
        #expect(back.closedConnection(5)["resumed"] == "psk")
    }
}

/// nginx that speaks TLS, with a certificate of an authority of its own, `ca.pem` in its folder.
final class TLSNginx {
    let folder = RepriseProcess.temporaryFolder()
    let port = Loopback.freePorts(1)[0]
    private let authority: TestAuthority
    private var process: ChildProcess?

    /// - Parameter answer: what every request is answered.
    init(_ protocols: String = "TLSv1.3", answer: String = "nginx\\n") throws {
        authority = try TestAuthority(in: folder)
        try renewCertificate()
        let text = """
            daemon off; worker_processes 1; \(geteuid() == 0 ? "user root;" : "")
            pid \(folder.path)/pid; error_log \(folder.path)/log; events { worker_connections 64; }
            http {
                access_log off; client_body_temp_path \(folder.path)/b; proxy_temp_path \(folder.path)/p;
                fastcgi_temp_path \(folder.path)/f; uwsgi_temp_path \(folder.path)/u; scgi_temp_path \(folder.path)/s;
                ssl_protocols \(protocols); ssl_certificate server.pem; ssl_certificate_key server.key;
                server { listen 127.0.0.1:\(port) ssl; return 200 "\(answer)"; }
            }
            """
        try Data(text.utf8).write(to: folder.appending(path: "nginx.conf"))
        try run()
    }

    deinit { end() }

    /// The same names under another key.
    func renewCertificate() throws { try authority.make("server", for: ["app.test"]) }

    func restart() throws {
        end()
        try run()
    }

    private func run() throws {
        process = try ChildProcess(
            ["setsid", ForeignPrograms.path("nginx") ?? "nginx", "-p", folder.path, "-c", folder.path + "/nginx.conf"])
        let isThere = eventually(within: 15) {
            let descriptor = Loopback.socket()
            defer { close(descriptor) }
            return Loopback.connect(descriptor, to: port)
        }
        #expect(isThere)
    }

    private func end() {
        guard let process else { return }
        kill(-process.id, SIGKILL)
        _ = process.waitForStatus()
        self.process = nil
    }

    /// A Reprise whose server `s` it is.
    func start(before tls: String) throws -> RepriseProcess {
        var configuration = TestConfiguration()
        configuration.top = "workers: 1\nadmin: { bind: \"127.0.0.1:0\" }"
        configuration.servers = ["{ id: s, address: \"127.0.0.1:\(port)\" }"]
        configuration.group = "tls: \(tls)"
        return try configuration.start(folder: folder)
    }
}

import Foundation
import Glibc
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// TLS to servers: those that are who they should be get connections, and nobody else does.
@Suite(.waits) struct UpstreamsAreEncrypted {
    /// The server's side of a test: an authority, its certificate for a server, and `openssl s_server -www` with it.
    private static func server(
        _ names: [String] = ["app.test"], days: Int64 = 30, _ more: [String] = []
    )
        throws -> TLSServer
    {
        try TLSServer(names, days: days, more)
    }

    private static func start(_ server: TLSServer, _ tls: String, health: String = "") throws -> RepriseProcess {
        var configuration = TestConfiguration()
        configuration.servers = ["\"127.0.0.1:\(server.port)\""]
        configuration.group = "tls: \(tls)" + (health.isEmpty ? "" : "\n    health: \(health)")
        return try configuration.start(folder: server.folder)
    }

    /// What a client is answered that asks for a name.
    private func status(_ reprise: RepriseProcess, _ name: String = "localhost") throws -> String {
        try Shell.run([
            "curl", "-sk", "--max-time", "10", "-o", "/dev/null", "-w", "%{http_code}", "--resolve",
            "\(name):\(reprise.port()):127.0.0.1", "https://\(name):\(reprise.port())/",
        ]).output
    }

    @Test(arguments: [
        "{ ca: ca.pem, server_name: app.test }", "{ ca: ca.pem, server_name: none, verify_name: app.test }",
        "{ verify: none }", "{ ca: ca.pem, server_name: other.test, verify_name: app.test }",
        "{ ca: ca.pem, server_name: app.test, maximum_version: \"1.2\" }",
        "{ ca: ca.pem, server_name: app.test, alpn: [http/1.1], security_level: 2, depth: 0 }",
    ])
    func `a server that is who it should be is reached`(tls: String) throws {
        let server = try Self.server()
        let reprise = try Self.start(server, tls)
        #expect(try status(reprise) == "200", "\(reprise.log)")
        withExtendedLifetime(server) {}
    }

    @Test(arguments: [
        ("app.test", Int64(30), "{ server_name: app.test }"),
        ("else.test", 30, "{ ca: ca.pem, server_name: app.test }"),
        ("app.test", -3, "{ ca: ca.pem, server_name: app.test }"),
        ("app.test", 30, "{ ca: a.pem, server_name: app.test }"),
        ("app.test", 30, "{ ca: ca.pem, verify_name: 192.0.2.1, server_name: none }"),
    ])
    func `a server that is not gets no connection, and the log says why`(name: String, days: Int64, tls: String) throws
    {
        let server = try Self.server([name], days: days)
        let reprise = try Self.start(server, tls)
        #expect(try status(reprise) == "000")
        let detail = reprise.waitForLine { $0["message"] == "upstream connect failed" }?["reason"] ?? ""
        withExtendedLifetime(server) {}
        let words = days < 0 ? "expired" : name == "else.test" ? "hostname mismatch" : "certificate"
        #expect(detail.lowercased().contains(words), "\(detail)")
    }

    @Test(arguments: ["tls", "http"]) func `checks verify as connections do`(type: String) throws {
        let server = try Self.server()
        let good = try Self.start(
            server, "{ ca: ca.pem, server_name: app.test }", health: "{ type: \(type), interval: 20ms }")
        let bad = try Self.start(
            server, "{ ca: ca.pem, server_name: no.test }", health: "{ type: \(type), interval: 20ms }")
        #expect(
            bad.waitForLine { $0["state"] == "down" }?["reason"]?.contains("hostname mismatch") == true, "\(bad.log)")
        #expect(try status(good) == "200")
        #expect(!good.log.contains("state=down"), "\(good.log)")
        withExtendedLifetime(server) {}
    }

    @Test func `a route may say how the servers of its group are spoken TLS to, and another server for itself`() throws
    {
        let server = try Self.server()
        let plain = TestUpstream { peer in
            _ = peer.receive()
            peer.send(Array("HTTP/1.0 201 Created\r\n\r\n".utf8))
            peer.close()
        }
        let folder = server.folder
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let tls = "{ ca: ca.pem, server_name: app.test }"
        let text = """
            workers: 1
            listeners:
              - name: web
                bind: ["127.0.0.1:0"]
                router: by-name
                tls: { hosts: [{ names: [localhost], certificates: [{ chain: a.pem, key: a.key }] }] }
            routers:
              - name: by-name
                sni:
                  right.test: { to: app, tls: \(tls) }
                  wrong.test: { to: app, tls: { ca: ca.pem, server_name: else.test } }
                  own.test: mixed
                  default: plain
            upstreams:
              - { name: app, servers: ["127.0.0.1:\(server.port)"] }
              - name: mixed
                servers: [{ address: "127.0.0.1:\(server.port)", tls: \(tls) }]
              - { name: plain, servers: ["127.0.0.1:\(plain.port)"] }
            """
        let reprise = try RepriseProcess(text, folder: folder)
        func status(_ name: String) throws -> String { try self.status(reprise, name) }
        #expect(try status("right.test") == "200" && status("own.test") == "200", "\(reprise.log)")
        #expect(try status("wrong.test") == "000" && status("plain.test") == "201", "\(reprise.log)")
        let failed = reprise.waitForLine { $0["message"] == "upstream connect failed" }
        #expect(failed?["reason"]?.contains("hostname mismatch") == true, "\(reprise.log)")
        withExtendedLifetime((server, plain)) {}
    }

    @Test func `names that clients ask for in vain are no fault of the servers'`() throws {
        let servers = try (0..<2).map { _ in try Self.server(["good.test"]) }
        var configuration = TestConfiguration()
        configuration.servers = servers.map { "\"127.0.0.1:\($0.port)\"" }
        configuration.group = "tls: { ca: both.pem, server_name: client }"
        let folder = RepriseProcess.temporaryFolder()
        let roots = try servers.map { try Data(contentsOf: $0.folder.appending(path: "ca.pem")) }
        try roots.reduce(Data(), +).write(to: folder.appending(path: "both.pem"))
        let reprise = try configuration.start(folder: folder)
        func status(_ name: String) throws -> String { try self.status(reprise, name) }
        for name in ["bad.test", "bad.test", "127.0.0.1", "worse.test"] { #expect(try status(name) == "000") }
        #expect(try status("good.test") == "200", "\(reprise.log)")
        #expect(!reprise.log.contains("upstream server changed"), "\(reprise.log)")
        withExtendedLifetime(servers) {}
    }

    @Test func `a check by TLS gives back the session that it uses up`() throws {
        let server = try Self.server()
        var configuration = TestConfiguration()
        configuration.top = "workers: 1\nadmin: { bind: \"127.0.0.1:0\" }"
        configuration.servers = ["{ id: s, address: \"127.0.0.1:\(server.port)\" }"]
        configuration.group =
            "tls: { ca: ca.pem, server_name: app.test }\n    health: { type: tls, interval: 20ms }"
        let reprise = try configuration.start(folder: server.folder)
        #expect(try status(reprise) == "200")
        let checks = "reprise_upstream_checks_total{upstream=\"app\",server=\"s\",result=\"good\"}"
        let before = try reprise.metric(checks)
        #expect(eventually { (try? reprise.metric(checks)) ?? 0 > before + 5 })
        #expect(try status(reprise) == "200")
        let line = reprise.closedConnection(2)
        #expect(line["upstream_resumed"] == "psk", "\(line)")
        withExtendedLifetime(server) {}
    }

    @Test func `a route's own terms put no server out for others`() throws {
        let server = try Self.server()
        let folder = server.folder
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let text = """
            workers: 1
            listeners:
              - name: web
                bind: ["127.0.0.1:0"]
                router: by-name
                tls: { hosts: [{ names: [localhost], certificates: [{ chain: a.pem, key: a.key }] }] }
            routers:
              - name: by-name
                sni: { wrong.test: { to: app, tls: { ca: ca.pem, server_name: else.test } }, default: app }
            upstreams:
              - name: app
                eject: { most: 100 }
                tls: { ca: ca.pem, server_name: app.test. }
                servers: ["127.0.0.1:\(server.port)"]
            """
        let reprise = try RepriseProcess(text, folder: folder)
        func status(_ name: String) throws -> String { try self.status(reprise, name) }
        for _ in 0..<4 { #expect(try status("wrong.test") == "000") }
        #expect(try status("right.test") == "200", "\(reprise.log)")
        #expect(!reprise.log.contains("upstream server changed"), "\(reprise.log)")
        withExtendedLifetime(server) {}
    }

    /// The names that a client may ask for, and what a server may not be asked for.
    @Test(arguments: ["127.0.0.1", "a..test"]) func `a client's name that is none is not asked for`(name: String) throws
    {
        let server = try Self.server(["127.0.0.1", "good.test"])
        let reprise = try Self.start(server, "{ ca: ca.pem, server_name: client }")
        let answer = try? SocketClient(port: reprise.port(), .init(serverName: name), sending: Array("GET /".utf8))
        while answer?.takeIn() == true { _ = try? answer?.tls.read() }
        let line = reprise.waitForLine { $0["message"] == "upstream connect failed" }
        #expect(line?["reason"]?.contains("needs a name") == true, "\(reprise.log)")
        withExtendedLifetime(server) {}
    }
}

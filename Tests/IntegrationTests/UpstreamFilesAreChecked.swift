import Foundation
import Glibc
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// What TLS to servers is made of is checked before it is used, each fault at its place, and read again when it changes.
@Suite(.waits) struct UpstreamFilesAreChecked {
    private let folder = RepriseProcess.temporaryFolder()

    /// Options of a group's TLS, and what is said of one of them.
    struct Case: Sendable, CustomTestStringConvertible {
        let options: [String]
        /// The option whose line the fault has; `nil` for the block's.
        let place: String?
        let words: String

        init(_ place: String?, _ words: String, _ options: String...) {
            (self.options, self.place, self.words) = (options, place, words)
        }

        var testDescription: String { options.joined(separator: ", ") }
    }

    private static let cases = [
        Case("ca", "gone.pem: cannot be read: no such file", "ca: gone.pem", "server_name: app.test"),
        Case("ca", "it is a revocation list", "ca: crl.pem", "server_name: app.test"),
        Case("crl", "gone.pem: cannot be read: no such file", "ca: ca.pem", "crl: gone.pem", "server_name: app.test"),
        Case("crl", "it is a certificate", "ca: ca.pem", "crl: ca.pem", "server_name: app.test"),
        Case("crl", "is signed by none of", "ca: other.pem", "crl: crl.pem", "server_name: app.test"),
        Case("crl", "needs a `ca` with the authorities", "crl: crl.pem", "server_name: app.test"),
        Case("certificate", "gone.pem: cannot be read", "certificate: gone.pem", "key: a.key", "server_name: app.test"),
        Case("key", "gone.key: cannot be read", "certificate: a.pem", "key: gone.key", "server_name: app.test"),
        Case("certificate", "needs the `key`", "certificate: a.pem", "server_name: app.test"),
        Case("key", "needs the `certificate`", "key: a.key", "server_name: app.test"),
        Case("certificate", "swapped", "certificate: a.key", "key: a.pem", "server_name: app.test"),
        Case("key", "the key is not that of", "certificate: a.pem", "key: b.key", "server_name: app.test"),
        Case("key", "no passphrase file", "certificate: c.pem", "key: c.key", "server_name: app.test"),
        Case(
            "passphrase_file", "passphrase is wrong", "certificate: c.pem", "key: c.key", "passphrase_file: wrong",
            "server_name: app.test"),
        Case(
            "passphrase_file", "cannot be read", "certificate: c.pem", "key: c.key", "passphrase_file: gone",
            "server_name: app.test"),
        Case("server_name", "addresses are not sent as names", "server_name: 192.0.2.1"),
        Case("server_name", "expected a host name, client or none", "server_name: \"a b\""),
        Case("verify_name", "expected a host name or an address", "verify_name: \"a b\"", "server_name: app.test"),
        Case(nil, "has no name that its certificate could be for", "ca: ca.pem"),
        Case(nil, "has no name that its certificate could be for", "server_name: none"),
    ]

    private func makeFiles() throws {
        let authority = try TestAuthority(in: folder)
        for name in ["a", "b"] { try authority.make(name, for: ["proxy.test"], forClient: true) }
        try authority.make("c", for: ["proxy.test"], forClient: true, passphrase: "open sesame")
        let other = try authority.authority("Other")
        try Data(other.certificatePEM).write(to: folder.appending(path: "other.pem"))
        try Data(TestRevocations(of: authority.root).list([])).write(to: folder.appending(path: "crl.pem"))
        try Data("wrong\n".utf8).write(to: folder.appending(path: "wrong"))
        try Data("open sesame\n".utf8).write(to: folder.appending(path: "right"))
        // What clients get.
        try TestCertificates(in: folder).make("web", for: ["localhost"])
    }

    private func check(_ options: [String]) throws -> (result: ShellResult, lines: [Substring]) {
        var configuration = TestConfiguration()
        configuration.hosts = "[{ names: [localhost], certificates: [{ chain: web.pem, key: web.key }] }]"
        configuration.servers = ["\"127.0.0.1:1\""]
        configuration.group = "tls: {\n" + options.map { "      \($0)" }.joined(separator: ",\n") + " }"
        let file = folder.appending(path: "x.yaml")
        try Data(configuration.text.utf8).write(to: file)
        let result = try Shell.run([RepriseProcess.program.path, "check", "-c", file.path])
        return (result, configuration.text.split(separator: "\n", omittingEmptySubsequences: false))
    }

    @Test func `each fault is one line with its place`() throws {
        try makeFiles()
        for fault in Self.cases {
            let (result, lines) = try check(fault.options)
            let start = fault.place.map { "      \($0): " } ?? "    tls: {"
            let number = try #require(lines.firstIndex { $0.hasPrefix(start) }) + 1
            let faults = result.errors.split(separator: "\n").filter { !$0.hasPrefix("warning: ") }
            #expect(result.status == 1 && faults.count == 1, "\(fault.testDescription): \(result)")
            let line = faults.first ?? ""
            #expect(
                line.contains("x.yaml:\(number):") && line.contains(fault.words), "\(fault.testDescription): \(line)")
        }
    }

    @Test(arguments: [
        ["ca: ca.pem", "crl: crl.pem", "depth: 1", "server_name: app.test"],
        ["certificate: a.pem", "key: a.key", "server_name: app.test"],
        ["certificate: c.pem", "key: c.key", "passphrase_file: right", "server_name: app.test"],
        ["server_name: none", "verify_name: 192.0.2.1"], ["server_name: client"],
    ])
    func `what is good is good`(options: [String]) throws {
        try makeFiles()
        let result = try check(options).result
        #expect(result.status == 0, "\(result)")
    }

    @Test func `what has no effect, and protection that is not there, are warnings`() throws {
        try makeFiles()
        let open = try check(["verify: none", "ca: ca.pem", "verify_name: app.test"]).result
        #expect(open.status == 0 && open.errors.contains("can pose as them"), "\(open)")
        #expect(open.errors.components(separatedBy: "has no effect with verify: none").count == 3, "\(open)")
        let idle = try check(["passphrase_file: right", "server_name: app.test"]).result
        #expect(idle.status == 0 && idle.errors.contains("has no effect without a `key`"), "\(idle)")
    }
}

/// What we show servers, and by which name we ask for them.
@Suite(.waits, .enabled(if: ForeignPrograms.nginx, "nginx is not installed")) struct UpstreamsKnowUs {
    private let folder = RepriseProcess.temporaryFolder()

    /// nginx that answers with a variable of its own.
    private func nginx(_ variable: String, _ more: String = "") throws -> ForeignServer {
        let answer = "return 200 \"is <\(variable)>\\n\";"
        return try ForeignServer(
            ["nginx", "-p", "DIR", "-c", "DIR/configuration"],
            prepare: { place in
                for name in ["ca.pem", "server.pem", "server.key"] {
                    try FileManager.default.copyItem(
                        at: folder.appending(path: name), to: place.appending(path: name))
                }
            }
        ) { place, ports in
            """
            daemon off; worker_processes 1; \(geteuid() == 0 ? "user root;" : "")
            pid \(place)/pid; error_log \(place)/log; events { worker_connections 64; }
            http {
                access_log off; client_body_temp_path \(place)/b; proxy_temp_path \(place)/p;
                fastcgi_temp_path \(place)/f; uwsgi_temp_path \(place)/u; scgi_temp_path \(place)/s;
                ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate server.pem; ssl_certificate_key server.key;
                \(more.replacing("PORT", with: "\(ports[0])").replacing("ANSWER", with: answer))
                server { listen 127.0.0.1:\(ports[0]) ssl; server_name one.test two.test; \(answer) }
            }
            """
        }
    }

    private func start(
        before server: ForeignServer, and other: ForeignServer? = nil, _ tls: String, names: [String] = ["localhost"]
    ) throws -> RepriseProcess {
        var configuration = TestConfiguration()
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        configuration.hosts =
            "[{ names: [\(names.joined(separator: ", "))], certificates: [{ chain: a.pem, key: a.key }] }]"
        configuration.servers = ["{ id: s, address: \"127.0.0.1:\(server.port)\" }"]
        if let other { configuration.servers.append("{ id: t, address: \"127.0.0.1:\(other.port)\" }") }
        configuration.group = "tls: { ca: ca.pem, \(tls) }"
        return try configuration.start(folder: folder)
    }

    private func handshakes(_ reprise: RepriseProcess, _ resumed: String) throws -> Double {
        try reprise.metric("reprise_upstream_handshakes_total{upstream=\"app\",server=\"s\",resumed=\"\(resumed)\"}")
    }

    private func copy(_ from: String, to: String) throws {
        try Data(contentsOf: folder.appending(path: from)).write(to: folder.appending(path: to))
    }

    @Test(arguments: ["1.2", "1.3"])
    func `a certificate that is replaced is shown from then on, and no session goes on under the old one`(
        version: String
    ) throws {
        let authority = try TestAuthority(in: folder)
        try authority.make("server", for: ["app.test"])
        try authority.make("client", for: ["proxy.test"], serial: 0xa1, forClient: true)
        try authority.make("next", for: ["proxy.test"], serial: 0xb2, forClient: true)
        let server = try nginx("$ssl_client_serial", "ssl_client_certificate ca.pem; ssl_verify_client on;")
        let reprise = try start(
            before: server,
            "server_name: app.test, certificate: client.pem, key: client.key, maximum_version: \"\(version)\"")
        for _ in 0..<3 { #expect(try reprise.visit().contains("is <A1>"), "\(reprise.log)") }
        #expect(try handshakes(reprise, "no") == 1)
        try copy("next.key", to: "client.key")
        try copy("next.pem", to: "client.pem")
        let applied = reprise.waitForLine { $0["message"] == "changed files read again" }
        #expect(applied?["files"]?.contains("client.pem") == true, "\(reprise.log)")
        for _ in 0..<3 { #expect(try reprise.visit().contains("is <B2>"), "\(reprise.log)") }
        #expect(try handshakes(reprise, "no") == 2)
        #expect(try reprise.metric("reprise_configuration_reloads_total{result=\"applied\"}") == 0)
        withExtendedLifetime(server) {}
    }

    @Test func `a key that a passphrase locks is opened, and its certificate shown`() throws {
        let authority = try TestAuthority(in: folder)
        try authority.make("server", for: ["app.test"])
        try authority.make(
            "client", for: ["proxy.test"], serial: 0xc3, forClient: true, passphrase: "open sesame")
        try Data("open sesame\n".utf8).write(to: folder.appending(path: "pass"))
        let server = try nginx("$ssl_client_serial", "ssl_client_certificate ca.pem; ssl_verify_client on;")
        let reprise = try start(
            before: server,
            "server_name: app.test, certificate: client.pem, key: client.key, passphrase_file: pass")
        #expect(try reprise.visit().contains("is <C3>"), "\(reprise.log)")
        withExtendedLifetime(server) {}
    }

    @Test func `a server is asked for what the client asks for, and no session goes from one name to another`() throws {
        let names = ["one.test", "two.test", "three.test"]
        try TestAuthority(in: folder).make("server", for: Array(names.prefix(2)))
        let server = try nginx("$ssl_server_name")
        let reprise = try start(before: server, "server_name: client", names: names)
        for _ in 0..<3 {
            for name in names.prefix(2) {
                #expect(try reprise.visit(name).contains("is <\(name)>"), "\(reprise.log)")
            }
        }
        #expect(try handshakes(reprise, "no") == 2 && handshakes(reprise, "psk") == 4)
        // The certificate must be for that name, too.
        #expect(try reprise.visit("three.test").isEmpty)
        let reason = reprise.waitForLine { $0["message"] == "upstream connect failed" }?["reason"] ?? ""
        #expect(reason.contains("hostname mismatch"), "\(reason)")
        withExtendedLifetime(server) {}
    }

    @Test func `a server is asked for the client's name, and verified by one of its own`() throws {
        try TestAuthority(in: folder).make("server", for: ["app.test"])
        let server = try nginx("$ssl_server_name")
        let reprise = try start(
            before: server, "server_name: client, verify_name: app.test", names: ["one.test", "two.test"])
        for name in ["one.test", "two.test"] {
            #expect(try reprise.visit(name).contains("is <\(name)>"), "\(reprise.log)")
        }
        #expect(try handshakes(reprise, "no") == 2)
        withExtendedLifetime(server) {}
    }

    @Test(
        arguments: ["evil.test", nil],
        ["", "server { listen 127.0.0.1:PORT ssl default_server; ssl_reject_handshake on; ANSWER }"])
    func `no name that a client asks for costs another client a server`(name: String?, refusal: String) throws {
        try TestAuthority(in: folder).make("server", for: ["one.test"])
        let (server, other) = try (nginx("$ssl_server_name", refusal), nginx("$ssl_server_name", refusal))
        let reprise = try start(before: server, and: other, "server_name: client", names: ["one.test"])
        for _ in 0..<4 { #expect(try reprise.visit(name).isEmpty) }
        for _ in 0..<4 { #expect(try reprise.visit("one.test").contains("is <one.test>"), "\(reprise.log)") }
        #expect(!reprise.lines.contains { $0["state"] == "ejected" }, "\(reprise.log)")
        withExtendedLifetime((server, other)) {}
    }

    @Test(arguments: ["server_name: client", "server_name: client, verify_name: one.test", "server_name: one.test"])
    func `a server that was ill comes back, by whatever name it is asked for`(tls: String) throws {
        try TestAuthority(in: folder).make("server", for: ["one.test"])
        let (server, isIll) = try (nginx("$ssl_server_name"), Locked(true))
        let relay = TestUpstream.relay(to: server.port) { _ in isIll.withLock { $0 } ? .reset : .none }
        var configuration = TestConfiguration()
        configuration.hosts = "[{ names: [one.test], certificates: [{ chain: a.pem, key: a.key }] }]"
        configuration.servers = ["{ id: s, address: \"127.0.0.1:\(relay.port)\" }", "\"127.0.0.1:\(server.port)\""]
        configuration.group = "tls: { ca: ca.pem, \(tls) }\n    eject: { time: 50ms }"
        let reprise = try configuration.start(folder: folder)
        func change(_ state: String) -> [String: String]? {
            reprise.waitForLine { $0["server"] == "s" && $0["state"] == state }
        }
        for _ in 0..<4 { #expect(try reprise.visit("one.test").contains("is <one.test>"), "\(reprise.log)") }
        #expect(change("ejected") != nil, "\(reprise.log)")
        isIll.withLock { $0 = false }
        #expect(change("up") != nil, "\(reprise.log)")
        withExtendedLifetime(server) {}
    }
}

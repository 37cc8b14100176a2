import Foundation
import RepriseTestSupport
import Testing

/// What `reprise load` offers and where it comes from, as a server sees it that logs each connection.
@Suite(.waits, .serialized) struct TheHarnessSpeaks {
    private let upstream = TestUpstream.echo()

    private func server(
        _ listener: String = "", _ folder: URL = RepriseProcess.temporaryFolder()
    ) throws -> RepriseProcess {
        var configuration = TestConfiguration(upstream)
        configuration.listener = listener
        return try configuration.start(folder: folder)
    }

    private func load(_ server: RepriseProcess, _ words: [String]) throws -> ShellResult {
        try Shell.run(
            [
                RepriseProcess.program.path, "load", "tls://localhost:\(server.port())", "--insecure", "--count", "6",
                "--connections", "3",
            ]
                + words)
    }

    /// The lines of the connections that a load has made, once all are over.
    private func lines(_ server: RepriseProcess, _ words: [String], count: Int = 6) throws -> [[String: String]] {
        let result = try load(server, words)
        #expect(result.status == 0, "\(result)")
        _ = server.closedConnection(count)
        return server.lines.filter { $0["message"] == "connection closed" }
    }

    @Test func `versions, ciphers, groups, application protocols and names`() throws {
        var configuration = TestConfiguration(upstream)
        configuration.tls = "alpn: [h2, http/1.1]"
        let server = try configuration.start()
        let old = try lines(
            server,
            [
                "--tls", "1.2", "--ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384", "--alpn", "http/1.1", "--sni",
                "localhost,b.test",
            ])
        #expect(
            old.allSatisfy { $0["protocol"] == "TLSv1.2" && $0["cipher"] == "ECDHE-ECDSA-AES256-GCM-SHA384" }, "\(old)")
        #expect(
            old.allSatisfy { $0["alpn"] == "http/1.1" }
                && Set(old.compactMap { $0["sni"] }).isSubset(of: ["localhost", "b.test"]))
        let new = try lines(
            server, ["--tls", "1.3", "--ciphersuites", "TLS_CHACHA20_POLY1305_SHA256", "--groups", "P-384"], count: 12
        ).dropFirst(6)
        #expect(
            new.allSatisfy { $0["cipher"] == "TLS_CHACHA20_POLY1305_SHA256" && $0["group"] == "P-384" }, "\(new)")
    }

    @Test(arguments: ["v1", "v2"])
    func `each simulated client has an address of its own in a PROXY header`(version: String) throws {
        let server = try server("proxy_protocol: required\n    trusted_proxies: [\"127.0.0.0/8\"]")
        let clients = try lines(server, ["--proxy-protocol", version]).compactMap {
            $0["client"]?.split(separator: ":").first
        }
        #expect(Set(clients) == ["198.18.0.0", "198.18.0.1", "198.18.0.2"], "\(clients)")
        // Without one, nobody is let in.
        #expect(try load(server, []).status == 1)
    }

    @Test func `connections come from the addresses that are asked for, in turn`() throws {
        let lines = try lines(server(), ["--source", "127.0.0.21", "--source", "127.0.0.22"])
        let sources = lines.compactMap { $0["client"]?.split(separator: ":").first }.sorted()
        #expect(
            sources == ["127.0.0.21", "127.0.0.21", "127.0.0.21", "127.0.0.22", "127.0.0.22", "127.0.0.22"],
            "\(sources)")
    }

    @Test func `a client's certificate is shown where one is demanded`() throws {
        let folder = RepriseProcess.temporaryFolder()
        let made = try Shell.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            "/CN=client",
            "-keyout", "\(folder.path)/client.key", "-out", "\(folder.path)/client.pem",
        ])
        try #require(made.status == 0, "\(made)")
        var configuration = TestConfiguration(upstream)
        configuration.hosts =
            "[{ names: [localhost], certificates: [{ chain: a.pem, key: a.key }], client_auth: { mode: require, ca: client.pem } }]"
        let server = try configuration.start(folder: folder)
        let shown = ["--cert", "\(folder.path)/client.pem", "--key", "\(folder.path)/client.key", "--resume", "1"]
        let result = try load(server, shown)
        #expect(result.status == 0, "\(result) \(server.log)")
        #expect(try load(server, ["--tls", "1.2"]).status == 1)
    }

    @Test func `a connection that is held open ends with the run, in order`() throws {
        let server = try server()
        let result = try load(server, ["--idle", "10m", "--duration", "1s", "--json"])
        let report = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let summary = try #require(report["summary"] as? [String: Any])
        #expect(summary["done"] as? Int == 3 && summary["unfinished"] as? Int == 0, "\(result)")
        _ = server.closedConnection(3)
        #expect(
            server.lines.filter { $0["message"] == "connection closed" }.allSatisfy {
                $0["ending"] == "client_close_notify"
            }, "\(server.log)")
    }

    /// A machine that has eleven ports, and all of 127.0.0.0/8.
    private static let fewPorts = [
        "unshare", "--net", "sh", "-ec",
        "ip link set lo up; echo '40000 40010' > /proc/sys/net/ipv4/ip_local_port_range; exec \"$@\"", "sh",
    ]
    private static let canHaveFewPorts = (try? Shell.run(fewPorts + ["true"]).status) == 0

    @Test(.enabled(if: canHaveFewPorts, "it takes network namespaces"))
    func `when ports run out, further addresses of this machine are taken, and that is told`() throws {
        let folder = RepriseProcess.temporaryFolder()
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let script = """
            cd '\(folder.path)'
            openssl s_server -accept 127.0.0.1:4433 -www -quiet -cert a.pem -key a.key </dev/null >/dev/null 2>&1 & server=$!
            \(RepriseProcess.program.path) load tls://127.0.0.1:4433 --insecure --count 40 --connections 20 --idle 50ms --json --view none
            status=$?
            kill $server
            exit $status
            """
        let result = try Shell.run(Self.fewPorts + ["sh", "-c", script])
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result)")
        let generator = try #require(report["generator"] as? [String: Any])
        #expect((generator["sources"] as? [String])?.first == "127.64.0.1", "\(result)")
        #expect((generator["limits"] as? [String])?.contains { $0.hasPrefix("Ports ran out") } == true, "\(result)")
    }
}

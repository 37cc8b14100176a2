import Foundation
import Glibc
import RepriseTestSupport
import Testing

/// A server that takes no connections, or fails its checks, gets none; when it is well again, it gets them.
@Suite(.waits) struct IllServersAreLeftOut {
    private func configuration(_ group: String, _ upstreams: TestUpstream...) -> TestConfiguration {
        var configuration = TestConfiguration()
        configuration.servers = upstreams.map { "\"127.0.0.1:\($0.port)\"" }
        (configuration.group, configuration.top) = (group, "admin: { bind: \"127.0.0.1:0\" }")
        return configuration
    }

    private func named(_ name: UInt8) -> TestUpstream {
        TestUpstream { peer in
            peer.send([name, 10])
            while case .bytes = peer.receive() {}
            peer.close()
        }
    }

    /// The server that a client reaches; `nil` when it reaches none.
    private func reached(_ reprise: RepriseProcess) -> UInt8? {
        guard let client = try? SocketClient(port: reprise.port(), sending: [7]) else { return nil }
        repeat {
            if let bytes = try? client.tls.read(), let name = bytes.first { return name }
        } while client.takeIn()
        return nil
    }

    private func change(_ reprise: RepriseProcess, _ server: String, to state: String) -> [String: String]? {
        reprise.waitForLine {
            $0["message"] == "upstream server changed" && $0["server"] == server && $0["state"] == state
        }
    }

    @Test func `a server that refuses is ejected after two failures, no client fails, and a probe brings it back`()
        throws
    {
        let good = named(1)
        let port = Loopback.freePorts(1)[0]
        var configuration = configuration("eject: { time: 100ms }", good)
        configuration.servers.append("\"127.0.0.1:\(port)\"")
        let reprise = try configuration.start()
        for _ in 0..<12 { #expect(reached(reprise) == 1) }
        let server = "127.0.0.1:\(port)"
        let line = change(reprise, server, to: "ejected") ?? [:]
        #expect(line["upstream"] == "app" && line["reason"] == "connecting has failed: refused", "\(line)")
        let failures =
            "reprise_upstream_connect_failures_total{upstream=\"app\",server=\"\(server)\",reason=\"refused\"}"
        #expect(try reprise.metric(failures) == 2)
        #expect(try reprise.metric("reprise_upstream_servers{upstream=\"app\",state=\"ejected\"}") == 1)
        // It comes up; no client is needed to find that out.
        let program =
            "import socket,sys\ns=socket.create_server(('127.0.0.1',\(port)))\nwhile 1:\n c,_=s.accept();c.sendall(b'\\x02\\n')"
        let late = try ChildProcess(["python3", "-c", program])
        defer { late.signal(SIGKILL) }
        #expect(change(reprise, server, to: "up") != nil)
        #expect(Set((0..<4).map { _ in reached(reprise) }) == [1, 2])
        #expect(try reprise.metric(failures) == 2)
        #expect(
            try reprise.metric(
                "reprise_upstream_state_changes_total{upstream=\"app\",server=\"\(server)\",state=\"ejected\"}") == 1)
    }

    @Test(arguments: ["", "type: tls", "type: http", "type: http, send_proxy: v1, path: /ready, status: 204"])
    func `checks take a server out and bring it back, whatever its connections say`(how: String) throws {
        let (one, other) = (named(1), named(2))
        let checked = try Checked()
        defer { checked.stop() }
        var configuration = configuration(
            "health: { interval: 20ms, timeout: 1s, port: \(checked.port)\(how.isEmpty ? "" : ", ")\(how) }", one)
        configuration.servers.append("{ address: \"127.0.0.1:\(other.port)\", health: false, backup: true }")
        try checked.answer(how)
        let reprise = try configuration.start()
        let server = "127.0.0.1:\(one.port)"
        let good = "reprise_upstream_checks_total{upstream=\"app\",server=\"\(server)\",result=\"good\"}"
        #expect(eventually { (try? reprise.metric(good)) ?? 0 >= 2 })
        #expect(reached(reprise) == 1)
        try checked.answer(nil)
        let line = change(reprise, server, to: "down") ?? [:]
        #expect(line["reason"]?.isEmpty == false && line["level"] == "warning", "\(line)")
        #expect(reached(reprise) == 2)
        try checked.answer(how)
        #expect(change(reprise, server, to: "up") != nil)
        #expect(reached(reprise) == 1)
        #expect(try reprise.metric("reprise_upstream_servers{upstream=\"app\",state=\"up\"}") == 2)
    }

    @Test func `an operator sees the servers, drains one and puts it back, from this machine alone`() throws {
        let (one, other) = (named(1), named(2))
        let reprise = try configuration("", one, other).start()
        func ask(_ arguments: String...) throws -> String {
            try Shell.run(["curl", "-s", "-w", " %{http_code}"] + arguments).output
        }
        let url = "http://\(reprise.admin)/upstreams"
        let shown = try ask(url)
        let object = try JSONSerialization.jsonObject(with: Data(shown.dropLast(4).utf8)) as? [String: Any]
        let group = try #require((object?["upstreams"] as? [[String: Any]])?.first)
        let servers = try #require(group["servers"] as? [[String: Any]])
        #expect(group["name"] as? String == "app" && servers.count == 2)
        #expect(servers[0]["state"] as? String == "up" && servers[0]["check"] as? String == "unchecked")
        #expect(servers[0]["percent"] as? Int == 100 && servers[0]["connections"] as? Int == 0)

        let server = "127.0.0.1%3A\(one.port)"
        let drained = try ask("-X", "POST", "\(url)?upstream=app&server=\(server)&state=drained")
        #expect(drained.contains("\"state\":\"drained\"") && drained.hasSuffix(" 200"), "\(drained)")
        #expect((0..<4).map { _ in reached(reprise) } == [2, 2, 2, 2])
        #expect(reprise.waitForLine { $0["message"] == "an operator has changed an upstream server" } != nil)
        // A reload does not put it back.
        reprise.signal(SIGHUP)
        #expect(reprise.waitForLine { $0["message"] == "configuration reloaded" } != nil)
        #expect((0..<4).map { _ in reached(reprise) } == [2, 2, 2, 2])
        let back = try ask("-X", "POST", "\(url)?upstream=app&server=\(server)&state=up&percent=100")
        #expect(back.contains("\"state\":\"up\""), "\(back)")
        #expect(Set((0..<4).map { _ in reached(reprise) }) == [1, 2])

        for (query, status) in [
            ("upstream=app&server=nobody&state=up", "404"), ("upstream=app&server=\(server)&state=gone", "400"),
            ("upstream=app&server=\(server)&percent=101", "400"), ("upstream=app&server=\(server)", "400"),
            ("server=%zz&upstream=app&state=up", "400"), ("", "400"),
        ] { #expect(try ask("-X", "POST", "\(url)?\(query)").hasSuffix(" \(status)"), "\(query)") }
        #expect(try ask("-X", "POST", "-d", "a=b", "\(url)?upstream=app&server=\(server)&state=up").hasSuffix(" 400"))
        let page = try ask(
            "-X", "POST", "-H", "Origin: http://evil.test", "\(url)?upstream=app&server=\(server)&state=drained")
        #expect(page.hasSuffix(" 403"), "\(page)")
        #expect(try ask("-X", "POST", "http://\(reprise.admin)/metrics").hasSuffix(" 405"))
    }

    @Test func `two groups that share a server know it apart`() throws {
        let (one, other) = (named(1), named(2))
        var configuration = configuration("", one)
        configuration.top += "\nrouters: [{ name: by-name, sni: { localhost: app, default: second } }]"
        let text =
            configuration.text.replacing("router: app", with: "router: by-name")
            + "\n  - { name: second, servers: [\"127.0.0.1:\(one.port)\", \"127.0.0.1:\(other.port)\"] }\n"
        let folder = RepriseProcess.temporaryFolder()
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let reprise = try RepriseProcess(text, folder: folder)
        let url = "http://\(reprise.admin)/upstreams?upstream=second&server=127.0.0.1%3A\(one.port)&state=drained"
        #expect(try Shell.run(["curl", "-s", "-X", "POST", url]).output.contains("drained"))
        #expect(try reprise.metric("reprise_upstream_servers{upstream=\"second\",state=\"drained\"}") == 1)
        #expect(try reprise.metric("reprise_upstream_servers{upstream=\"app\",state=\"up\"}") == 1)
        #expect(reached(reprise) == 1)
    }

    @Test func `a reload that empties a group is refused, and the servers stay`() throws {
        let one = named(1)
        var configuration = configuration("", one)
        let reprise = try configuration.start()
        configuration.servers = []
        try reprise.rewrite(configuration.text)
        reprise.signal(SIGHUP)
        let line = reprise.waitForLine { $0["message"] == "configuration not reloaded" || $0["reason"] != nil } ?? [:]
        #expect(line["reason"]?.contains("servers") == true, "\(reprise.lines)")
        #expect(reached(reprise) == 1)
    }

    /// What checks ask, answering as they want it, or badly.
    private final class Checked {
        let port: Int
        private var process: ChildProcess?
        private let command: [String]

        init() throws {
            port = Loopback.freePorts(1)[0]
            let certificate = RepriseProcess.temporaryFolder()
            try TestCertificates(in: certificate).make("c", for: ["localhost"])
            let program = """
                import socket, ssl, sys, threading
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(sys.argv[1] + "/c.pem", sys.argv[1] + "/c.key")
                server = socket.create_server(("127.0.0.1", \(port)), backlog=64)
                def serve(client):
                    try:
                        how = sys.argv[2]
                        if "tls" in how: client = context.wrap_socket(client, server_side=True)
                        if "http" in how:
                            request = b""
                            while not request.endswith(b"\\r\\n\\r\\n"): request += client.recv(4096)
                            good = request.startswith(b"PROXY UNKNOWN\\r\\nGET /ready ") if "v1" in how else request.startswith(b"GET / HTTP/1.1")
                            client.sendall(b"HTTP/1.1 204 No Content\\r\\n\\r\\n" if good else b"HTTP/1.1 500 No\\r\\n\\r\\n")
                    except OSError: pass
                    finally: client.close()
                while True: threading.Thread(target=serve, args=[server.accept()[0]]).start()
                """
            let script = certificate.appending(path: "checked.py")
            try Data(program.utf8).write(to: script)
            command = ["python3", script.path, certificate.path]
        }

        /// - Parameter how: `nil`: nobody answers.
        func answer(_ how: String?) throws {
            stop()
            guard let how else { return }
            process = try ChildProcess(command + [how])
            let isThere = eventually {
                let descriptor = Loopback.socket()
                defer { close(descriptor) }
                return Loopback.connect(descriptor, to: port)
            }
            #expect(isThere)
        }

        func stop() {
            process?.signal(SIGKILL)
            _ = process?.waitForStatus()
            process = nil
        }
    }
}

import Foundation
import RepriseTestSupport
import Testing

/// Sockets that systemd has opened before us (sd_listen_fds(3)), and listeners that name them in their own words.
@Suite(.waits) struct InheritedSocketsAreMatched {
    private let folder = RepriseProcess.temporaryFolder()

    /// Opens sockets, puts the port of the first for PORT in the configuration, and becomes the program.
    ///
    /// - Parameter sockets: `v4:ADDRESS`, `dual:ADDRESS` or `v6:ADDRESS`, which takes IPv6 alone; `+` in front shares
    ///   the port, `=` has somebody hold it meanwhile; `unix:PATH`.
    private func handing(_ sockets: String...) -> [String] {
        let launcher = """
            import ctypes, os, signal, socket, sys
            wanted = sys.argv[1].split(",")
            port, made = 0, []
            for word in wanted:
                shares = word[0] == "+"
                kind, address = word.lstrip("+=").split(":", 1)
                if kind == "unix":
                    s = socket.socket(socket.AF_UNIX); s.bind(address)
                else:
                    s = socket.socket(socket.AF_INET if kind == "v4" else socket.AF_INET6)
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    if shares: s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                    if kind != "v4": s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, kind == "v6")
                    s.bind((address, port))
                    port = s.getsockname()[1]
                s.listen(64)
                made.append(s)
            file = sys.argv[-1]
            text = open(file).read().replace("PORT", str(port))
            open(file, "w").write(text)
            # Somebody holds them, as systemd does, for as long as the program runs (PR_SET_PDEATHSIG).
            if "=" in sys.argv[1] and os.fork() == 0:
                ctypes.CDLL(None).prctl(1, 9)
                os.close(0); os.close(1); os.close(2)
                signal.pause()
            # Out of the way first, so that no number is taken twice.
            high = [os.dup(s.fileno()) for s in made]
            for number, descriptor in enumerate(high): os.dup2(descriptor, 3 + number, inheritable=True)
            os.environ["LISTEN_FDS"] = str(len(made)); os.environ["LISTEN_PID"] = str(os.getpid())
            os.execv(sys.argv[2], sys.argv[2:])
            """
        return ["python3", "-c", launcher, sockets.joined(separator: ",")]
    }

    private func configuration(bind: String, _ body: String = "hello\n") -> TestConfiguration {
        var configuration = TestConfiguration(TestUpstream.http(body))
        configuration.listener = "limits: { per_client: 1 }"
        configuration.bind = bind
        return configuration
    }

    private func start(_ bind: String, _ sockets: [String]) throws -> RepriseProcess {
        try configuration(bind: bind).start(folder: folder, wrapper: sockets)
    }

    private func fetch(_ reprise: RepriseProcess, _ address: String) throws -> String {
        try Shell.run(["curl", "-sk", "-m", "5", "https://\(address):\(reprise.port())/"]).output
    }

    private func warnings(_ reprise: RepriseProcess) -> [String] {
        reprise.lines.filter { $0["level"] == "warning" }.map { "\($0["message"] ?? "") \($0["clients"] ?? "")" }
    }

    @Test func `a bare port of a socket unit serves a listener on every IPv4 address, with a warning`() throws {
        let reprise = try start("\"0.0.0.0:PORT\"", handing("dual:::"))
        #expect(try fetch(reprise, "127.0.0.1") == "hello\n", "\(reprise.log)")
        #expect(try fetch(reprise, "[::1]") == "hello\n", "\(reprise.log)")
        #expect(warnings(reprise) == ["an inherited socket takes more clients than the listener names IPv6"])
    }

    @Test func `a bare port of a socket unit serves a listener that names both families, and no warning comes`() throws
    {
        let reprise = try start("\"0.0.0.0:PORT\", \"[::]:PORT\"", handing("dual:::"))
        #expect(try fetch(reprise, "127.0.0.1") == "hello\n", "\(reprise.log)")
        #expect(try fetch(reprise, "[::1]") == "hello\n", "\(reprise.log)")
        #expect(warnings(reprise).isEmpty, "\(reprise.log)")
        reprise.signal(SIGHUP)
        #expect(reprise.waitForLine { $0["message"] == "configuration reloaded" } != nil, "\(reprise.log)")
        #expect(try fetch(reprise, "127.0.0.1") == "hello\n", "\(reprise.log)")
    }

    @Test func `a client that an IPv6 socket shows as mapped is an IPv4 client, in log and limits`() throws {
        let reprise = try start("\"[::]:PORT\"", handing("dual:::"))
        // Networks of /64 would be one client here, and one connection is allowed to each.
        let program = """
            import socket, ssl, sys
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            held = []
            for number in range(1, 4):
                raw = socket.create_connection(("127.0.0.1", int(sys.argv[1])), source_address=("127.0.0.%d" % number, 0))
                held.append(context.wrap_socket(raw, server_hostname="localhost"))
            print(len(held))
            """
        let result = try Shell.python(program, ["\(reprise.port())"])
        #expect(result.output == "3\n", "\(result) \(reprise.log)")
        let clients = (1...3).compactMap { reprise.closedConnection($0)["client"]?.split(separator: ":").first }
        #expect(Set(clients) == ["127.0.0.1", "127.0.0.2", "127.0.0.3"], "\(reprise.log)")
    }

    @Test func `two sockets that share a port are both accepted from`() throws {
        let reprise = try start("\"127.0.0.1:PORT\"", handing("+v4:127.0.0.1", "+v4:127.0.0.1"))
        for _ in 0..<16 { #expect(try fetch(reprise, "127.0.0.1") == "hello\n", "\(reprise.log)") }
    }

    @Test func `a socket that no listener wants is a warning, and closed`() throws {
        let reprise = try start("\"127.0.0.1:0\"", handing("v4:127.0.0.1"))
        #expect(try fetch(reprise, "127.0.0.1") == "hello\n")
        let line = reprise.waitForLine {
            $0["message"] == "no listener wants an inherited socket, which is closed"
        }
        let port = try #require(line?["address"]?.split(separator: ":").last.flatMap { Int($0) })
        // Nobody else holds it here, so that it is refused now.
        let refused = try Shell.run(["curl", "-sk", "-m", "5", "https://127.0.0.1:\(port)/"])
        #expect(refused.status == 7, "\(refused)")
    }

    @Test func `a Unix socket is the same by another path`() throws {
        let link = folder.appending(path: "link").path
        symlink(folder.path, link)
        let reprise = try start("\"unix:\(link)/a.sock\"", handing("unix:\(folder.path)/a.sock"))
        let answer = try Shell.run(["curl", "-sk", "--unix-socket", "\(folder.path)/a.sock", "https://localhost/"])
        #expect(answer.output == "hello\n", "\(answer) \(reprise.log)")
    }

    @Test func `a reload that names an inherited socket in other words warns of nothing`() throws {
        let reprise = try start("\"[::]:PORT\"", handing("dual:::"))
        let before = warnings(reprise).filter { !$0.hasPrefix("an inherited") }
        try reprise.rewrite(configuration(bind: "\"0.0.0.0:\(reprise.port())\"").text)
        reprise.signal(SIGHUP)
        #expect(reprise.waitForLine { $0["message"] == "configuration reloaded" } != nil, "\(reprise.log)")
        #expect(try fetch(reprise, "127.0.0.1") == "hello\n", "\(reprise.log)")
        #expect(warnings(reprise).filter { !$0.hasPrefix("an inherited") } == before, "\(reprise.log)")
    }

    @Test(arguments: [
        ("127.0.0.1:PORT", "v4:0.0.0.0", "systemd's socket at 0.0.0.0:"),
        ("127.0.0.1:PORT", "dual:::", "which takes IPv4 too, has it"),
    ])
    func `an address that our own inherited socket is in the way of says so`(
        bind: String, socket: String, reason: String
    ) throws {
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let reprise = try RepriseProcess(
            configuration(bind: "\"\(bind)\"").text, folder: folder, wrapper: handing(socket), waits: false)
        #expect(reprise.status() == 2)
        #expect(reprise.log.contains("EADDRINUSE"), "\(reprise.log)")
        #expect(reprise.log.contains(reason), "\(reprise.log)")
    }

    @Test func `an admin address that our own inherited socket is in the way of says so`() throws {
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let text = configuration(bind: "\"127.0.0.1:0\"").text + "\nadmin: { bind: \"127.0.0.1:PORT\" }\n"
        let reprise = try RepriseProcess(text, folder: folder, wrapper: handing("=v4:127.0.0.1"), waits: false)
        #expect(reprise.status() == 2)
        #expect(reprise.log.contains("a socket of systemd's has it"), "\(reprise.log)")
    }
}

import Foundation
import Glibc
import TLS
import TestSupport
import Testing

/// The matrix of endings and carriers: whatever ends a connection, the client that comes back resumes.
@Suite struct EveryEndingResumes {
    /// How a connection comes to its end.
    enum Way: String, CaseIterable {
        case notifyAndWait = "close_notify, waits"
        case notifyAndLeave = "close_notify, leaves"
        case fin = "bare FIN"
        case reset = "RST"
        case idle = "idle timeout"
        case upstreamEnd = "upstream end"
        case upstreamReset = "upstream reset"

        /// What the log may call it.
        var endings: Set<String> {
            switch self {
            case .notifyAndWait, .notifyAndLeave: ["client_close_notify"]
            case .fin: ["client_fin"]
            case .reset: ["client_reset"]
            case .idle: ["timeout_idle"]
            case .upstreamEnd: ["upstream_end"]
            case .upstreamReset: ["upstream_reset"]
            }
        }
    }

    /// What the upstream does once it has heard the client's letter.
    private static func upstream() -> TestUpstream {
        TestUpstream { peer in
            guard case .bytes(let bytes) = peer.receive() else { return peer.close() }
            peer.send(bytes)
            switch bytes.first {
            case UInt8(ascii: "e"): peer.close()
            case UInt8(ascii: "r"): peer.reset()
            default:
                while case .bytes = peer.receive() {}
                peer.close()
            }
        }
    }

    /// Connects, hears an answer (and with it the ticket), and lets the connection end in that way.
    private func connect(
        _ reprise: RepriseProcess, _ carrier: SessionCarrier, _ way: Way, resuming: MemoryClient.Session? = nil
    ) throws -> (sessions: [MemoryClient.Session], wasResumed: Bool) {
        var client: SocketClient? = try SocketClient(
            port: reprise.port(), carrier.client("localhost", resuming: resuming))
        guard let open = client else { return ([], false) }
        let letter: Character = way == .upstreamEnd ? "e" : way == .upstreamReset ? "r" : "x"
        try open.tls.write([letter.asciiValue ?? 0])
        open.flush()
        while (try? open.tls.read()) == .some(nil), open.takeIn() {}
        // A copy, before any ending: the client's own library may destroy its session.
        let (sessions, wasResumed) = (open.tls.sessions, open.tls.wasResumed)
        switch way {
        case .notifyAndWait:
            open.tls.sendCloseNotify()
            open.flush()
            while open.takeIn() {}
        case .notifyAndLeave:
            open.tls.sendCloseNotify()
            open.flush()
        case .fin: open.shutdownWrite()
        case .reset: open.reset()
        case .idle, .upstreamEnd, .upstreamReset:
            // Until a close_notify or the end of the stream.
            while open.takeIn(), (try? open.tls.read()) != .some([]) {}
        }
        client = nil
        return (sessions, wasResumed)
    }

    @Test(arguments: SessionCarrier.allCases, [1, 2])
    func `a client resumes after every ending, by whichever ticket it took`(
        _ carrier: SessionCarrier, tickets: Int
    ) throws {
        guard tickets == 1 || carrier.version == .tls1_3 else { return }
        var configuration = TestConfiguration(Self.upstream())
        configuration.top =
            "workers: 2\nsessions: { mode: \(carrier.mode), tickets: { full: \(tickets), resumed: \(tickets) } }"
        configuration.listener = "timeouts: { idle: 200ms }"
        let reprise = try configuration.start()
        var connections = 0
        var row: [String] = []
        for way in Way.allCases {
            let (sessions, _) = try connect(reprise, carrier, way)
            connections += 1
            let line = reprise.closedConnection(connections)
            #expect(way.endings.contains(line["ending"] ?? ""), "\(carrier) \(way): \(line)")
            #expect(sessions.count == (carrier.version == .tls1_3 ? tickets : 1), "\(carrier) \(way)")
            for session in sessions {
                let again = try connect(reprise, carrier, .notifyAndWait, resuming: session)
                connections += 1
                let line = reprise.closedConnection(connections)
                #expect(again.wasResumed && line["resumed"] == carrier.word, "\(carrier) after \(way): \(line)")
                row.append("\(way.rawValue): \(again.wasResumed ? "resumed" : "full")")
            }
        }
        print("\(carrier.rawValue), \(tickets) tickets | " + row.joined(separator: " | "))
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a reload ends no session`(_ carrier: SessionCarrier) throws {
        var configuration = TestConfiguration(Self.upstream())
        configuration.top = "sessions: { mode: \(carrier.mode) }"
        let reprise = try configuration.start()
        let (sessions, _) = try connect(reprise, carrier, .notifyAndWait)
        try TestCertificates(in: reprise.folder).make("a", for: ["localhost", "else.test"])
        configuration.listener = "timeouts: { idle: 1m }"
        try reprise.rewrite(configuration.text)
        reprise.signal(SIGHUP)
        #expect(reprise.waitForLine { $0["message"] == "configuration reloaded" } != nil, "\(reprise.log)")
        #expect(try connect(reprise, carrier, .notifyAndWait, resuming: sessions.last).wasResumed)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `an ending that the operator drops ends its lineage, and no other`(_ carrier: SessionCarrier) throws {
        var configuration = TestConfiguration(Self.upstream())
        configuration.top = """
            sessions: { mode: \(carrier.mode), endings: { client_reset: drop } }
            admin: { bind: "127.0.0.1:0" }
            """
        let reprise = try configuration.start()
        let (bystander, _) = try connect(reprise, carrier, .fin)
        let (sessions, _) = try connect(reprise, carrier, .reset)
        let first = reprise.closedConnection(2)
        #expect(first["ending"] == "client_reset")
        #expect(try !connect(reprise, carrier, .notifyAndWait, resuming: sessions.last).wasResumed)
        let line = reprise.closedConnection(3)
        #expect(["denied", "not_found"].contains(line["not_resumed"]), "\(line)")
        #expect(line["lineage"] != first["lineage"])
        #expect(try connect(reprise, carrier, .notifyAndWait, resuming: bystander.last).wasResumed)
        #expect(try reprise.metric("reprise_lineages_dropped_total{listener=\"web\"}") == 1)
    }

    @Test func `gnutls-cli and Python's ssl resume too`() throws {
        let reprise = try TestConfiguration(TestUpstream.http("ok\n")).start()
        for priority in ["NORMAL:-VERS-ALL:+VERS-TLS1.3", "NORMAL:-VERS-ALL:+VERS-TLS1.2"] {
            let result = try Shell.run(
                [
                    "gnutls-cli", "--insecure", "--resume", "--waitresumption", "--priority", priority, "-p",
                    "\(reprise.port())", "127.0.0.1",
                ], input: "GET / HTTP/1.0\r\n\r\n")
            #expect(result.output.contains("*** This is a resumed session"), "\(result)")
        }
        let program = """
            import socket, ssl, sys
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
                c.minimum_version = c.maximum_version = version
                session = None
                for _ in range(3):
                    s = c.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))),
                        server_hostname="localhost", session=session)
                    s.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
                    while s.recv(4096): pass
                    print(s.session_reused)
                    session = s.session
            """
        let result = try Shell.python(program, ["\(reprise.port())"])
        #expect(result.output == "False\nTrue\nTrue\nFalse\nTrue\nTrue\n", "\(result)")
    }

    @Test func `curl resumes within one run`() throws {
        let reprise = try TestConfiguration(TestUpstream.http("ok\n")).start()
        let url = "https://localhost:\(reprise.port())/"
        for version in ["--tls-max", "--tlsv1.3"] {
            let options = version == "--tls-max" ? ["--tls-max", "1.2"] : ["--tlsv1.3"]
            let result = try Shell.run(["curl", "-skv"] + options + [url, url])
            #expect(result.output == "ok\nok\n", "\(result)")
        }
        _ = reprise.closedConnection(4)
        let resumed = reprise.lines.filter { $0["message"] == "connection closed" }.map { $0["resumed"] ?? "" }
        #expect(resumed == ["no", "id", "no", "psk"], "\(resumed)")
    }

    @Test func `tickets resume at another process with the same key files, across their rotation`() throws {
        let folder = RepriseProcess.temporaryFolder()
        func key() -> Data { Data((0..<80).map { _ in UInt8.random(in: 0...255) }) }
        let (first, second) = (key(), key())
        let file = folder.appending(path: "ticket.key")
        try first.write(to: file)
        try second.write(to: folder.appending(path: "old.key"))
        var configuration = TestConfiguration(Self.upstream())
        configuration.top = "sessions: { tickets: { keys: [ticket.key, old.key] } }"
        let one = try configuration.start(folder: folder)
        let other = try configuration.start(folder: folder)
        for carrier in [SessionCarrier.ticket, .stateless] {
            let (sessions, _) = try connect(one, carrier, .notifyAndWait)
            #expect(try connect(other, carrier, .notifyAndWait, resuming: sessions.last).wasResumed)
        }
        let (sealedByFirst, _) = try connect(one, .stateless, .notifyAndWait)
        // The other key seals now; the first only opens.
        try second.write(to: file, options: .atomic)
        try first.write(to: folder.appending(path: "old.key"), options: .atomic)
        for reprise in [one, other] {
            #expect(reprise.waitForLine { $0["message"] == "ticket keys reloaded" } != nil, "\(reprise.log)")
        }
        #expect(try connect(other, .stateless, .notifyAndWait, resuming: sealedByFirst.last).wasResumed)
        try Data("garbage".utf8).write(to: file, options: .atomic)
        #expect(other.waitForLine { $0["message"]?.hasPrefix("ticket keys not reloaded") == true } != nil)
        #expect(try connect(other, .stateless, .notifyAndWait, resuming: sealedByFirst.last).wasResumed)
    }
}

extension SessionCarrier {
    /// The log's word for how it resumed.
    fileprivate var word: String {
        switch self {
        case .id: "id"
        case .ticket: "ticket"
        case .stateless, .stateful: "psk"
        }
    }
}

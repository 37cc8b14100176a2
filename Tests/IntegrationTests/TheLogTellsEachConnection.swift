import Foundation
import Glibc
import RepriseTLS
import RepriseTestSupport
import Testing

@Suite(.waits) struct TheLogTellsEachConnection {
    /// The keys of a JSON line, in their order.
    private func keys(_ line: String) -> [String] {
        line.matches(of: #/[{,]"([a-z_]+)":/#).map { String($0.1) }
    }

    private func rawLine(_ reprise: RepriseProcess) -> String {
        _ = reprise.closedConnection()
        return reprise.log.split(separator: "\n").first { $0.contains("connection closed") }.map(String.init) ?? ""
    }

    @Test func `the line has every field in its order, and its numbers are numbers`() throws {
        let upstream = TestUpstream.http("0123456789")
        var configuration = TestConfiguration(upstream)
        configuration.tls = "alpn: [http/1.1]"
        let reprise = try configuration.start()
        _ = try Shell.run(["curl", "-sk", "--tlsv1.3", "https://localhost:\(reprise.port())/"])
        let line = rawLine(reprise)
        let expected = [
            "time", "level", "message", "connection", "client", "listener", "sni", "host", "protocol", "cipher",
            "group", "alpn", "resumed", "lineage", "upstream", "bytes_received", "bytes_sent", "handshake_ms",
            "connect_ms",
            "total_ms", "ending",
        ]
        #expect(keys(line).filter { $0 != "detail" } == expected, "\(line)")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        for key in ["connection", "bytes_received", "bytes_sent", "handshake_ms", "connect_ms", "total_ms"] {
            #expect(object[key] is NSNumber, "\(key): \(line)")
        }
        let fields = reprise.closedConnection()
        #expect(fields["level"] == "info" && fields["listener"] == "web" && fields["host"] == "localhost")
        #expect(fields["protocol"] == "TLSv1.3" && fields["cipher"]?.hasPrefix("TLS_") == true)
        #expect(fields["alpn"] == "http/1.1" && fields["upstream"] == "127.0.0.1:\(upstream.port)")
        #expect(fields["client"]?.hasPrefix("127.0.0.1:") == true && fields["bytes_sent"] == "68")
        #expect(fields["time"]?.wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/#) != nil, "\(fields)")
        let handshake = try #require((object["handshake_ms"] as? NSNumber)?.doubleValue)
        let total = try #require((object["total_ms"] as? NSNumber)?.doubleValue)
        #expect(handshake > 0 && total >= handshake && total < 15_000)
    }

    @Test func `fields without a value are left out`() throws {
        let reprise = try TestConfiguration(TestUpstream.http("x")).start()
        _ = try Shell.run(["curl", "-sk", "--tls-max", "1.2", "--no-alpn", "https://127.0.0.1:\(reprise.port())/"])
        let line = rawLine(reprise)
        #expect(!keys(line).contains("sni") && !keys(line).contains("alpn"), "\(line)")
        #expect(reprise.closedConnection()["protocol"] == "TLSv1.2")
    }

    @Test func `a failed handshake has a cause and no time of a handshake`() throws {
        let reprise = try TestConfiguration(TestUpstream.echo()).start()
        _ = try Shell.run([
            "openssl", "s_client", "-connect", "127.0.0.1:\(reprise.port())", "-cipher", "AES128-SHA", "-tls1_2",
        ])
        let line = reprise.closedConnection()
        #expect(line["cause"] == "no_shared_cipher" && line["ending"] == "alert_sent(handshake_failure)", "\(line)")
        #expect(line["handshake_ms"] == nil && line["upstream"] == nil && line["total_ms"] != nil)
        #expect(line["detail"]?.isEmpty == false)
    }

    @Test func `a client that does not trust the certificate is known by its alert`() throws {
        let reprise = try TestConfiguration(TestUpstream.echo()).start()
        // Not curl, which from 8.22 on looks at the certificate by itself, and closes without an alert.
        let client = try Shell.run([
            "openssl", "s_client", "-verify_return_error", "-connect", "127.0.0.1:\(reprise.port())",
        ])
        #expect(client.status != 0)
        let line = reprise.closedConnection()
        #expect(line["ending"]?.wholeMatch(of: #/alert_received\((unknown_ca|bad_certificate)\)/#) != nil, "\(line)")
    }

    @Test func `text is for people, and has no colours where no terminal is`() throws {
        let configuration = TestConfiguration(TestUpstream.http("x"))
        let folder = RepriseProcess.temporaryFolder()
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let reprise = try RepriseProcess(configuration.text, folder: folder)
        try Data(("log: { format: text }\n" + configuration.text).utf8)
            .write(to: folder.appending(path: "reprise.yaml"))
        reprise.signal(SIGHUP)
        #expect(eventually { reprise.log.contains(" configuration reloaded") })
        _ = try Shell.run(["curl", "-sk", "https://localhost:\(reprise.port())/"])
        #expect(eventually { reprise.log.contains("INFO  connection closed  connection=") }, "\(reprise.log)")
        #expect(!reprise.log.contains("\u{1B}"))
    }

    @Test func `a level above info writes no line for a connection, and a reload brings it back`() throws {
        let configuration = TestConfiguration(TestUpstream.http("x"))
        let folder = RepriseProcess.temporaryFolder()
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let reprise = try RepriseProcess(configuration.text, folder: folder)
        let file = folder.appending(path: "reprise.yaml")
        try Data(("log: { format: json, level: notice }\n" + configuration.text).utf8).write(to: file)
        reprise.signal(SIGHUP)
        #expect(reprise.waitForLine { $0["message"] == "configuration reloaded" } != nil)
        _ = try Shell.run(["curl", "-sk", "https://localhost:\(reprise.port())/silent"])
        try reprise.rewrite(configuration.text)
        reprise.signal(SIGHUP)
        #expect(
            eventually { reprise.lines.filter { $0["message"] == "configuration reloaded" }.count == 2 })
        _ = try Shell.run(["curl", "-sk", "https://localhost:\(reprise.port())/"])
        #expect(reprise.closedConnection()["connection"] != nil)
        #expect(reprise.lines.filter { $0["message"] == "connection closed" }.count == 1)
    }

    @Test func `nobody reading the log holds up no client, and what was lost is counted`() throws {
        let folder = RepriseProcess.temporaryFolder()
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        var configuration = TestConfiguration(TestUpstream.http("ok\n"))
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        // A reader that takes the first lines on and then nothing more until the server is gone, with the pipe as small as it gets.
        let launcher = """
            import fcntl, os, select, sys
            r, w = os.pipe(); fcntl.fcntl(w, 1031, 4096)
            if os.fork() == 0:
                os.close(w); file = os.fdopen(r, errors="replace"); out = os.fdopen(2, "w", closefd=False)
                seen = 0
                while seen < 2:
                    line = file.readline()
                    out.write(line); out.flush()
                    seen += "listening" in line
                gone = select.poll(); gone.register(r, 0); gone.poll()
            os.close(r); os.dup2(w, 2); os.execv(sys.argv[1], sys.argv[1:])
            """
        let reprise = try configuration.start(folder: folder, wrapper: ["python3", "-c", launcher])
        #expect(eventually { !reprise.admin.isEmpty })
        let flood = """
            import socket, sys
            for _ in range(20000):
                s = socket.create_connection(("127.0.0.1", int(sys.argv[1]))); s.sendall(b"!"); s.close()
            """
        let result = try Shell.python(flood, ["\(reprise.port())"], seconds: 60)
        #expect(result.status == 0, "\(result)")
        #expect(try Shell.run(["curl", "-sk", "https://localhost:\(reprise.port())/"]).output == "ok\n")
        #expect(try reprise.metric("reprise_log_lines_dropped_total") > 0)
    }
}

import Foundation
import TestSupport
import Testing

@Suite struct LimitsRefuseByName {
    /// Opens connections that say nothing and counts those that are closed at once.
    private func refused(_ reprise: RepriseProcess, connects: Int, expecting count: Int) throws -> [String] {
        let program = """
            import socket, sys
            held = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(int(sys.argv[2]))]
            sys.stdin.read()
            """
        let folder = RepriseProcess.temporaryFolder().path
        try Data(program.utf8).write(to: URL(fileURLWithPath: folder + "/hold.py"))
        let input = Pipe()
        let holder = try ChildProcess(
            ["python3", folder + "/hold.py", "\(reprise.port())", "\(connects)"], input: input.reader)
        _ = eventually { reprise.lines.filter { $0["message"] == "connection refused" }.count >= count }
        try input.fileHandleForWriting.close()
        _ = holder.waitForStatus()
        return reprise.lines.filter { $0["message"] == "connection refused" }.compactMap { $0["detail"] }
    }

    @Test(arguments: [
        ("connections: 3", "connections"), ("per_client: 3", "per_client"), ("handshakes: 3", "handshakes"),
        ("handshake_rate: 3", "handshake_rate"),
    ])
    func `the connection after the last allowed one is refused by the limit's name`(limit: String, name: String) throws
    {
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        configuration.listener = "limits: { \(limit) }"
        let reprise = try configuration.start()
        #expect(try refused(reprise, connects: 5, expecting: 2) == [name, name])
        let metrics = try Shell.run(["curl", "-s", "http://\(reprise.admin)/metrics"]).output
        #expect(metrics.contains("reprise_connections_refused_total{listener=\"web\",limit=\"\(name)\"} 2\n"))
    }

    @Test func `a flood of KeyUpdates ends the connection`() throws {
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.listener = "limits: { key_updates: 5/s }"
        let reprise = try configuration.start()
        let client = try SocketClient(port: reprise.port())
        for _ in 0..<20 { try client.tls.sendKeyUpdate() }
        client.flush()
        while client.takeIn() {}
        let line = reprise.closedConnection()
        #expect(line["ending"] == "refused" && line["detail"]?.contains("key_updates") == true, "\(line)")
    }

    @Test func `a slow reader stops the fast writer, and every byte arrives`() throws {
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.listener = "limits: { relay_buffer: 16KiB }"
        let reprise = try configuration.start()
        let program = """
            import hashlib, os, socket, ssl, sys, threading
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); context.check_hostname = False; context.verify_mode = ssl.CERT_NONE
            data = os.urandom(1 << 20)
            def one():
                raw = socket.socket(); raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
                raw.connect(("127.0.0.1", int(sys.argv[1])))
                s = context.wrap_socket(raw, server_hostname="localhost")
                writer = threading.Thread(target=lambda: s.sendall(data)); writer.start()
                digest, left = hashlib.sha256(), len(data)
                while left:
                    part = s.recv(4096)
                    if not part: break
                    digest.update(part); left -= len(part)
                writer.join()
                results.append(digest.digest() == hashlib.sha256(data).digest())
            results = []
            threads = [threading.Thread(target=one) for _ in range(20)]
            for t in threads: t.start()
            for t in threads: t.join()
            print(len(results), all(results))
            """
        let result = try Shell.python(program, ["\(reprise.port())"], seconds: 60)
        #expect(result.output == "20 True\n", "\(result)")
        #expect(reprise.residentBytes < 64 << 20)
    }
}

import Foundation
import RepriseTestSupport
import Testing

@Suite(.waits) struct LimitsRefuseByName {
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
        ("connections: 3", "connections"), ("per_client: 3", "per_client"), ("handshake_rate: 3", "handshake_rate"),
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
}

import Foundation
import RepriseTestSupport
import Testing

/// TCP options on connections of a running program, as ss(8) shows them.
@Suite(.waits) struct KernelsDoTheirPart {
    static let canLook = (try? Shell.run(["ss", "-V"]))?.status == 0

    /// The connections of a port at our end, with their timers.
    private func connections(at port: Int) throws -> String {
        try Shell.run(["ss", "-tnoH", "state", "established", "sport", "=", ":\(port)"]).output
    }

    @Test(.enabled(if: canLook, "ss is not here"))
    func `a silent client is probed, over a socket of our own and one from systemd`() throws {
        let launcher = """
            import os, socket, sys
            s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(64)
            text = open(sys.argv[-1]).read().replace("PORT", str(s.getsockname()[1]))
            open(sys.argv[-1], "w").write(text)
            if s.fileno() != 3: os.dup2(s.fileno(), 3)
            os.set_inheritable(3, True)
            os.environ["LISTEN_FDS"] = "1"; os.environ["LISTEN_PID"] = str(os.getpid())
            os.execv(sys.argv[1], sys.argv[1:])
            """
        for (bind, wrapper) in [("0", [String]()), ("PORT", ["python3", "-c", launcher])] {
            var configuration = TestConfiguration(TestUpstream.echo())
            configuration.bind = "\"127.0.0.1:\(bind)\""
            configuration.listener = "tcp: { keepalive: { idle: 1000s } }"
            let reprise = try configuration.start(wrapper: wrapper)
            let client = try SocketClient(port: reprise.port())
            var seen = ""
            #expect(
                try eventually {
                    seen = try connections(at: reprise.port())
                    return seen.contains("timer:(keepalive,16min")
                }, "\(seen) \(reprise.log)")
            _ = client
        }
    }

    @Test func `a client whose server cannot be reached from the address is told, and the log says why`() throws {
        let text = TestConfiguration(TestUpstream.echo()).text + "\n    tcp: { source: 192.0.2.77 }\n"
        let folder = RepriseProcess.temporaryFolder()
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let reprise = try RepriseProcess(text, folder: folder)
        #expect(reprise.lines.contains { $0["warning"]?.contains("192.0.2.77") == true }, "\(reprise.log)")
        _ = try? SocketClient(port: reprise.port(), sending: [1])
        #expect(reprise.closedConnection()["ending"] == "upstream_unreachable", "\(reprise.log)")
        #expect(reprise.lines.contains { $0["reason"]?.contains("EADDRNOTAVAIL") == true }, "\(reprise.log)")
    }
}

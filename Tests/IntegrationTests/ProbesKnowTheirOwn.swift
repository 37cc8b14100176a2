import Foundation
import RepriseTestSupport
import Testing

/// `reprise health` believes Reprise alone.
@Suite(.waits) struct ProbesKnowTheirOwn {
    private func health(_ address: String) throws -> ShellResult {
        try Shell.run([RepriseProcess.program.path, "health", "--admin", address])
    }

    @Test(arguments: ["ok", "Server: reprise", "draining"])
    func `another web server that answers 200 is not healthy`(body: String) throws {
        let program = """
            import http.server, subprocess, sys, threading
            class Stranger(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(sys.argv[2].encode() + b"\\n")
                def log_message(self, *arguments): pass
            server = http.server.HTTPServer(("127.0.0.1", 0), Stranger)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            address = "127.0.0.1:%d" % server.server_port
            result = subprocess.run([sys.argv[1], "health", "--admin", address], capture_output=True, text=True)
            print(result.returncode, result.stdout.replace(address, "ADDRESS"), end="")
            """
        let result = try Shell.python(program, [RepriseProcess.program.path, body])
        #expect(result.output == "1 ADDRESS is not Reprise's admin endpoint\n", "\(result)")
    }

    @Test(arguments: [
        ("HTTP/1.0 200 OK\\r\\nServer: nginx\\r\\n\\r\\nServer: reprise\\r\\n", " is not Reprise's admin endpoint"),
        ("SSH-2.0-OpenSSH_9.2\\r\\n", " is not Reprise's admin endpoint"), ("", " does not answer"),
    ])
    func `what is no answer of Reprise is called so`(answer: String, complaint: String) throws {
        let program = """
            import socket, subprocess, sys, threading
            listener = socket.create_server(("127.0.0.1", 0))
            def serve():
                client = listener.accept()[0]
                client.recv(65536)
                client.sendall(b"\(answer)")
                client.close()
            threading.Thread(target=serve, daemon=True).start()
            address = "127.0.0.1:%d" % listener.getsockname()[1]
            result = subprocess.run([sys.argv[1], "health", "--admin", address], capture_output=True, text=True)
            print(result.returncode, result.stdout.replace(address, "ADDRESS"), end="")
            """
        let result = try Shell.python(program, [RepriseProcess.program.path])
        #expect(result.output == "1 ADDRESS\(complaint)\n", "\(result)")
    }

    @Test func `Reprise is healthy at an address and at a Unix socket`() throws {
        let folder = RepriseProcess.temporaryFolder()
        for bind in ["127.0.0.1:0", "unix:\(folder.appending(path: "admin.sock").path)"] {
            var configuration = TestConfiguration(TestUpstream.echo())
            configuration.top = "admin: { bind: \"\(bind)\" }"
            let reprise = try configuration.start()
            let result = try health(reprise.admin)
            #expect(result.status == 0 && result.output == "ok\n", "\(result)")
        }
    }
}

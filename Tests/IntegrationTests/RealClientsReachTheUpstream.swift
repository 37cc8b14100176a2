import Foundation
import RepriseTestSupport
import Testing

@Suite(.waits) struct RealClientsReachTheUpstream {
    private let upstream = TestUpstream.http("hello from the upstream\n")

    @Test(arguments: ["1.2", "1.3"])
    func `curl gets the upstream's answer`(version: String) throws {
        let reprise = try TestConfiguration(upstream).start()
        let result = try Shell.run([
            "curl", "-sk", "--tlsv\(version)", "--tls-max", version, "https://localhost:\(reprise.port())/",
        ])
        #expect(result.output == "hello from the upstream\n")
        let line = reprise.closedConnection()
        #expect(line["protocol"] == "TLSv\(version)" && line["sni"] == "localhost" && line["resumed"] == "no")
        #expect(line["ending"] == "upstream_end" || line["ending"] == "client_close_notify")
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func `openssl s_client gets the upstream's answer and its close_notify`(version: String) throws {
        let reprise = try TestConfiguration(upstream).start()
        let result = try Shell.run(
            ["openssl", "s_client", "-connect", "127.0.0.1:\(reprise.port())", version, "-ign_eof", "-msg"],
            input: "GET / HTTP/1.0\r\n\r\n")
        #expect(result.output.contains("hello from the upstream"))
        #expect(result.output.contains("<<<") && result.output.contains("close_notify"))
    }

    @Test(arguments: ["NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3"])
    func `gnutls-cli gets the upstream's answer`(priority: String) throws {
        let reprise = try TestConfiguration(upstream).start()
        let result = try Shell.run(
            ["gnutls-cli", "--insecure", "--priority", priority, "-p", "\(reprise.port())", "localhost"],
            input: "GET / HTTP/1.0\r\n\r\n")
        #expect(result.output.contains("hello from the upstream"), "\(result)")
    }

    @Test func `Python's ssl verifies the certificate and sees an orderly end`() throws {
        let reprise = try TestConfiguration(upstream).start()
        let program = """
            import ssl, socket, sys
            context = ssl.create_default_context(cafile=sys.argv[2])
            raw = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            with context.wrap_socket(raw, server_hostname="localhost", suppress_ragged_eofs=False) as s:
                s.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
                data = b""
                while True:
                    part = s.recv(4096)
                    if not part: break
                    data += part
                print(s.version(), data.decode())
            """
        let result = try Shell.python(
            program, ["\(reprise.port())", reprise.folder.appending(path: "a.pem").path])
        #expect(result.output.contains("TLSv1.3") && result.output.contains("hello from the upstream"), "\(result)")
    }

    @Test func `a Unix socket can be the upstream`() throws {
        let folder = RepriseProcess.temporaryFolder()
        let path = folder.appending(path: "app.sock").path
        let server = Background { () -> Int32 in
            let program = """
                import socket, sys
                s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(8); print("up", flush=True)
                c, _ = s.accept(); c.recv(4096); c.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\nover unix\\n"); c.close()
                """
            return (try? Shell.python(program, [path]))?.status ?? -1
        }
        #expect(eventually { FileManager.default.fileExists(atPath: path) })
        var configuration = TestConfiguration()
        configuration.servers = ["\"unix:\(path)\""]
        let reprise = try configuration.start(folder: folder)
        let result = try Shell.run(["curl", "-sk", "https://localhost:\(reprise.port())/"])
        #expect(result.output == "over unix\n")
        #expect(server.value == 0)
    }
}

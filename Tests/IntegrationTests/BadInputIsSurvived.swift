import Foundation
import RepriseTestSupport
import Testing

/// Sends raw bytes and prints what comes back, in hexadecimal, up to the end.
private func exchange(_ port: Int, _ sender: String) throws -> String {
    let program = """
        import socket, sys, time
        s = socket.create_connection(("127.0.0.1", \(port))); s.settimeout(15)
        \(sender)
        got = b""
        try:
            while True:
                part = s.recv(65536)
                if not part: break
                got += part
        except ConnectionResetError: got += b"RESET"
        print(got.hex())
        """
    return try Shell.python(program).output.trimmingCharacters(in: .whitespacesAndNewlines)
}

/// A TLS 1.2 and 1.3 ClientHello, made by Python's ssl, that an unknown extension fills up to so many bytes of records. What it
/// has by itself differs: a hybrid key share, from OpenSSL 3.5 on, takes a kilobyte.
private func hello(bytes: Int = 0) -> String {
    """
    import ssl
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); context.check_hostname = False; context.verify_mode = ssl.CERT_NONE
    i, o = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(i, o, server_hostname="localhost")
    try: tls.do_handshake()
    except ssl.SSLWantReadError: pass
    record = o.read()
    body = bytearray(record[9:])
    at = 2 + 32; at += 1 + body[at]; at += 2 + int.from_bytes(body[at:at+2], "big"); at += 1 + body[at]
    extensions = bytes(body[at+2:])
    pad = \(bytes) - 5 * -(-\(bytes) // 16384) - 4 - len(body) - 4
    if pad > 0: extensions += b"\\xfa\\xde" + pad.to_bytes(2, "big") + bytes(pad)
    body = bytes(body[:at]) + len(extensions).to_bytes(2, "big") + extensions
    message = b"\\x01" + len(body).to_bytes(3, "big") + body
    flight = b"".join(b"\\x16\\x03\\x01" + len(message[n:n+16384]).to_bytes(2, "big") + message[n:n+16384] for n in range(0, len(message), 16384))
    """
}

@Suite(.waits) struct BadInputIsSurvived {
    private let upstream = TestUpstream.http("ok\n")

    @Test(arguments: [
        "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n", "OPTIONS * HTTP/1.1\\r\\n\\r\\n", "PRI * HTTP/2.0\\r\\n\\r\\n",
    ])
    func `plain HTTP is answered with a short 400 that says so`(request: String) throws {
        let reprise = try TestConfiguration(upstream).start()
        let hex = try exchange(reprise.port(), "s.sendall(b'\(request)')")
        let answer = String(decoding: Data(hexadecimal: hex), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n") && answer.contains("https://"), "\(answer)")
        let line = reprise.closedConnection()
        #expect(line["cause"] == "plain_http" && line["ending"] == "refused", "\(line)")
    }

    @Test(arguments: [
        "bytes(range(256)) * 40", "b'\\x00' * 5000", "b'SSH-2.0-x\\r\\n'", "b'\\x16\\x02\\x01\\x00\\x05hello'",
        "b'\\xff' * 3",
    ])
    func `bytes that are not TLS are not answered, and the reason is told`(bytes: String) throws {
        let reprise = try TestConfiguration(upstream).start()
        let hex = try exchange(reprise.port(), "s.sendall(\(bytes))")
        #expect(["", "5245534554"].contains(hex), "\(hex)")
        #expect(reprise.closedConnection()["cause"] == "not_tls")
    }

    /// SSL 3.0 knows no alert protocol_version (70): its hello gets handshake_failure (40). libssl 4.0 has forgotten that, and
    /// does not read an SSLv2 hello.
    @Test(arguments: [
        // An SSLv2 hello, an SSL 3.0 hello, and a TLS 1.0 hello without supported_versions.
        "8025010002000c0000001003008006004001008000070000ffffffffffffffffffffffffffffffff",
        "160300002f0100002b0300" + String(repeating: "aa", count: 32) + "00000400350005" + "0100",
        "160301002f0100002b0301" + String(repeating: "aa", count: 32) + "000004002f00350100",
    ])
    func `hellos of older versions get the alert protocol_version`(hello: String) throws {
        let reprise = try TestConfiguration(upstream).start()
        let hex = try exchange(reprise.port(), "s.sendall(bytes.fromhex('\(hello)'))")
        let isBefore4 = try !Shell.run([RepriseProcess.program.path, "version"]).output.contains("OpenSSL 4")
        let isRead = isBefore4 || hello.hasPrefix("16")
        let alert = hello.hasPrefix("160300") && isBefore4 ? "28" : "46"
        let isAnswered = hex.hasPrefix("15") && hex.hasSuffix("000202\(alert)")
        #expect(isAnswered == isRead, "\(hex) \(reprise.closedConnection())")
        #expect(reprise.closedConnection()["cause"] == (isRead ? "unsupported_version" : "malformed"))
    }

    @Test func `a ClientHello in single bytes is understood`() throws {
        let reprise = try TestConfiguration(upstream).start()
        let hex = try exchange(
            reprise.port(),
            hello() + "\nfor n in range(len(flight)): s.sendall(flight[n:n+1])\ns.shutdown(socket.SHUT_WR)")
        #expect(hex.hasPrefix("160303"), "\(hex.prefix(40))")
        #expect(reprise.closedConnection()["cause"] == "client_went_away")
    }

    @Test func `a ClientHello of 32 KiB is answered like any other, and one of 64 KiB is refused by name`() throws {
        let reprise = try TestConfiguration(upstream).start()
        func answer(bytes: Int) throws -> String {
            try exchange(reprise.port(), hello(bytes: bytes) + "\ns.sendall(flight); s.shutdown(socket.SHUT_WR)")
        }
        let hex = try answer(bytes: 32 << 10)
        #expect(hex.hasPrefix("160303"), "\(hex.prefix(40)) \(reprise.closedConnection())")
        #expect(try answer(bytes: 64_000) == "1503030002022f")
        #expect(reprise.closedConnection(2)["cause"] == "hello_too_large")
    }

    @Test func `a client that sends one byte and waits runs into the handshake's timeout`() throws {
        var configuration = TestConfiguration(upstream)
        configuration.listener = "timeouts: { handshake: 300ms }"
        let reprise = try configuration.start()
        _ = try exchange(reprise.port(), "s.sendall(b'\\x16')")
        let line = reprise.closedConnection()
        #expect(line["ending"] == "timeout_handshake" && line["cause"] == "timeout", "\(line)")
    }

    @Test func `connects that send nothing, and resets at every stage, leave no descriptor behind`() throws {
        let echo = TestUpstream.echo()
        var configuration = TestConfiguration(echo)
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        configuration.listener = "timeouts: { handshake: 500ms }"
        let reprise = try configuration.start()
        let before = reprise.openDescriptors
        let program = """
            import socket, ssl, struct, sys
            port = int(sys.argv[1])
            def reset(s):
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); s.close()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); context.check_hostname = False; context.verify_mode = ssl.CERT_NONE
            silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(400)]
            for stage in range(5):
                for _ in range(20):
                    raw = socket.create_connection(("127.0.0.1", port))
                    i, o = ssl.MemoryBIO(), ssl.MemoryBIO()
                    tls = context.wrap_bio(i, o, server_hostname="localhost")
                    if stage >= 1:
                        try: tls.do_handshake()
                        except ssl.SSLWantReadError: pass
                        hello = o.read()
                        raw.sendall(hello[:50] if stage == 1 else hello)
                    if stage >= 3:
                        while True:
                            i.write(raw.recv(65536))
                            try: tls.do_handshake(); break
                            except ssl.SSLWantReadError: pass
                        raw.sendall(o.read())
                    if stage >= 4:
                        tls.write(b"x" * 10000); raw.sendall(o.read())
                    reset(raw)
            for s in silent: s.recv(1)
            print("done")
            """
        let result = try Shell.python(program, ["\(reprise.port())"], seconds: 40)
        #expect(result.output == "done\n", "\(result)")
        #expect(eventually { reprise.openDescriptors <= before }, "\(reprise.openDescriptors) of \(before)")
        #expect(reprise.isRunning)
        #expect(eventually { reprise.lines.filter { $0["message"] == "connection closed" }.count == 500 })
        #expect(reprise.lines.filter { $0["message"] == "connection closed" }.allSatisfy { $0["ending"] != nil })
    }
}

extension Data {
    fileprivate init(hexadecimal text: String) {
        let digits = Array(text)
        self.init(
            stride(from: 0, to: digits.count - 1, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) })
    }
}

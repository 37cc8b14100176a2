import Foundation
import RepriseTestSupport
import Testing

/// An upstream that answers while the client is still uploading, and resets: a 413, most often.
@Suite(.waits) struct EarlyAnswersArrive {
    /// What an upstream does behind its answer. Bytes it has not read make the kernel's end of it a reset.
    enum Manner: String, CaseIterable {
        case closes, resets, halfCloses, drains, waits
    }

    private static func upstream(_ manner: Manner, _ answer: [UInt8]) -> TestUpstream {
        TestUpstream(kernelBuffer: 64 << 10) { peer in
            _ = peer.receive(1000)
            peer.send(answer)
            switch manner {
            case .closes: peer.close()
            case .resets:
                // What its kernel had not sent would be lost there, and never come to us.
                _ = peer.unreadByPeer
                peer.reset()
            case .halfCloses:
                peer.shutdownWrite()
                peer.close()
            case .drains:
                peer.shutdownWrite()
                for _ in 0..<20 { if case .bytes = peer.receive() { continue } else { break } }
                peer.close()
            case .waits:
                _ = peer.unreadByPeer
                peer.close()
            }
        }
    }

    /// Uploads all of it before it reads, as many clients do, and prints how much of the answer came.
    private static let client = """
        import socket, ssl, sys, threading
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        def visit():
            raw = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            raw.settimeout(20)
            tls = context.wrap_socket(raw, server_hostname="localhost", suppress_ragged_eofs=False)
            sent, got = "sent", 0
            try: tls.sendall(b"u" * int(sys.argv[3]))
            except OSError as error: sent = type(error).__name__
            try:
                while True:
                    part = tls.recv(65536)
                    if not part: break
                    got += len(part)
            except OSError as error: pass
            sys.stdout.write("%s %d\\n" % (sent, got))
            raw.close()
        visits = [threading.Thread(target=visit) for _ in range(int(sys.argv[2]))]
        for each in visits: each.start()
        for each in visits: each.join()
        """

    @Test(arguments: Manner.allCases, [1000, 600_000])
    func `the answer reaches a client that was still uploading, in every run`(manner: Manner, size: Int) throws {
        let runs = 8
        let answer = [UInt8](repeating: 0x61, count: size)
        let reprise = try TestConfiguration(Self.upstream(manner, answer)).start()
        let result = try Shell.python(Self.client, ["\(reprise.port())", "\(runs)", "8000000"], seconds: 60)
        // What an upstream's own kernel threw away with its reset never came to us.
        let whole = manner == .resets || size == 1000 || manner == .waits || manner == .drains
        let lines = result.output.split(separator: "\n").map { $0.split(separator: " ") }
        #expect(lines.count == runs && lines.allSatisfy { $0[0] == "sent" }, "\(result)")
        let got = lines.compactMap { Int($0[1]) }.sorted()
        let relayed = (1...runs).compactMap { reprise.closedConnection($0)["bytes_sent"].flatMap { Int($0) } }.sorted()
        #expect(got == relayed, "\(result)")
        if whole { #expect(got == Array(repeating: size, count: runs), "\(result)") }
        let endings = Set((1...runs).compactMap { reprise.closedConnection($0)["ending"] })
        #expect(endings.isSubset(of: ["upstream_reset", "upstream_end"]), "\(endings)")
    }

    @Test func `a client that sends nothing is reset soon, and one that goes on for ever after timeouts.shutdown`()
        throws
    {
        let upstream = TestUpstream { peer in
            _ = peer.receive()
            peer.send(Array("part".utf8))
            _ = peer.unreadByPeer
            peer.reset()
        }
        var configuration = TestConfiguration(upstream)
        configuration.listener = "timeouts: { shutdown: 1500ms }"
        let reprise = try configuration.start()
        let quiet = try PythonClient.run(port: reprise.port(), "send(b'q'); print(everything())")
        #expect(["(b'part', 'reset')\n", "(b'part', 'truncated')\n"].contains(quiet.output), "\(quiet)")
        let soon = reprise.closedConnection(1)
        #expect(soon["ending"] == "upstream_reset", "\(soon)")
        let endless = """
            import threading, time
            send(b'q')
            begun = time.monotonic()
            try:
                while True:
                    send(b"x" * 10000)
                    time.sleep(0.01)
            except OSError: print(1.2 < time.monotonic() - begun < 6)
            """
        #expect(try PythonClient.run(port: reprise.port(), endless).output == "True\n", "\(reprise.log)")
        #expect(reprise.closedConnection(2)["ending"] == "upstream_reset", "\(reprise.log)")
    }

    /// How a client ends its stream while an upstream's answer and end are on their way.
    enum Leaving: String, CaseIterable {
        case closeNotify, bareFIN
    }

    @Test(arguments: Leaving.allCases, [true, false])
    func `an answer that was there before the client left is not lost to who is looked at first`(
        leaving: Leaving, byReset: Bool
    ) throws {
        let (asked, frozen, said) = (
            DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)
        )
        let upstream = TestUpstream { peer in
            _ = peer.receive()
            asked.signal()
            frozen.wait()
            peer.send([UInt8](repeating: 0x61, count: 1000))
            _ = peer.unreadByPeer
            // The FIN goes now, whoever else has the socket for a while: a program that is being started.
            if byReset { peer.reset() } else { peer.shutdownWrite() }
            said.signal()
            peer.close()
        }
        let reprise = try TestConfiguration(upstream).start()
        let client = try SocketClient(port: reprise.port(), sending: Array("go".utf8))
        asked.wait()
        // Everything comes while nobody looks; then both sockets are ready at once.
        reprise.freeze()
        frozen.signal()
        said.wait()
        try client.tls.write([UInt8](repeating: 0x62, count: 100))
        if leaving == .closeNotify { client.tls.sendCloseNotify() }
        client.flush()
        client.shutdownWrite()
        reprise.signal(SIGCONT)
        var got = 0
        repeat {
            while let bytes = try? client.tls.read(), !bytes.isEmpty { got += bytes.count }
        } while client.takeIn()
        while let bytes = try? client.tls.read(), !bytes.isEmpty { got += bytes.count }
        #expect(got == 1000, "\(reprise.closedConnection())")
        let ending = reprise.closedConnection()["ending"]
        #expect(["upstream_reset", "upstream_end"].contains(ending), "\(reprise.closedConnection())")
    }

    @Test func `a pause is counted once, however often the client sends meanwhile`() throws {
        let upstream = TestUpstream { peer in
            _ = peer.receive()
            peer.send([UInt8](repeating: 0x61, count: 16 << 20))
            while case .bytes = peer.receive() {}
            peer.close()
        }
        var configuration = TestConfiguration(upstream)
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        let reprise = try configuration.start()
        let client = try SocketClient(port: reprise.port(), sending: Array("go".utf8))
        let pauses = "reprise_back_pressure_pauses_total{listener=\"web\",direction=\"upstream_to_client\"}"
        let received = "reprise_bytes_relayed_total{listener=\"web\",direction=\"client_to_upstream\"}"
        #expect(try eventually { try reprise.metric(pauses) > 0 })
        let before = try reprise.metric(pauses)
        for number in 1...50 {
            try client.tls.write(Array("more".utf8))
            client.flush()
            // Each in a turn of its own.
            #expect(try eventually { try reprise.metric(received) >= Double(2 + 4 * number) })
        }
        #expect(try reprise.metric(pauses) - before < 5)
    }
}

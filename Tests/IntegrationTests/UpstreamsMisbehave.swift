import Foundation
import RepriseTestSupport
import Testing

@Suite(.waits) struct UpstreamsMisbehave {
    @Test(arguments: ["TLSv1_2", "TLSv1_3"])
    func `what an upstream sent before its reset reaches the client, without a close_notify`(version: String) throws {
        let upstream = TestUpstream { peer in
            _ = peer.receive()
            peer.send(Array("the first half".utf8))
            // The client says that it has the bytes: a reset throws away what the kernel still holds.
            _ = peer.receive()
            peer.reset()
        }
        let reprise = try TestConfiguration(upstream).start()
        let result = try PythonClient.run(
            port: reprise.port(), version: version,
            "send(b'go'); print(receive().decode()); send(b'seen'); print(outcome(receive))")
        #expect(["the first half\nreset\n", "the first half\ntruncated\n"].contains(result.output), "\(result)")
        let line = reprise.closedConnection()
        #expect(line["ending"] == "upstream_reset" && line["bytes_sent"] == "14", "\(line)")
    }

    @Test func `an upstream that resets what it accepts is a reset for the client`() throws {
        let upstream = TestUpstream { $0.reset() }
        let reprise = try TestConfiguration(upstream).start()
        for number in 1...20 {
            let result = try PythonClient.run(
                port: reprise.port(),
                """
                try:
                    send(b'anyone?')
                    print(outcome(receive))
                except ConnectionResetError: print("reset")
                except BrokenPipeError: print("reset")
                """)
            #expect(["reset\n", "truncated\n"].contains(result.output), "\(result)")
            let line = reprise.closedConnection(number)
            #expect(["upstream_reset", "upstream_unreachable"].contains(line["ending"]), "\(line)")
        }
    }

    @Test func `an answer that begins after the client's end is delivered whole`() throws {
        let answer = [UInt8](repeating: 0x61, count: 3 << 20)
        let upstream = TestUpstream { peer in
            while case .bytes = peer.receive() {}
            peer.send(answer)
            peer.close()
        }
        let reprise = try TestConfiguration(upstream).start()
        let result = try PythonClient.run(
            port: reprise.port(),
            "send(b'q' * 70000); close_notify(); got, end = everything(); print(len(got), set(got), end)")
        #expect(result.output == "3145728 {97} close_notify\n", "\(result)")
    }

    @Test func `a client that shuts down TCP behind its close_notify still gets the answer`() throws {
        let upstream = TestUpstream { peer in
            while case .bytes = peer.receive() {}
            peer.send(Array("late".utf8))
            peer.close()
        }
        let reprise = try TestConfiguration(upstream).start()
        let result = try PythonClient.run(
            port: reprise.port(),
            "send(b'q'); close_notify(); raw.shutdown(socket.SHUT_WR); print(everything())")
        #expect(result.output == "(b'late', 'close_notify')\n", "\(result)")
        #expect(reprise.closedConnection()["ending"] == "client_close_notify")
    }

    @Test func `a large upload reaches an upstream that reads late, and its end comes last`() throws {
        let gate = DispatchSemaphore(value: 0)
        let upstream = TestUpstream { peer in
            gate.wait()
            var count = 0
            var end = TestUpstream.Peer.Received.reset
            receiving: while true {
                switch peer.receive() {
                case .bytes(let bytes): count += bytes.count
                case let other:
                    end = other
                    break receiving
                }
            }
            peer.send(Array("\(count) \(end)".utf8))
            peer.close()
        }
        var configuration = TestConfiguration(upstream)
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        let reprise = try configuration.start()
        let before = reprise.residentBytes
        let client = Background {
            (try? PythonClient.run(
                port: reprise.port(), seconds: 120, "send(b'u' * (64 << 20)); close_notify(); print(everything())"))?
                .output ?? ""
        }
        // More than the kernel's buffers hold: the client is stuck, and the proxy holds what its limit names.
        let paused = "reprise_back_pressure_pauses_total{listener=\"web\",direction=\"client_to_upstream\"}"
        #expect(try eventually { try reprise.metric(paused) > 0 })
        if !Sanitizer.isOn { #expect(reprise.residentBytes - before < 8 << 20) }
        gate.signal()
        #expect(client.value == "(b'67108864 end', 'close_notify')\n")
    }

    @Test func `a Unix socket that nobody listens on, or that is not there, is unreachable`() throws {
        let folder = RepriseProcess.temporaryFolder()
        let stale = folder.appending(path: "stale.sock").path
        _ = try Shell.python("import socket, sys\nsocket.socket(socket.AF_UNIX).bind(sys.argv[1])", [stale])
        for (path, reason) in [(stale, "ECONNREFUSED"), (folder.appending(path: "none.sock").path, "ENOENT")] {
            var configuration = TestConfiguration()
            configuration.servers = ["\"unix:\(path)\""]
            let reprise = try configuration.start(folder: folder)
            let result = try PythonClient.run(port: reprise.port(), "print(outcome(receive))")
            #expect(["reset\n", "truncated\n"].contains(result.output), "\(result)")
            #expect(reprise.closedConnection()["ending"] == "upstream_unreachable")
            let line = reprise.waitForLine { $0["message"] == "upstream connect failed" }
            #expect(line?["reason"]?.contains(reason) == true, "\(reprise.log)")
        }
    }

    @Test func `servers take turns, and each gets its share by weight`() throws {
        let (one, two) = (TestUpstream.http("one\n"), TestUpstream.http("two\n"))
        var configuration = TestConfiguration()
        configuration.servers = [
            "{ address: \"127.0.0.1:\(one.port)\", weight: 3 }", "{ address: \"127.0.0.1:\(two.port)\" }",
        ]
        let reprise = try configuration.start()
        for _ in 0..<12 { _ = try Shell.run(["curl", "-sk", "https://localhost:\(reprise.port())/"]) }
        #expect(one.accepted == 9 && two.accepted == 3, "\(one.accepted) \(two.accepted)")
    }
}

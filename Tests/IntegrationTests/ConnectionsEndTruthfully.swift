import Foundation
import Glibc
import RepriseTestSupport
import Testing

private func client(_ port: Int, _ body: String) throws -> ShellResult {
    try PythonClient.run(port: port, body)
}

@Suite(.waits) struct ConnectionsEndTruthfully {
    @Test func `a client that half-closes still gets the whole answer`() throws {
        let upstream = TestUpstream { peer in
            var all: [UInt8] = []
            while case .bytes(let bytes) = peer.receive() { all += bytes }
            // Only now, behind the client's end.
            peer.send(Array("got \(all.count)".utf8))
            peer.close()
        }
        let reprise = try TestConfiguration(upstream).start()
        let result = try client(
            reprise.port(), "send(b'x' * 100000); close_notify(); print(receive().decode(), outcome(receive))")
        #expect(result.output == "got 100000 close_notify\n", "\(result)")
        let line = reprise.closedConnection()
        #expect(line["ending"] == "client_close_notify" && line["bytes_received"] == "100000", "\(line)")
    }

    @Test func `an upstream that half-closes still gets what the client sends`() throws {
        let upstream = TestUpstream { peer in
            peer.send(Array("bye".utf8))
            peer.shutdownWrite()
            var all: [UInt8] = []
            while case .bytes(let bytes) = peer.receive() { all += bytes }
            TestNotes.shared.add("upstream got \(all.count)")
            peer.close()
        }
        let reprise = try TestConfiguration(upstream).start()
        let result = try client(
            reprise.port(),
            "print(receive().decode(), outcome(receive)); send(b'y' * 5000); close_notify(); raw.close()")
        #expect(result.output == "bye close_notify\n", "\(result)")
        #expect(eventually { TestNotes.shared.has("upstream got 5000") })
        #expect(reprise.closedConnection()["ending"] == "upstream_end")
    }

    @Test func `a client's close_notify reaches the upstream as an orderly end behind every byte`() throws {
        let upstream = TestUpstream.recorder()
        let reprise = try TestConfiguration(upstream).start()
        _ = try client(reprise.port(), "send(b'abc' * 1000); close_notify(); raw.recv(100)")
        #expect(eventually { upstream.recorded.count == 2 })
        #expect(upstream.recorded == [.bytes(Array(String(repeating: "abc", count: 1000).utf8)), .end])
    }

    @Test(arguments: [("raw.shutdown(socket.SHUT_WR); raw.recv(100)", "client_fin"), ("reset()", "client_reset")])
    func `a truncation or a reset by the client reaches the upstream as a reset`(act: String, ending: String) throws {
        let upstream = TestUpstream.recorder()
        let reprise = try TestConfiguration(upstream).start()
        _ = try client(reprise.port(), "send(b'half a message'); \(act)")
        #expect(eventually { upstream.recorded.count == 2 })
        #expect(upstream.recorded.last == .reset)
        #expect(reprise.closedConnection()["ending"] == ending)
    }

    @Test func `an upstream reset reaches the client without close_notify`() throws {
        let upstream = TestUpstream { peer in
            _ = peer.receive()
            peer.reset()
        }
        let reprise = try TestConfiguration(upstream).start()
        let result = try client(reprise.port(), "send(b'hello'); print(outcome(receive))")
        #expect(["reset\n", "truncated\n"].contains(result.output), "\(result)")
        #expect(reprise.closedConnection()["ending"] == "upstream_reset")
    }

    @Test func `an upstream's early answer is not lost when it refuses the rest of the request`() throws {
        let upstream = TestUpstream { peer in
            _ = peer.receive(10)
            peer.send(Array("413 too large".utf8))
            peer.close()
        }
        let reprise = try TestConfiguration(upstream).start()
        let result = try client(
            reprise.port(),
            """
            try:
                for _ in range(100): send(b'z' * 10000)
            except OSError: pass
            print(receive().decode())
            """)
        #expect(result.output == "413 too large\n", "\(result)")
    }

    @Test func `an upstream that speaks first is heard`() throws {
        let upstream = TestUpstream { peer in
            peer.send(Array("220 ready".utf8))
            while case .bytes = peer.receive() {}
            peer.close()
        }
        let reprise = try TestConfiguration(upstream).start()
        let result = try client(reprise.port(), "print(receive().decode()); close_notify(); print(outcome(receive))")
        #expect(result.output == "220 ready\nclose_notify\n", "\(result)")
    }

    @Test func `the next server is tried when one refuses, and none at all resets the client`() throws {
        let gone = TestUpstream.echo()
        let alive = TestUpstream.http("from the second\n")
        gone.stop()
        let reprise = try TestConfiguration(gone, alive).start()
        for _ in 0..<4 {
            let result = try Shell.run(["curl", "-sk", "https://localhost:\(reprise.port())/"])
            #expect(result.output == "from the second\n")
        }
        let none = try TestConfiguration(gone).start()
        let result = try client(none.port(), "print(outcome(receive))")
        #expect(["reset\n", "truncated\n"].contains(result.output), "\(result)")
        #expect(none.closedConnection()["ending"] == "upstream_unreachable")
        #expect(
            none.lines.contains {
                $0["message"] == "upstream connect failed" && $0["reason"]?.contains("ECONNREFUSED") == true
            })
    }

    @Test func `idle connections are closed with close_notify and their upstream reset`() throws {
        let upstream = TestUpstream.recorder()
        var configuration = TestConfiguration(upstream)
        configuration.listener = "timeouts: { idle: 300ms }"
        let reprise = try configuration.start()
        let result = try client(reprise.port(), "send(b'x'); print(outcome(receive))")
        #expect(result.output == "close_notify\n", "\(result)")
        #expect(reprise.closedConnection()["ending"] == "timeout_idle")
        #expect(eventually { upstream.recorded.last == .reset })
    }

    @Test func `a half-closed connection that stalls is ended by its own timeout`() throws {
        var configuration = TestConfiguration(TestUpstream.hanging())
        configuration.listener = "timeouts: { half_closed: 300ms }"
        let reprise = try configuration.start()
        let result = try client(reprise.port(), "send(b'x'); close_notify(); print(outcome(receive))")
        #expect(result.output == "close_notify\n", "\(result)")
        let line = reprise.closedConnection()
        #expect(
            line["ending"] == "timeout_half_closed" && line["detail"]?.contains("client_close_notify") == true,
            "\(line)")
    }
}

extension TestUpstream {
    /// Reads for ever and never answers, nor closes.
    static func hanging() -> TestUpstream {
        TestUpstream { peer in
            while case .bytes = peer.receive() {}
            let forever = DispatchSemaphore(value: 0)
            forever.wait()
        }
    }
}

/// What happens on other threads, for a test to look at.
final class TestNotes: @unchecked Sendable {
    // @unchecked: behind the lock.
    static let shared = TestNotes()
    private let lock = NSLock()
    private var notes: Set<String> = []
    func add(_ note: String) { _ = lock.withLock { notes.insert(note) } }
    func has(_ note: String) -> Bool { lock.withLock { notes.contains(note) } }
}

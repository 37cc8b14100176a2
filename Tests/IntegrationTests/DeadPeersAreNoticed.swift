import Foundation
import Glibc
import RepriseTestSupport
import Synchronization
import Testing

/// Peers that go away where nothing is read from them any more.
@Suite(.waits) struct DeadPeersAreNoticed {
    @Test func `a client that says goodbye and leaves does not draw its download on`() throws {
        let ended = DispatchSemaphore(value: 0)
        let upstream = TestUpstream { peer in
            _ = peer.receive()
            // Until it is reset; each byte sent is a sign of life of nobody but the upstream.
            while peer.send([UInt8](repeating: 1, count: 1000)) {
                var nap = timespec(tv_sec: 0, tv_nsec: 5_000_000)
                nanosleep(&nap, nil)
            }
            ended.signal()
        }
        var configuration = TestConfiguration(upstream)
        configuration.listener = "timeouts: { half_closed: 5m, idle: 5m }"
        let reprise = try configuration.start()
        let result = try PythonClient.run(
            port: reprise.port(), "send(b'go'); close_notify(); raw.close(); print('left')")
        #expect(result.output == "left\n", "\(result)")
        let line = reprise.closedConnection()
        #expect(line["ending"] == "client_close_notify" && line["detail"]?.contains("client_reset") == true, "\(line)")
        #expect(ended.wait(timeout: .now() + 15) == .success)
    }

    @Test func `a client whose upload is held back is noticed when it resets`() throws {
        let gate = DispatchSemaphore(value: 0)
        let upstream = TestUpstream { peer in
            gate.wait()
            peer.close()
        }
        defer { gate.signal() }
        var configuration = TestConfiguration(upstream)
        configuration.listener = "limits: { relay_buffer: 16KiB }"
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        let reprise = try configuration.start()
        let program = """
            raw.settimeout(1)
            try:
                while True: send(b'u' * 65536)
            except (TimeoutError, OSError): pass
            reset(); print('reset')
            """
        #expect(try PythonClient.run(port: reprise.port(), program).output == "reset\n")
        #expect(reprise.closedConnection()["ending"] == "client_reset", "\(reprise.log)")
    }

    /// The reset comes with bytes for which there is no room: one piece of news, of which the bytes are the part that is seen.
    @Test func `clients that reset in the middle of held-back uploads are noticed, all of them`() throws {
        let gate = DispatchSemaphore(value: 0)
        let upstream = TestUpstream { peer in
            gate.wait()
            peer.close()
        }
        defer { for _ in 0..<20 { gate.signal() } }
        var configuration = TestConfiguration(upstream)
        configuration.top = "workers: 2"
        configuration.listener = "timeouts: { idle: 5m }"
        let reprise = try configuration.start()
        let program = """
            import socket, ssl, struct, sys
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            clients = [context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1])))) for _ in range(20)]
            for c in clients: c.setblocking(False)
            full = set()
            while len(full) < 20:
                for c in clients:
                    try: c.send(b"u" * 65536)
                    except (ssl.SSLWantWriteError, BlockingIOError): full.add(c)
            for c in clients:
                c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                c.close()
            print("reset")
            """
        #expect(try Shell.python(program, ["\(reprise.port())"], seconds: 60).output == "reset\n")
        #expect(reprise.closedConnection(20, within: 30)["ending"] == "client_reset", "\(reprise.log)")
    }

    @Test func `an upload does not go on into an upstream that has ended and takes no more`() throws {
        let upstream = TestUpstream { peer in
            // What is left unread would make its end a reset.
            _ = peer.receive()
            peer.send([UInt8](repeating: 7, count: 4 << 20))
            peer.close()
        }
        var configuration = TestConfiguration(upstream)
        configuration.listener = "timeouts: { half_closed: 5m, idle: 5m }"
        let reprise = try configuration.start()
        let program = """
            import time
            send(b'first')
            total = 0
            while total < 4 << 20: total += len(receive())
            print(total)
            raw.settimeout(10)
            try:
                while True: send(b'more' * 1000)
            except OSError: print('told')
            """
        #expect(try PythonClient.run(port: reprise.port(), program).output == "4194304\ntold\n")
        // Which comes first, its end or its refusal, is the kernels' affair.
        let ending = reprise.closedConnection()["ending"]
        #expect(ending == "upstream_end" || ending == "upstream_reset", "\(reprise.log)")
    }

    @Test func `draining does not wait for a client that has said goodbye and reads nothing`() throws {
        let upstream = TestUpstream { peer in
            _ = peer.receive()
            peer.send([UInt8](repeating: 7, count: 16 << 20))
            peer.close()
        }
        var configuration = TestConfiguration(upstream)
        configuration.top = "drain_timeout: 100ms"
        configuration.listener = "timeouts: { half_closed: 10m, shutdown: 100ms }"
        let reprise = try configuration.start()
        let client = try SocketClient(port: reprise.port())
        try client.tls.write([1])
        client.tls.sendCloseNotify()
        client.flush()
        #expect(eventually { upstream.accepted == 1 })
        reprise.signal(SIGTERM)
        #expect(reprise.status(within: 15) == 0, "\(reprise.log)")
        #expect(reprise.closedConnection()["detail"]?.contains("drain") == true, "\(reprise.log)")
        _ = client
    }

    @Test func `a reset right behind bytes is noticed, on either side`() throws {
        let upstream = TestUpstream { peer in
            guard case .bytes(let bytes) = peer.receive() else { return peer.close() }
            peer.send(bytes)
            if bytes == [1] { return peer.reset() }
            while case .bytes = peer.receive() {}
            peer.close()
        }
        var configuration = TestConfiguration(upstream)
        configuration.listener = "timeouts: { idle: 10m, half_closed: 10m }"
        let reprise = try configuration.start()
        for number in 1...10 {
            let program =
                number % 2 == 0 ? "send(b'\\x02'); reset()" : "send(b'\\x01'); receive(); print(outcome(receive))"
            _ = try PythonClient.run(port: reprise.port(), program)
            let ending = reprise.closedConnection(number)["ending"]
            #expect(ending == (number % 2 == 0 ? "client_reset" : "upstream_reset"), "\(reprise.log)")
        }
    }

    @Test func `an upload that is complete reaches the upstream whole, though its client resets behind it`() throws {
        let gate = DispatchSemaphore(value: 0)
        let count = Mutex(0)
        let end = Mutex<TestUpstream.Peer.Received?>(nil)
        let upstream = TestUpstream(kernelBuffer: 16 << 10) { peer in
            gate.wait()
            while true {
                let received = peer.receive()
                guard case .bytes(let bytes) = received else { return end.withLock { $0 = received } }
                count.withLock { $0 += bytes.count }
            }
        }
        var configuration = TestConfiguration(upstream)
        configuration.listener = "limits: { relay_buffer: 1MiB }\n    timeouts: { half_closed: 5m, idle: 5m }"
        let reprise = try configuration.start()
        let program = """
            import fcntl, termios
            send(b'u' * 600000); close_notify()
            while struct.unpack("i", fcntl.ioctl(raw, termios.TIOCOUTQ, b"0000"))[0]: pass
            # A reset takes away what the proxy has not read: its kernel's queue must be empty (proc_net_tcp: rx_queue).
            ends = [f":{end[1]:04X}" for end in (raw.getpeername(), raw.getsockname())]
            def unread():
                rows = [line.split() for line in open("/proc/net/tcp")]
                return [int(row[4].split(":")[1], 16) for row in rows
                        if row[1].endswith(ends[0]) and row[2].endswith(ends[1])] != [0]
            while unread(): pass
            reset(); print('reset')
            """
        #expect(try PythonClient.run(port: reprise.port(), program).output == "reset\n")
        // Time for the probe behind a quiet spell.
        #expect(!eventually(within: 0.3) { !reprise.closedConnection(within: 0).isEmpty }, "\(reprise.log)")
        gate.signal()
        let line = reprise.closedConnection()
        #expect(line["ending"] == "client_close_notify", "\(line)")
        #expect(eventually { end.withLock { $0 } == .end })
        #expect(count.withLock { $0 } == 600_000)
    }

    @Test func `a complete answer reaches a slow client, though its upstream resets behind it`() throws {
        let pieces = Mutex(0)
        let isReset = DispatchSemaphore(value: 0)
        let upstream = TestUpstream { peer in
            _ = peer.receive()
            // Until a piece stays unread at the other end, because the client takes no more; the reset comes before the
            // probe that the last receive has put on its way.
            repeat {
                guard pieces.withLock({ $0 < 1000 }) else { return peer.close() }
                peer.send([UInt8](repeating: 7, count: 64 << 10))
                pieces.withLock { $0 += 1 }
            } while eventually(within: 0.02) { peer.unreadByPeer == 0 }
            peer.reset()
            isReset.signal()
        }
        var configuration = TestConfiguration(upstream)
        configuration.listener = "limits: { relay_buffer: 16KiB }\n    timeouts: { half_closed: 5m, idle: 5m }"
        let reprise = try configuration.start()
        let client = try SocketClient(port: reprise.port(), sending: [1])
        try #require(isReset.wait(timeout: .now() + 60) == .success)
        // Time for the probe behind a quiet spell. On a machine that is slow enough all may be on its way already.
        _ = eventually(within: 0.3) { !reprise.closedConnection(within: 0).isEmpty }
        var total = 0
        repeat {
            while let bytes = try? client.tls.read(), !bytes.isEmpty { total += bytes.count }
        } while client.takeIn()
        #expect(total == pieces.withLock { $0 } << 16)
        let line = reprise.closedConnection()
        #expect(line["ending"] == "upstream_reset" && line["bytes_sent"] == "\(total)", "\(line)")
    }
}

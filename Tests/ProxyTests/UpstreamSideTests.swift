import Foundation
import Glibc
import RepriseProxy
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// An upstream that TLS is spoken to differs from a plain one in its stream's kind, and in nothing else.
@Suite struct UpstreamSideTests {
    /// A worker that speaks TLS to another worker, and a plain upstream behind that one.
    private struct Chain {
        let front: TestWorker
        let back: TestWorker

        /// - Parameters:
        ///   - first: ports of servers that are tried before the other worker.
        ///   - relay: stands between the workers.
        init(
            before upstream: TestUpstream, first: [UInt16] = [], relayBuffer: Int = 64 << 10,
            relay: ((Int) -> UInt16)? = nil
        ) async throws {
            back = try await TestWorker(before: [TestWorker.server(Int(upstream.port))])
            var parts = TestWorker.Parts()
            parts.upstreamTLS = try UpstreamSideTests.unverified("a.test")
            parts.settings.relayBuffer = relayBuffer
            // A client that is slow for want of a processor is not to be given up.
            parts.settings.timeouts.shutdown = .seconds(15)
            let port = back.port
            let last = relay.map { Int($0(port)) } ?? port
            front = try await TestWorker(
                before: first.enumerated().map { TestWorker.server(Int($1), id: "first\($0)") }
                    + [TestWorker.server(last, id: "back")], parts)
        }

        func end() async {
            await front.end()
            await back.end()
        }
    }

    fileprivate static func unverified(_ name: String) throws -> UpstreamTLS {
        try UpstreamTLS(
            ClientContext(ClientSettings(tls: .intermediate, trust: .anybody)), asked: .name(name))
    }

    /// Reads until so many bytes are there, or the stream ends.
    private static func read(_ count: Int, _ client: SocketClient) -> [UInt8] {
        var all: [UInt8] = []
        while true {
            while let bytes = try? client.tls.read(), !bytes.isEmpty { all += bytes }
            guard all.count < count, !client.tls.hasReceivedShutdown, client.takeIn() else { return all }
        }
    }

    private static func end(_ client: SocketClient) {
        client.tls.sendCloseNotify()
        client.flush()
    }

    /// Reads all that a client has to say, and sends it back then.
    private static func afterwards() -> TestUpstream {
        TestUpstream { peer in
            var all: [UInt8] = []
            while case .bytes(let bytes) = peer.receive() { all += bytes }
            peer.send(all)
            peer.close()
        }
    }

    @Test(arguments: [4 << 10, 64 << 10])
    func `all bytes arrive both ways, and a client's close_notify reaches the upstream behind them`(
        relayBuffer: Int
    ) async throws {
        let chain = try await Chain(before: Self.afterwards(), relayBuffer: relayBuffer)
        let (port, front, back) = (chain.front.port, chain.front, chain.back)
        try await onOwnThread {
            // More than the buffers on the way hold at once.
            let bytes = (0..<6_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 / 7) }
            let client = try TestWorker.connect(port, sending: [1, 2, 3])
            try client.tls.write(bytes)
            Self.end(client)
            #expect(Self.read(.max, client) == [1, 2, 3] + bytes)
            #expect(client.tls.hasReceivedShutdown)
            #expect(eventually { back.hasEnded(.clientCloseNotify) && front.hasEnded(.clientCloseNotify) })
            #expect(front.has("reprise_upstream_connects_total{upstream=\"app\",server=\"back\"} 1"))
        }
        await chain.end()
    }

    @Test func `a server that does not speak TLS is passed over, and nothing that the client has sent is lost`()
        async throws
    {
        let servers = [
            TestUpstream { peer in
                _ = peer.receive()
                peer.send(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
                peer.close()
            },
            TestUpstream { peer in
                _ = peer.receive()
                peer.close()
            },
            TestUpstream { peer in
                _ = peer.receive()
                peer.reset()
            },
        ]
        let chain = try await Chain(before: .echo(), first: servers.map(\.port))
        let (port, front) = (chain.front.port, chain.front)
        try await onOwnThread {
            let client = try TestWorker.connect(port, sending: [4, 5, 6])
            #expect(Self.read(3, client) == [4, 5, 6])
            Self.end(client)
            #expect(eventually { front.hasEnded(.clientCloseNotify) })
            for (server, reason) in [("first0", "tls"), ("first1", "tls"), ("first2", "reset")] {
                let labels = "upstream=\"app\",server=\"\(server)\",reason=\"\(reason)\""
                #expect(front.has("reprise_upstream_connect_failures_total{\(labels)} 1"), "\(server)")
            }
        }
        servers.forEach { $0.stop() }
        await chain.end()
    }

    @Test(arguments: [true, false])
    func `a client that breaks off reaches the upstream as a reset`(_ byReset: Bool) async throws {
        let chain = try await Chain(before: .echo())
        let (port, front, back) = (chain.front.port, chain.front, chain.back)
        try await onOwnThread {
            let client = try TestWorker.connect(port, sending: [7])
            #expect(Self.read(1, client) == [7])
            if byReset { client.reset() } else { client.shutdownWrite() }
            #expect(eventually { front.hasEnded(byReset ? .clientReset : .clientFIN) })
            #expect(eventually { back.hasEnded(.clientReset) })
        }
        await chain.end()
    }

    @Test func `an upstream's close_notify ends its stream in order, and the client may go on`() async throws {
        // Its answer comes first, and its client's bytes are taken to the end.
        let rest = Locked<[UInt8]>([])
        let upstream = TestUpstream { peer in
            peer.send([8])
            peer.shutdownWrite()
            while case .bytes(let bytes) = peer.receive() { rest.withLock { $0 += bytes } }
            peer.close()
        }
        let chain = try await Chain(before: upstream)
        let (port, front, back) = (chain.front.port, chain.front, chain.back)
        try await onOwnThread {
            let client = try TestWorker.connect(port)
            #expect(Self.read(.max, client) == [8])
            #expect(client.tls.hasReceivedShutdown)
            try client.tls.write([9, 9])
            Self.end(client)
            #expect(eventually { front.hasEnded(.upstreamEnd) && back.hasEnded(.upstreamEnd) })
            #expect(eventually { rest.withLock { $0 } == [9, 9] })
        }
        await chain.end()
    }

    @Test func `an upstream's stream that ends without close_notify has broken off`() async throws {
        // Forwards what both say, until the client's bytes have been answered; then both see a FIN, and nothing in TLS.
        let chain = try await Chain(
            before: .echo(),
            relay: { port in
                TestUpstream { peer in
                    let descriptor = Loopback.socket()
                    guard Loopback.connect(descriptor, to: port) else { return peer.close() }
                    let answers = Background {
                        var buffer = [UInt8](repeating: 0, count: 65536)
                        while true {
                            let count = recv(descriptor, &buffer, buffer.count, 0)
                            guard count > 0 else { return true }
                            peer.send(Array(buffer.prefix(count)))
                        }
                    }
                    while case .bytes(let bytes) = peer.receive(), bytes.count != 1022 {
                        _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                    }
                    shutdown(descriptor, Int32(SHUT_RDWR))
                    _ = answers.value
                    close(descriptor)
                    peer.shutdownWrite()
                    while case .bytes = peer.receive() {}
                    peer.close()
                }.port
            })
        let (port, front) = (chain.front.port, chain.front)
        try await onOwnThread {
            let client = try TestWorker.connect(port, sending: [1])
            #expect(Self.read(1, client) == [1])
            // A record of 1022 bytes: the last that is forwarded is the one before.
            try client.tls.write([UInt8](repeating: 2, count: 1000))
            client.flush()
            #expect(Self.read(.max, client).isEmpty)
            #expect(!client.tls.hasReceivedShutdown)
            #expect(eventually { front.hasEnded(.upstreamReset) })
        }
        await chain.end()
    }

    /// Forwards what both say, up to so many bytes of the server's; then the front's side of it is reset.
    private static func resetting(after limit: Int) -> (Int) -> UInt16 {
        { port in
            TestUpstream { peer in
                let descriptor = Loopback.socket()
                guard Loopback.connect(descriptor, to: port), case .bytes(let hello) = peer.receive() else {
                    return peer.close()
                }
                _ = hello.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                var buffer = [UInt8](repeating: 0, count: limit)
                let count = recv(descriptor, &buffer, limit, 0)
                peer.send(Array(buffer.prefix(max(0, count))))
                peer.reset()
                close(descriptor)
            }.port
        }
    }

    @Test func `a server that resets in the middle of its flight is not waited for`() async throws {
        let chain = try await Chain(before: .echo(), relay: Self.resetting(after: 100))
        let (port, front) = (chain.front.port, chain.front)
        try await onOwnThread {
            let client = try TestWorker.connect(port, sending: [1])
            // Not until timeouts.connect, which is five seconds.
            #expect(eventually(within: 3) { front.hasEnded(.upstreamUnreachable) })
            #expect(Self.read(.max, client).isEmpty)
        }
        await chain.end()
    }

    /// A client that one thread has made and another lets go.
    // @unchecked: nobody uses it in between.
    private struct Held: @unchecked Sendable {
        let client: SocketClient
    }

    /// A TLS server that answers the first bytes, ends in order and closes, with the rest of the upload unread: a reset behind
    /// its close_notify.
    private static func earlyServer(_ answer: [UInt8]) -> TestUpstream {
        TestUpstream(kernelBuffer: 64 << 10) { peer in
            guard let listener = try? MemoryServer.context() else { return peer.close() }
            let output = OutputBuffer()
            let server = ServerConnection(context: listener.context, output: output, sessions: listener.connection())
            var isAnswered = false
            while !isAnswered, case .bytes(let bytes) = peer.receive(2000) {
                bytes.withUnsafeBytes {
                    server.lend($0)
                    var buffer = [UInt8](repeating: 0, count: 2000)
                    if server.handshake() == .done,
                        case .bytes = buffer.withUnsafeMutableBytes({ server.read(into: $0) })
                    {
                        _ = server.write(answer.span.bytes)
                        server.sendCloseNotify()
                        isAnswered = true
                    }
                    server.endTurn()
                }
                peer.send(output.withBytes { $0.array })
                output.removeAll()
            }
            server.markShutdown()
            server.close()
            _ = peer.unreadByPeer
            peer.close()
        }
    }

    @Test func `an answer that is whole by its close_notify is whole, although a reset follows it`() async throws {
        let answer = [UInt8](repeating: 5, count: 1000)
        var parts = TestWorker.Parts()
        parts.upstreamTLS = try Self.unverified("a.test")
        // A client that is slow for want of a processor is not to be given up.
        parts.settings.timeouts.shutdown = .seconds(15)
        let worker = try await TestWorker(before: [TestWorker.server(Int(Self.earlyServer(answer).port))], parts)
        try await onOwnThread {
            for run in 1...8 {
                let client = try TestWorker.connect(worker.port)
                try client.tls.write([UInt8](repeating: 1, count: 500_000))
                client.flush()
                let got = Self.read(.max, client)
                let isWhole = got == answer && client.tls.hasReceivedShutdown
                #expect(isWhole, "run \(run): \(got.count) bytes, \(client.tls.hasReceivedShutdown)")
            }
            #expect(eventually { worker.hasEnded(.upstreamEnd, 8) }, "\(worker.metrics)")
        }
        await worker.end()
    }

    @Test(arguments: ["kill", "drain", "timeout"])
    func `nothing is left of a connection that ends while TLS is negotiated`(_ end: String) async throws {
        let silent = TestUpstream { peer in
            while case .bytes = peer.receive() {}
            peer.close()
        }
        var parts = TestWorker.Parts()
        parts.upstreamTLS = try Self.unverified("a.test")
        // Between two steps of this test others may have the threads for long.
        parts.settings.timeouts.connect = end == "timeout" ? .milliseconds(50) : .seconds(600)
        let worker = try await TestWorker(before: [TestWorker.server(Int(silent.port))], parts)
        let port = worker.port
        let client = try await onOwnThread {
            let client = Held(client: try TestWorker.connect(port, sending: [1, 2, 3]))
            #expect(eventually { silent.accepted == 1 })
            return client
        }
        switch end {
        case "kill": await worker.end()
        case "drain": await worker.endDrain()
        default: break
        }
        let ending: Ending = end == "kill" ? .killed : end == "drain" ? .drain : .upstreamUnreachable
        try await onOwnThread { #expect(eventually { worker.hasEnded(ending) }) }
        withExtendedLifetime(client) {}
        if end != "kill" { await worker.end() }
    }

    @Test func `a name that no connection could ask for is an error at once`() throws {
        #expect(throws: ClientError.badServerName("")) { try Self.unverified("") }
    }
}

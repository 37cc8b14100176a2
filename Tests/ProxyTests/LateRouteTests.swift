import RepriseProxy
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// A router whose answers come when a test says so.
private final class LateRouter: ExchangeRouter {
    private let waiting = Locked<[@Sendable (Bool) -> Void]>([])

    func route(_ connection: ConnectionID, _ answer: @escaping @Sendable (Bool) -> Void) -> Bool? {
        waiting.withLock { $0.append(answer) }
        return nil
    }

    var questions: Int { waiting.withLock { $0.count } }

    func answer(_ isWanted: Bool) {
        for answer in waiting.withLock({ $0 }) { answer(isWanted) }
    }
}

/// A router that answers at once.
private struct PromptRouter: ExchangeRouter {
    let answer: Bool
    func route(_ connection: ConnectionID, _ answer: @escaping @Sendable (Bool) -> Void) -> Bool? { self.answer }
}

/// An exchange waits for a router's answer before it connects, and only that connection waits.
@Suite struct LateRouteTests {
    private func worker(
        _ upstream: TestUpstream, _ router: any ExchangeRouter, deadline: Duration = .seconds(5)
    ) async throws -> TestWorker {
        var parts = TestWorker.Parts()
        parts.router = router
        parts.settings.timeouts.connect = deadline
        return try await TestWorker(before: [TestWorker.server(Int(upstream.port))], parts)
    }

    private static func connect(_ port: Int, sending bytes: [UInt8]) throws -> SocketClient {
        try SocketClient(port: port, MemoryClient.Options(serverName: "a.test"), sending: bytes)
    }

    private static func readAll(_ client: SocketClient) -> [UInt8] {
        var all: [UInt8] = []
        repeat {
            while let bytes = try? client.tls.read(), !bytes.isEmpty { all += bytes }
        } while client.takeIn()
        return all
    }

    @Test func `what a client sends meanwhile, and its end, reach the upstream when the answer has come`() async throws
    {
        let (upstream, router) = (TestUpstream.echo(), LateRouter())
        let worker = try await worker(upstream, router)
        let port = worker.port
        try await onOwnThread {
            let client = try Self.connect(port, sending: [1, 2, 3])
            client.tls.sendCloseNotify()
            client.flush()
            #expect(eventually { router.questions == 1 })
            #expect(upstream.accepted == 0)
            router.answer(true)
            // Whoever answers twice is not listened to.
            router.answer(false)
            #expect(Self.readAll(client) == [1, 2, 3])
            #expect(eventually { worker.hasEnded(.clientCloseNotify) })
        }
        await worker.end()
    }

    @Test func `a client that nobody routes is reset`() async throws {
        let routers: [any ExchangeRouter] = [LateRouter(), PromptRouter(answer: false)]
        for router in routers {
            let upstream = TestUpstream.echo()
            let worker = try await worker(upstream, router)
            let port = worker.port
            try await onOwnThread {
                let client = try Self.connect(port, sending: [1])
                if let late = router as? LateRouter {
                    #expect(eventually { late.questions == 1 })
                    late.answer(false)
                }
                #expect(Self.readAll(client).isEmpty && !client.tls.hasReceivedShutdown)
                #expect(eventually { worker.hasEnded(.upstreamUnreachable) })
                #expect(upstream.accepted == 0)
            }
            await worker.end()
        }
    }

    @Test func `a router that never answers is not waited for, and its late answer changes nothing`() async throws {
        let (upstream, router) = (TestUpstream.echo(), LateRouter())
        let worker = try await worker(upstream, router, deadline: .milliseconds(50))
        let port = worker.port
        try await onOwnThread {
            let client = try Self.connect(port, sending: [1])
            #expect(Self.readAll(client).isEmpty)
            #expect(eventually { worker.hasEnded(.upstreamUnreachable) })
            router.answer(true)
            // A client behind it shows that the answer was heard.
            let next = try? Self.connect(port, sending: [1])
            #expect(next != nil && eventually { router.questions == 2 })
            #expect(upstream.accepted == 0)
        }
        await worker.end()
    }
}

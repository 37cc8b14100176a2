import RepriseProxy
import RepriseResumption
import RepriseRouting
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Routers are asked before the last flight of a full TLS 1.2 handshake.
@Suite struct EarlyRouteTests {
    private static func readAll(_ client: SocketClient) {
        repeat { while let bytes = try? client.tls.read(), !bytes.isEmpty {} } while client.takeIn()
    }

    private func worker(
        _ upstream: TestUpstream, _ router: any UpstreamRouter, deadline: Duration = .seconds(600),
        _ change: (inout TestWorker.Parts) -> Void = { _ in }
    ) async throws -> TestWorker {
        var parts = TestWorker.Parts()
        parts.router = router
        parts.settings.timeouts.route = deadline
        parts.settings.timeouts.handshake = .seconds(600)
        change(&parts)
        return try await TestWorker(before: [TestWorker.server(Int(upstream.port))], parts)
    }

    @Test(arguments: [false, true])
    func `the first ticket of TLS 1.2 carries what the router says, to machines that share only keys`(
        isLater: Bool
    ) async throws {
        let seen = Locked<[String]>([])
        let router = PromptRouter { request in
            let lineage = request.connection.lineage
            let hasSession = request.connection.withSession { $0.details.lineage == lineage } ?? false
            let (data, name) = (request.connection.applicationData, request.connection.serverName ?? "-")
            seen.withLock { $0.append("\(data) \(name) \(hasSession && lineage != nil)") }
            var route = Route.group("app")
            route.applicationData = [7]
            return isLater ? .later { [route] in route } : .now(route)
        }
        let (upstream, keys) = (TestUpstream.echo(), try TestWorker.ticketKeys())
        let first = try await worker(upstream, router) { try? $0.domain = TestWorker.domain(keys: keys) }
        let second = try await worker(upstream, router) { try? $0.domain = TestWorker.domain(keys: keys) }
        let ports = (first.port, second.port)
        try await onOwnThread {
            let client = try SocketClient.echoed(port: ports.0, SessionCarrier.ticket.client())
            let session = try #require(client.tls.currentSession)
            let again = try SocketClient.echoed(port: ports.1, SessionCarrier.ticket.client(resuming: session))
            #expect(again.tls.wasResumed)
        }
        #expect(seen.withLock { $0 } == ["[] a.test true", "[7] a.test true"])
        await first.end()
        await second.end()
    }

    @Test(arguments: [false, true])
    func `the first ticket of TLS 1.2 remembers the server that a router's group has chosen, or the router itself`(
        namesServer: Bool
    ) async throws {
        let router = PromptRouter { _ in .now(namesServer ? .server("b", in: "app") : .group("app")) }
        let (upstreams, keys) = ([TestUpstream.echo(), TestUpstream.echo()], try TestWorker.ticketKeys())
        var workers: [TestWorker] = []
        for _ in 0..<2 {
            var parts = TestWorker.Parts()
            parts.router = workers.isEmpty ? router : PromptRouter { _ in .now(.group("app")) }
            parts.domain = try TestWorker.domain(keys: keys)
            parts.balancing.affinity = .session
            workers.append(
                try await TestWorker(
                    before: zip(upstreams, ["a", "b"]).map { TestWorker.server(Int($0.port), id: $1) }, parts))
        }
        let ports = workers.map(\.port)
        try await onOwnThread {
            let client = try SocketClient.echoed(port: ports[0], SessionCarrier.ticket.client())
            let session = try #require(client.tls.currentSession)
            let chosen = upstreams.map(\.accepted)
            #expect(chosen == (namesServer ? [0, 1] : [1, 0]))
            for _ in 0..<3 {
                let again = try SocketClient.echoed(port: ports[1], SessionCarrier.ticket.client(resuming: session))
                #expect(again.tls.wasResumed)
            }
            #expect(upstreams.map(\.accepted) == chosen.map { $0 * 4 })
        }
        #expect(workers[0].has("reprise_affinity_total{upstream=\"app\",result=\"new\"} 1"), "\(workers[0].metrics)")
        #expect(workers[1].has("reprise_affinity_total{upstream=\"app\",result=\"kept\"} 3"))
        for worker in workers { await worker.end() }
    }

    @Test func `a client's certificate is known by then`() async throws {
        let root = try CertificateAuthority(
            name: "Clients", validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil)
        let made = try SelfSigned.make(
            names: ["alice.test"], validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil,
            serial: 0xA1, issuedBy: root, forClient: true)
        let seen = Locked<[Int]>([])
        let router = PromptRouter { request in
            let count = request.connection.clientCertificates.count
            seen.withLock { $0.append(count) }
            return .now(.refuse(.alert(.accessDenied)))
        }
        let worker = try await worker(TestUpstream.echo(), router) {
            $0.clients = try? ClientAuthentication(mode: .require, authoritiesPEM: root.certificatePEM)
        }
        let port = worker.port
        try await onOwnThread {
            var options = SessionCarrier.ticket.client()
            options.certificate = made
            #expect(throws: MemoryClient.Failure.self) { try SocketClient(port: port, options) }
            #expect(eventually { worker.hasEnded(.alertSent(.accessDenied)) })
        }
        #expect(seen.withLock { $0.map { $0 > 0 } } == [true])
        #expect(worker.has("reprise_handshakes_failed_total{listener=\"web\",cause=\"refused_by_router\"} 1"))
        #expect(worker.has("reprise_routes_total{listener=\"web\",result=\"refused\"} 1"))
        await worker.end()
    }

    @Test func `a router that is late leaves a handshake that succeeds, and a connection that is reset`() async throws {
        let router = LateRouter()
        let worker = try await worker(TestUpstream.echo(), router, deadline: .milliseconds(50))
        let port = worker.port
        try await onOwnThread {
            let client = try SocketClient(port: port, SessionCarrier.ticket.client())
            Self.readAll(client)
            #expect(!client.tls.hasReceivedShutdown && client.tls.currentSession != nil)
            #expect(eventually { worker.hasEnded(.upstreamUnreachable) && router.cancelled == 1 })
        }
        #expect(worker.has("reprise_routes_total{listener=\"web\",result=\"late\"} 1"))
        router.answer(.failure(Failed()))
        await worker.end()
    }

    @Test func `a question is taken back when its client goes in the middle of the handshake`() async throws {
        let (upstream, router) = (TestUpstream.echo(), LateRouter())
        let worker = try await worker(upstream, router)
        let port = worker.port
        try await onOwnThread {
            let client = try SocketClient(port: port, leftWaiting: SessionCarrier.ticket.client())
            #expect(eventually { router.waiting == 1 })
            client.reset()
            #expect(eventually { router.cancelled == 1 && worker.hasEnded(.clientReset) })
            router.answer(.success(.group("app")))
            let next = try SocketClient(port: port, leftWaiting: SessionCarrier.ticket.client())
            #expect(eventually { router.waiting == 1 })
            router.answer(.success(.group("app")))
            while try !next.tls.handshake() { guard next.takeIn() else { break } }
            #expect(next.tls.isHandshakeDone && eventually { upstream.accepted == 1 })
        }
        await worker.end()
    }
}

import Glibc
import RepriseProxy
import RepriseResumption
import RepriseRouting
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Where a router sends connections, and what becomes of its failures.
@Suite struct RouterTests {
    private func worker(
        _ servers: [UpstreamServer], _ router: any UpstreamRouter, deadline: Duration = .seconds(5),
        _ change: (inout TestWorker.Parts) -> Void = { _ in }
    ) async throws -> TestWorker {
        var parts = TestWorker.Parts()
        parts.router = router
        parts.settings.timeouts.route = deadline
        change(&parts)
        return try await TestWorker(before: servers, parts)
    }

    private func server(_ upstream: TestUpstream, _ id: String = "a") -> UpstreamServer {
        TestWorker.server(Int(upstream.port), id: id)
    }

    private static func readAll(_ client: SocketClient) -> [UInt8] {
        var all: [UInt8] = []
        repeat {
            while let bytes = try? client.tls.read(), !bytes.isEmpty { all += bytes }
        } while client.takeIn()
        return all
    }

    private static func routes(_ result: String, _ count: Int) -> String {
        "reprise_routes_total{listener=\"web\",result=\"\(result)\"} \(count)"
    }

    @Test func `what a client sends meanwhile, and its end, reach the upstream when the answer has come`() async throws
    {
        let (upstream, router) = (TestUpstream.echo(), LateRouter())
        let worker = try await worker([server(upstream)], router)
        let port = worker.port
        try await onOwnThread {
            let client = try TestWorker.connect(port, sending: [1, 2, 3])
            client.tls.sendCloseNotify()
            client.flush()
            #expect(eventually { router.waiting == 1 })
            #expect(upstream.accepted == 0)
            // Only this connection waits.
            let other = try TestWorker.connect(port, sending: [4])
            #expect(eventually { router.waiting == 2 })
            router.answer(.success(.group("app")))
            #expect(Self.readAll(client) == [1, 2, 3])
            #expect(eventually { worker.hasEnded(.clientCloseNotify) })
            withExtendedLifetime(other) {}
        }
        #expect(worker.has(Self.routes("routed", 2)))
        await worker.end()
    }

    @Test(arguments: ["group", "server", "throws"])
    func `a router that fails, or names what is not there, has its client reset`(_ fault: String) async throws {
        for isLate in [false, true] {
            let route: Route? =
                switch fault {
                case "group": .group("nobody")
                case "server": .server("nobody", in: "app")
                default: nil
                }
            guard isLate || route != nil else { continue }
            let router = PromptRouter { _ in
                guard isLate, let route else { return route.map(RouteAnswer.now) ?? .later { throw Failed() } }
                return .later { route }
            }
            let upstream = TestUpstream.echo()
            let worker = try await worker([server(upstream)], router)
            let port = worker.port
            try await onOwnThread {
                let client = try TestWorker.connect(port, sending: [1])
                #expect(Self.readAll(client).isEmpty && !client.tls.hasReceivedShutdown)
                #expect(eventually { worker.hasEnded(.upstreamUnreachable) })
                #expect(upstream.accepted == 0)
            }
            #expect(worker.has(Self.routes(route == nil ? "failed" : "unknown", 1)), "\(worker.metrics)")
            await worker.end()
        }
    }

    @Test func `a router that never answers is not waited for, and its late answer changes nothing`() async throws {
        let (upstream, router) = (TestUpstream.echo(), LateRouter())
        let worker = try await worker([server(upstream)], router, deadline: .milliseconds(50))
        let port = worker.port
        try await onOwnThread {
            let client = try TestWorker.connect(port, sending: [1])
            #expect(Self.readAll(client).isEmpty)
            #expect(eventually { worker.hasEnded(.upstreamUnreachable) })
            #expect(eventually { router.cancelled == 1 })
            router.answer(.success(.group("app")))
            // A client behind it shows that the answer was heard.
            let next = try? TestWorker.connect(port, sending: [1])
            #expect(next != nil && eventually { router.questions == 2 })
            #expect(upstream.accepted == 0)
            withExtendedLifetime(next) {}
        }
        #expect(worker.has(Self.routes("late", 1)))
        router.answer(.failure(Failed()))
        await worker.end()
        router.answer(.failure(Failed()))
    }

    @Test func `a question is taken back when its client goes`() async throws {
        let (upstream, router) = (TestUpstream.echo(), LateRouter())
        let worker = try await worker([server(upstream)], router)
        let port = worker.port
        try await onOwnThread {
            let client = try TestWorker.connect(port)
            #expect(eventually { router.waiting == 1 })
            client.reset()
            #expect(eventually { router.cancelled == 1 && worker.hasEnded(.clientReset) })
            router.answer(.success(.group("app")))
            let next = try TestWorker.connect(port)
            #expect(eventually { router.questions == 2 })
            #expect(upstream.accepted == 0)
            withExtendedLifetime(next) {}
        }
        router.answer(.failure(Failed()))
        await worker.end()
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `a refused client learns it as the router says`(_ version: TLSVersion) async throws {
        let refusals: [RouteRefusal] = [.alert(.accessDenied), .alert(.closeNotify), .close, .silently]
        // In TLS 1.2 the alert comes before the handshake is done: see EarlyRouteTests.
        for refusal in refusals where version == .tls1_3 || refusal != .alert(.accessDenied) {
            let router = PromptRouter { _ in .now(.refuse(refusal)) }
            let upstream = TestUpstream.echo()
            let worker = try await worker([server(upstream)], router)
            let port = worker.port
            let isAlert = refusal == .alert(.accessDenied)
            try await onOwnThread {
                var options = MemoryClient.Options(serverName: "a.test")
                options.maximumVersion = version
                let client = try SocketClient(port: port, options)
                var failure: (any Error)?
                repeat {
                    do {
                        while let bytes = try client.tls.read(), !bytes.isEmpty {}
                    } catch {
                        failure = error
                    }
                } while failure == nil && client.takeIn()
                client.shutdownWrite()
                let words = failure.map { "\($0)" } ?? ""
                #expect(words.contains("access_denied") == isAlert, "\(refusal) \(words)")
                #expect(client.tls.hasReceivedShutdown == (refusal != .silently && !isAlert), "\(refusal)")
                let ending: Ending = isAlert ? .alertSent(.accessDenied) : .refused
                #expect(eventually { worker.hasEnded(ending) }, "\(refusal) \(worker.metrics)")
                #expect(upstream.accepted == 0)
            }
            #expect(worker.has(Self.routes("refused", 1)))
            await worker.end()
        }
    }

    @Test func `a route to a server goes there, and to others only where the router says so`() async throws {
        for orOthers in [false, true] {
            let alive = TestUpstream.echo()
            let dead = UpstreamServer(id: "y", endpoints: [.unix(path: "/nonexistent/socket")])
            let router = PromptRouter { request in
                guard request.hasGroup("app"), !request.hasGroup("b"), request.servers(of: "app") == ["x", "y"] else {
                    return .now(.refuse(.silently))
                }
                return .now(.server("y", in: "app", orOthers: orOthers))
            }
            let worker = try await worker([server(alive, "x"), dead], router)
            let port = worker.port
            try await onOwnThread {
                let client = try TestWorker.connect(port, sending: [9])
                client.tls.sendCloseNotify()
                client.flush()
                #expect(Self.readAll(client) == (orOthers ? [9] : []))
                let ending: Ending = orOthers ? .clientCloseNotify : .upstreamUnreachable
                #expect(eventually { worker.hasEnded(ending) })
            }
            #expect(
                router.notes.withLock { $0 }
                    == (orOthers
                        ? ["failed y refused", "connected x", "ended client_close_notify"]
                        : ["failed y refused", "ended upstream_unreachable"]))
            await worker.end()
        }
    }

    @Test(arguments: [SessionCarrier.id, .ticket, .stateless, .stateful])
    func `what a router has a session remember comes back to it, and decides the next route`(
        _ carrier: SessionCarrier
    ) async throws {
        let seen = Locked<[[UInt8]]>([])
        let router = PromptRouter { request in
            let data = request.connection.applicationData
            seen.withLock { $0.append(data) }
            var route = Route.server(data == [7] ? "b" : "a", in: "app")
            route.applicationData = [7]
            return .now(route)
        }
        let (first, second) = (TestUpstream.echo(), TestUpstream.echo())
        let worker = try await worker([server(first, "a"), server(second, "b")], router) {
            $0.tls = MemoryServer.settings(mode: carrier.mode)
            $0.settings.ticketsWaitForUpstream = true
        }
        let port = worker.port
        try await onOwnThread {
            let client = try SocketClient.echoed(port: port, carrier.client())
            let session = try #require(client.tls.sessions.last)
            let again = try SocketClient.echoed(port: port, carrier.client(resuming: session))
            #expect(again.tls.wasResumed)
            #expect(seen.withLock { $0 } == [[], [7]] && first.accepted == 1 && second.accepted == 1)
        }
        await worker.end()
    }

    @Test func `a router says how many tickets its client gets, when they wait for the upstream`() async throws {
        for count in [0, 1, 5, 1000] {
            let router = PromptRouter { _ in
                var route = Route.group("app")
                route.tickets = count
                return .now(route)
            }
            let upstream = TestUpstream.echo()
            let worker = try await worker([server(upstream)], router) { $0.settings.ticketsWaitForUpstream = true }
            let port = worker.port
            try await onOwnThread {
                let client = try SocketClient.echoed(port: port, MemoryClient.Options(serverName: "a.test"))
                #expect(client.tls.sessions.count == min(count, Route.maximumTickets))
            }
            await worker.end()
        }
    }

    @Test func `what a router says of a refused client's session and tickets counts, too`() async throws {
        let seen = Locked<[[UInt8]]>([])
        let router = PromptRouter { request in
            let data = request.connection.applicationData
            seen.withLock { $0.append(data) }
            var route = Route.refuse(.close)
            (route.applicationData, route.tickets) = ([5], data.isEmpty ? 2 : 0)
            return .now(route)
        }
        let worker = try await worker([server(TestUpstream.echo())], router) {
            $0.settings.ticketsWaitForUpstream = true
        }
        let port = worker.port
        try await onOwnThread {
            let client = try SocketClient(port: port, SessionCarrier.stateless.client())
            #expect(Self.readAll(client).isEmpty && client.tls.sessions.count == 2)
            let again = try SocketClient(
                port: port, SessionCarrier.stateless.client(resuming: client.tls.sessions.last))
            #expect(Self.readAll(again).isEmpty && again.tls.wasResumed && again.tls.sessions.isEmpty)
            #expect(seen.withLock { $0 } == [[], [5]])
        }
        await worker.end()
    }

    @Test(arguments: [256, 257]) func `data at the limit is remembered, and one byte more has the router fail`(
        _ count: Int
    ) async throws {
        let seen = Locked<[Int]>([])
        let router = PromptRouter { request in
            let data = request.connection.applicationData
            seen.withLock { $0.append(data.count) }
            var route = Route.group("app")
            route.applicationData = [UInt8](repeating: 7, count: count)
            return .now(route)
        }
        let worker = try await worker([server(TestUpstream.echo())], router) {
            $0.settings.ticketsWaitForUpstream = true
        }
        let port = worker.port
        try await onOwnThread {
            let client = try? SocketClient.echoed(port: port, SessionCarrier.stateless.client())
            guard count == 256 else { return #expect(eventually { worker.has(Self.routes("failed", 1)) }) }
            let session = try #require(client?.tls.sessions.last)
            let again = try SocketClient.echoed(port: port, SessionCarrier.stateless.client(resuming: session))
            #expect(again.tls.wasResumed && seen.withLock { $0 } == [0, 256])
        }
        await worker.end()
    }

    @Test func `a server that is not there changes nothing of the session`() async throws {
        let seen = Locked<[[UInt8]]>([])
        let router = PromptRouter { request in
            let data = request.connection.applicationData
            seen.withLock { $0.append(data) }
            var route = Route.server("nobody", in: "app")
            route.applicationData = [5]
            return .now(route)
        }
        let worker = try await worker([server(TestUpstream.echo())], router) {
            $0.settings.ticketsWaitForUpstream = false
        }
        let port = worker.port
        try await onOwnThread {
            let client = try SocketClient(port: port, SessionCarrier.stateless.client())
            _ = Self.readAll(client)
            let session = try #require(client.tls.sessions.last)
            _ = Self.readAll(try SocketClient(port: port, SessionCarrier.stateless.client(resuming: session)))
            #expect(seen.withLock { $0 } == [[], []])
        }
        await worker.end()
    }

    @Test func `an answer that comes when the connection is being drained changes nothing`() async throws {
        let (upstream, router) = (TestUpstream.echo(), LateRouter())
        // Between two steps of this test others may have the threads for long.
        let worker = try await worker([server(upstream)], router, deadline: .seconds(600))
        let port = worker.port
        // Only one thread at a time has it.
        nonisolated(unsafe) let client = try TestWorker.connect(port)
        try await onOwnThread { #expect(eventually { router.waiting == 1 }) }
        await worker.endDrain()
        try await onOwnThread {
            #expect(eventually { router.cancelled == 1 })
            router.answer(.success(.refuse(.silently)))
            #expect(Self.readAll(client).isEmpty)
            client.shutdownWrite()
            #expect(eventually { worker.hasEnded(.drain) })
            #expect(worker.has(Self.routes("refused", 0)) && worker.has(Self.routes("routed", 0)))
        }
        await worker.end()
    }

    @Test func `a router that blocks its worker is counted`() async throws {
        let router = PromptRouter { _ in
            // What must not be done.
            usleep(30_000)
            return .now(.group("app"))
        }
        let upstream = TestUpstream.echo()
        let worker = try await worker([server(upstream)], router)
        let port = worker.port
        try await onOwnThread {
            let client = try SocketClient.echoed(port: port, MemoryClient.Options(serverName: "a.test"))
            #expect(worker.has("reprise_router_stalls_total{listener=\"web\"} 1"))
            #expect(worker.has("reprise_route_duration_seconds_count{listener=\"web\"} 1"))
            withExtendedLifetime(client) {}
        }
        await worker.end()
    }
}

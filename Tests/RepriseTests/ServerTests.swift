import Foundation
import Glibc
import Logging
import Reprise
import RepriseTestSupport
import Synchronization
import Testing

/// A server inside another program.
@Suite struct ServerTests {
    private let folder = RepriseProcess.temporaryFolder()
    private let upstream = TestUpstream.echo()

    init() throws {
        try TestCertificates(in: folder).make("a", for: ["localhost"])
    }

    /// Without a log of its own in the tests' output.
    private func options(_ sessions: (any SessionObserver)? = nil) -> Server.Options {
        var options = Server.Options()
        options.sessions = sessions
        options.logger = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
        return options
    }

    private func server(
        _ change: (inout TestConfiguration) -> Void = { _ in }, _ options: Server.Options? = nil
    ) -> Server {
        var configuration = TestConfiguration(upstream)
        change(&configuration)
        let text = configuration.text
        return Server(.text(text, relativeTo: folder.path), options ?? self.options())
    }

    private func port(_ addresses: [Server.Address]) throws -> Int {
        guard case .ip(_, let port)? = addresses.first?.endpoint else { throw SocketClient.Failure.ended(errno: 0) }
        return Int(port)
    }

    private func expect(_ expected: RepriseError, _ body: () async throws(RepriseError) -> Void) async {
        do throws(RepriseError) {
            try await body()
            Issue.record("expected \(expected)")
        } catch {
            #expect("\(error)" == "\(expected)")
        }
    }

    @Test func `it serves what a text says, under the port that it returns, until it is drained`() async throws {
        let server = server()
        #expect(server.state == .new)
        let addresses = try await server.start()
        #expect(server.state == .serving && addresses.map(\.listener) == ["web"])
        let client = try SocketClient.echoed(port: port(addresses), .init(serverName: "localhost"))
        #expect(
            server.metrics().contains("reprise_connections_accepted_total{listener=\"web\"} 1"), "\(server.metrics())")
        client.tls.sendCloseNotify()
        client.flush()
        await server.drain()
        #expect(server.state == .ended)
        #expect(throws: SocketClient.Failure.self) { try SocketClient(port: port(addresses)) }
    }

    @Test func `what comes at the wrong time is an error, and changes nothing`() async throws {
        let server = server()
        await expect(.notNow(.new)) { () async throws(RepriseError) in try await server.reload() }
        try await server.start()
        await expect(.notNow(.serving)) { () async throws(RepriseError) in try await server.start() }
        try await server.reload()
        await server.drain()
        await expect(.notNow(.ended)) { () async throws(RepriseError) in try await server.reload() }
        await expect(.notNow(.ended)) { () async throws(RepriseError) in try await server.start() }
        // Again, and what has never begun: both return at once.
        await server.drain()
        await server.stop()
        let other = self.server()
        await other.stop()
        await expect(.notNow(.ended)) { () async throws(RepriseError) in try await other.start() }
    }

    @Test func `a text with faults, and a port that is taken, are errors; nothing is left behind`() async throws {
        let faulty = server { $0.listener = "mode: gopher" }
        do throws(RepriseError) {
            try await faulty.start()
            Issue.record("it started")
        } catch {
            guard case .faults(let lines) = error else { throw error }
            #expect(lines.count == 1 && lines[0].hasPrefix("configuration:") && !error.isWorthRetrying, "\(lines)")
        }
        #expect(faulty.state == .ended)
        let first = server()
        let taken = try port(await first.start())
        let second = server { $0.bind = "\"127.0.0.1:\(taken)\"" }
        do throws(RepriseError) {
            try await second.start()
            Issue.record("it started")
        } catch {
            guard case .cannotStart(let reason) = error else { throw error }
            #expect(reason.contains("\(taken)") && error.isWorthRetrying, "\(reason)")
        }
        await first.stop()
    }

    @Test func `a reload with faults says which, and the old configuration stays`() async throws {
        let text = Locked(TestConfiguration(upstream).text)
        let server = Server(.text(text.withLock { $0 }, relativeTo: folder.path), options())
        let port = try port(await server.start())
        let good = text.withLock { text in
            defer { text = text.replacingOccurrences(of: "router: app", with: "router: nobody") }
            return text
        }
        do throws(RepriseError) {
            try await server.reload()
            Issue.record("it was applied")
        } catch {
            guard case .faults = error else { throw error }
        }
        _ = try SocketClient(port: port)
        text.withLock { $0 = good }
        // All of them come to an answer, however many are under way.
        try await withThrowingTaskGroup { group in
            for _ in 0..<10 { group.addTask { try await server.reload() } }
            try await group.waitForAll()
        }
        #expect(server.metrics().contains("reprise_configuration_reloads_total{result=\"refused\"} 1"))
        await server.stop()
    }

    @Test func `stop ends open connections at once, and a drain that is under way`() async throws {
        let server = server { $0.top = "drain_timeout: 1h" }
        let client = try SocketClient.echoed(port: port(await server.start()), .init(serverName: "localhost"))
        let drained = Task { await server.drain() }
        // A task of Swift's begins when other tests leave it a thread.
        #expect(try await onOwnThread { eventually(within: 60) { server.state == .draining } })
        await expect(.notNow(.draining)) { () async throws(RepriseError) in try await server.reload() }
        await server.stop()
        await drained.value
        while client.takeIn() {}
        #expect(server.state == .ended && server.metrics().contains("ending=\"killed\"} 1"), "\(server.metrics())")
    }

    /// Stops the server that calls it.
    private final class Stopper: SessionObserver {
        let server = Locked<Server?>(nil)
        let seen = Atomic(0)

        func sessionEstablished(_ session: RetainedSession) {
            seen.wrappingAdd(1, ordering: .relaxed)
            if let server = server.withLock({ $0 }) { Task { await server.stop() } }
        }
    }

    @Test func `an observer may stop the server that calls it`() async throws {
        let stopper = Stopper()
        let server = server({ _ in }, options(stopper))
        stopper.server.withLock { $0 = server }
        let port = try port(await server.start())
        _ = try? SocketClient.echoed(port: port, .init(serverName: "localhost"))
        #expect(try await onOwnThread { eventually(within: 60) { server.state == .ended } })
        #expect(stopper.seen.load(ordering: .relaxed) > 0)
        stopper.server.withLock { $0 = nil }
    }

    /// Other tests block the threads of Swift's own pool.
    private final class OwnQueue: TaskExecutor {
        private let queue = DispatchQueue(label: "test")

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }

    @Test func `run serves until its task is cancelled`() async throws {
        let server = server()
        let running = Task(executorPreference: OwnQueue()) { try await server.run() }
        #expect(try await onOwnThread { eventually(within: 60) { server.state == .serving } })
        running.cancel()
        try await running.value
        #expect(server.state == .ended)
    }

    @Test func `it asks nothing of the process that it was not asked for`() async throws {
        func limits() -> [rlim_t] {
            [RLIMIT_NOFILE, RLIMIT_CORE].flatMap { resource -> [rlim_t] in
                var limit = rlimit()
                getrlimit(__rlimit_resource_t(resource.rawValue), &limit)
                return [limit.rlim_cur, limit.rlim_max]
            }
        }
        let before = limits()
        let server = server()
        try await server.start()
        #expect(limits() == before)
        await server.stop()
    }

    @Test func `the log goes to the program's own logger`() async throws {
        let lines = Locked<[String]>([])
        var options = options()
        options.logger = Logger(label: "test") { _ in LineHandler(lines: lines) }
        let server = server({ _ in }, options)
        try await server.start()
        await server.stop()
        let seen = lines.withLock { $0 }
        #expect(seen.contains { $0.hasPrefix("notice listening") && $0.contains("listener=web") }, "\(seen)")
        #expect(seen.contains("notice ended"), "\(seen)")
    }

    private struct LineHandler: LogHandler {
        let lines: Locked<[String]>
        var metadata = Logger.Metadata()
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).map { "\($0)=\($1)" }.sorted()
            lines.withLock { $0.append((["\(event.level) \(event.message)"] + fields).joined(separator: " ")) }
        }
    }

    @Test(arguments: [SessionCarrier.id, .stateful])
    func `a session is restored before the first client, and resumes; its lineage can be denied`(
        _ carrier: SessionCarrier
    ) async throws {
        let change: (inout TestConfiguration) -> Void = { $0.top = "sessions: { mode: \(carrier.mode) }" }
        let sessions = EstablishedSessions()
        let first = server(change, options(sessions))
        #expect(await first.sessionContext(listener: "web") == nil)
        let client = try SocketClient.echoed(port: port(await first.start()), carrier.client("localhost"))
        let kept = try #require(client.tls.sessions.last)
        await first.stop()
        sessions.finish()
        var last: RetainedSession?
        for await session in sessions { last = session }
        let bytes = try #require(last?.serialized())

        let second = server(change)
        let port = try port(await second.start())
        #expect(await second.sessionContext(listener: "nobody") == nil)
        #expect(await second.sessionContext(listener: "web", host: "nobody") == nil)
        let context = try #require(await second.sessionContext(listener: "web", host: "localhost"))
        let restored = try RetainedSession(serialized: bytes, in: context)
        #expect(restored.resumability(at: .now) == .no(.refused(.notFound)))
        #expect(await restored.store(at: .now))
        #expect(restored.resumability(at: .now) == .yes)
        #expect(try SocketClient(port: port, carrier.client("localhost", resuming: kept)).tls.wasResumed)
        #expect(restored.denyLineage(at: .now))
        #expect(restored.resumability(at: .now) == .no(.refused(.denied)))
        #expect(try !SocketClient(port: port, carrier.client("localhost", resuming: kept)).tls.wasResumed)
        await second.stop()
    }
}

import RepriseProxy
import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// A store on another machine, as far as a handshake can tell: it answers later, fails, or never answers.
private final class LateStore: SessionStore {
    struct Failure: Error {}
    private let sessions = Locked([SessionKey: [UInt8]]())
    private let asked = Locked(0)
    private let delay: Duration?
    private let fails: Bool

    /// - Parameter delay: `nil` never answers.
    init(delay: Duration?, fails: Bool = false) {
        self.delay = delay
        self.fails = fails
    }

    var count: Int { sessions.withLock { $0.count } }
    var questions: Int { asked.withLock { $0 } }

    private func wait() async throws {
        asked.withLock { $0 += 1 }
        if fails { throw Failure() }
        guard let delay else { return try await Task.sleep(for: .seconds(3600)) }
        // The delay is what is tested: the handshake waits for it, and others do not.
        try await Task.sleep(for: delay)
    }

    func get(_ key: SessionKey, at time: WallTime) async throws -> [UInt8]? {
        try await wait()
        return sessions.withLock { $0[key] }
    }

    func take(_ key: SessionKey, at time: WallTime) async throws -> [UInt8]? {
        try await wait()
        return sessions.withLock { $0.removeValue(forKey: key) }
    }

    func put(_ key: SessionKey, _ session: [UInt8], expires: WallTime, at time: WallTime) async throws {
        sessions.withLock { $0[key] = session }
    }

    func remove(_ key: SessionKey) async throws { sessions.withLock { _ = $0.removeValue(forKey: key) } }
}

@Suite struct RemoteStoreTests {
    /// A worker on a loop of its own, with a listener whose sessions are in that store.
    ///
    /// - Returns: the metrics.
    @discardableResult
    private func withWorker(
        _ store: LateStore, deadline: Duration = .seconds(5), isSingleUse: Bool = false,
        _ body: @escaping @Sendable (Int) throws -> Void
    ) async throws -> String {
        let upstream = TestUpstream.echo()
        var parts = TestWorker.Parts()
        parts.tls = MemoryServer.settings(mode: .stateful)
        parts.tls.sessions.isSingleUse = isSingleUse
        parts.settings.storeDeadline = deadline
        (parts.isSingleUse, parts.remote) = (isSingleUse, store)
        let worker = try await TestWorker(before: [TestWorker.server(Int(upstream.port))], parts)
        let port = worker.port
        // On a thread of its own: clients block, and the store's answers need the threads that tests run on.
        try await onOwnThread { try body(port) }
        await worker.end()
        return worker.metrics
    }

    @Test(arguments: [SessionCarrier.id, .stateful], [nil, "X448:P-256"])
    func `a handshake waits for the store and resumes, while others go on`(
        _ carrier: SessionCarrier, groups: String?
    ) async throws {
        let store = LateStore(delay: .milliseconds(50))
        try await withWorker(store) { port in
            let first = try SocketClient.echoed(port: port, carrier.client())
            let session = try #require(first.tls.sessions.last)
            #expect(eventually { store.count > 0 })
            var options = carrier.client(resuming: session)
            // A HelloRetryRequest asks for the session twice, and the store once.
            if carrier == .stateful { options.groups = groups }
            let waiting = Background { [options] in (try? SocketClient.echoed(port: port, options))?.tls.wasResumed }
            #expect(eventually { store.questions > 0 })
            // New clients have nothing to be looked up, and need not wait.
            for _ in 0..<5 {
                #expect(try !SocketClient.echoed(port: port, SessionCarrier.stateful.client()).tls.wasResumed)
            }
            #expect(waiting.value == true)
            #expect(store.questions == 1)
        }
    }

    @Test(arguments: [SessionCarrier.id, .stateful])
    func `a store that is silent or fails is a miss, and the handshake is a full one`(
        _ carrier: SessionCarrier
    ) async throws {
        for store in [LateStore(delay: nil), LateStore(delay: .zero, fails: true)] {
            let metrics = try await withWorker(store, deadline: .milliseconds(30)) { port in
                let session = try SocketClient.echoed(port: port, carrier.client()).tls.sessions.last
                #expect(try !SocketClient.echoed(port: port, carrier.client(resuming: session)).tls.wasResumed)
                #expect(eventually { store.questions == 1 })
            }
            let sample = "reprise_sessions_not_resumed_total{listener=\"web\",reason=\"store_silent\"} 1\n"
            #expect(metrics.contains(sample), "\(metrics.split(separator: "\n").filter { $0.contains("reason") })")
        }
    }

    @Test func `a single-use session is taken from the store, and nobody gets it twice`() async throws {
        let store = LateStore(delay: .milliseconds(1))
        let metrics = try await withWorker(store, isSingleUse: true) { port in
            let session = try SocketClient.echoed(port: port, SessionCarrier.stateful.client()).tls.sessions.last
            #expect(eventually { store.count == 1 })
            #expect(
                try SocketClient.echoed(port: port, SessionCarrier.stateful.client(resuming: session)).tls.wasResumed)
            // It is known as spent, and stays so.
            for _ in 0..<2 {
                #expect(eventually { store.count >= 1 })
                #expect(
                    try !SocketClient.echoed(port: port, SessionCarrier.stateful.client(resuming: session)).tls
                        .wasResumed)
            }
        }
        #expect(
            metrics.contains("reason=\"spent\"} 2\n"),
            "\(metrics.split(separator: "\n").filter { $0.contains("reason") })")
    }
}

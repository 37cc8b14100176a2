import Foundation
import Logging
import Reprise
import RepriseTestSupport
import Testing

/// A store that two machines share, as an embedding program writes it: nothing but what `Reprise` makes public.
private final class SharedStore: SessionStore {
    enum Trouble: CaseIterable { case failure, silence, anotherSession, garbage, aMegabyte, altered, empty }
    struct Failure: Error {}

    private let sessions = Locked<[SessionKey: [UInt8]]>([:])
    private let trouble = Locked<Trouble?>(nil)

    var count: Int { sessions.withLock { $0.count } }
    var values: [[UInt8]] { sessions.withLock { Array($0.values) } }

    func make(_ trouble: Trouble?) { self.trouble.withLock { $0 = trouble } }

    private func answer(_ key: SessionKey, _ session: [UInt8]?) async throws -> [UInt8]? {
        switch trouble.withLock({ $0 }) {
        case nil: return session
        case .failure: throw Failure()
        case .silence:
            // It ends when the asker gives up, or never: the handshake does not wait.
            try await Task.sleep(for: .seconds(3600))
            return session
        case .anotherSession: return sessions.withLock { all in all.first { $0.key != key }?.value }
        case .garbage: return (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        case .aMegabyte: return [UInt8](repeating: 1, count: 1 << 20)
        case .altered: return session.map { $0.dropLast() + [($0.last ?? 0) ^ 1] }
        case .empty: return []
        }
    }

    func get(_ key: SessionKey, at time: WallTime) async throws -> [UInt8]? {
        try await answer(key, sessions.withLock { $0[key] })
    }

    func take(_ key: SessionKey, at time: WallTime) async throws -> [UInt8]? {
        try await answer(key, sessions.withLock { $0.removeValue(forKey: key) })
    }

    func put(_ key: SessionKey, _ session: [UInt8], expires: WallTime, at time: WallTime) async throws {
        sessions.withLock { $0[key] = session }
    }

    func remove(_ key: SessionKey) async throws { sessions.withLock { $0[key] = nil } }
}

/// A session store of an embedding program's.
@Suite struct EmbeddedStoreTests {
    private let folder = RepriseProcess.temporaryFolder()
    private let upstream = TestUpstream.echo()

    init() throws {
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        // Machines that share sessions share the keys that seal them.
        try Data((0..<80).map { UInt8(truncatingIfNeeded: $0 &* 83 &+ 7) }).write(
            to: folder.appending(path: "ticket.key"))
    }

    private func server(_ carrier: SessionCarrier, _ store: SharedStore, single: Bool = false) -> Server {
        var configuration = TestConfiguration(upstream)
        configuration.top =
            "sessions: { mode: \(carrier.mode), single_use: \(single), tickets: { keys: [ticket.key] } }"
        var options = Server.Options()
        options.logger = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
        options.store = store
        let text = configuration.text
        return Server(.text(text, relativeTo: folder.path), options)
    }

    private func port(_ server: Server) async throws -> Int {
        guard case .ip(_, let port)? = try await server.start().first?.endpoint else { throw SharedStore.Failure() }
        return Int(port)
    }

    private func visit(
        _ port: Int, _ carrier: SessionCarrier, _ session: MemoryClient.Session? = nil
    ) async throws
        -> (session: MemoryClient.Session?, wasResumed: Bool)
    {
        try await onOwnThread {
            let client = try SocketClient.echoed(port: port, carrier.client("localhost", resuming: session))
            defer {
                client.tls.sendCloseNotify()
                client.flush()
            }
            return (client.tls.sessions.last, client.tls.wasResumed)
        }
    }

    @Test(arguments: [SessionCarrier.id, .stateful])
    func `a client resumes at another machine, and the store learns no secret`(_ carrier: SessionCarrier) async throws {
        let store = SharedStore()
        let (first, second) = (server(carrier, store), server(carrier, store))
        let (one, two) = (try await port(first), try await port(second))
        let session = try await visit(one, carrier).session
        #expect(try await onOwnThread { eventually { store.count > 0 } })
        #expect(try await visit(two, carrier, session).wasResumed)
        let secret = try #require(session).der
        for value in store.values {
            for start in stride(from: 0, to: secret.count - 16, by: 1) {
                #expect(value.firstRange(of: secret[start..<(start + 16)]) == nil, "from byte \(start)")
            }
        }
        await first.stop()
        await second.stop()
    }

    @Test(arguments: SharedStore.Trouble.allCases)
    fileprivate func `whatever the store answers, a client gets a full handshake, and no session that is not its own`(
        _ trouble: SharedStore.Trouble
    ) async throws {
        let store = SharedStore()
        let server = server(.id, store)
        let port = try await port(server)
        let session = try await visit(port, .id).session
        _ = try await visit(port, .id)
        #expect(try await onOwnThread { eventually { store.count == 2 } })
        store.make(trouble)
        #expect(try await !visit(port, .id, session).wasResumed)
        store.make(nil)
        #expect(try await visit(port, .id, session).wasResumed)
        await server.stop()
    }

    @Test func `a session for a single use resumes once in the whole cluster, and is known as spent`() async throws {
        let store = SharedStore()
        let (first, second) = (server(.stateful, store, single: true), server(.stateful, store, single: true))
        let (one, two) = (try await port(first), try await port(second))
        let session = try await visit(one, .stateful).session
        #expect(try await onOwnThread { eventually { store.count > 0 } })
        #expect(try await visit(two, .stateful, session).wasResumed)
        #expect(try await onOwnThread { eventually { store.count > 1 } })
        #expect(try await !visit(one, .stateful, session).wasResumed)
        #expect(first.metrics().contains("reason=\"spent\"} 1\n"))
        await first.stop()
        await second.stop()
    }
}

import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import RepriseResumption

/// A store that throws whatever it is asked.
private struct BrokenStore: SessionStore {
    struct Fault: Error {}

    func get(_ key: SessionKey, at time: WallTime) async throws -> [UInt8]? { throw Fault() }
    func take(_ key: SessionKey, at time: WallTime) async throws -> [UInt8]? { throw Fault() }
    func put(_ key: SessionKey, _ session: [UInt8], expires: WallTime, at time: WallTime) async throws { throw Fault() }
    func remove(_ key: SessionKey) async throws { throw Fault() }
}

/// Stores that are full, late, broken, or full of something else.
@Suite struct StoreFaultTests {
    private func listener(_ carrier: SessionCarrier, _ domain: SessionDomain) throws -> MemoryListener {
        try MemoryServer.context(MemoryServer.settings(mode: carrier.mode), domain: domain)
    }

    private func session(_ listener: MemoryListener, _ carrier: SessionCarrier) throws -> MemoryClient.Session {
        let pair = try MemoryPair.connected(listener, carrier.client())
        pair.server.sendCloseNotify()
        return try #require(pair.client.sessions.last)
    }

    /// Comes back with a session; `answer` is what the remote store makes of the question.
    private func comeBack(
        _ listener: MemoryListener, _ carrier: SessionCarrier, _ session: MemoryClient.Session,
        answer: (ConnectionResumption) -> Void = { _ in }
    ) throws -> ResumptionOutcome.Result {
        let pair = try MemoryPair(server: listener, client: carrier.client(resuming: session))
        if pair.handshake() == .wantsSession {
            answer(pair.sessions)
            pair.server.lookupFinished()
            #expect(pair.server.handshake() == .wantsInput)
            pair.toClient()
            #expect(pair.handshake() == .done)
        }
        #expect(pair.server.isHandshakeDone)
        #expect(pair.client.wasResumed == (pair.sessions.outcome.result == .resumed))
        pair.server.sendCloseNotify()
        return pair.sessions.outcome.result
    }

    @Test(arguments: [SessionCarrier.id, .stateful])
    func `in a full store the oldest session gives way, and clients go on`(_ carrier: SessionCarrier) throws {
        let domain = MemoryServer.domain(storeBytes: LocalSessionStore.leastBudget)
        let listener = try listener(carrier, domain)
        let oldest = try session(listener, carrier)
        let later = WallTime(secondsSinceEpoch: MemoryServer.now.secondsSinceEpoch + 3000)
        for number in 0..<1000 {
            domain.store.put(
                SessionKey(number), [UInt8](repeating: 1, count: 200), expires: later, at: MemoryServer.now)
        }
        #expect(domain.store.counts.evicted > 0)
        let newest = try session(listener, carrier)
        #expect(try comeBack(listener, carrier, newest) == .resumed)
        #expect(try comeBack(listener, carrier, oldest) == .refused(.notFound))
    }

    @Test(arguments: [SessionCarrier.id, .stateful])
    func `bytes in the store that are no session are a full handshake`(_ carrier: SessionCarrier) throws {
        let domain = MemoryServer.domain(remote: BrokenStore())
        let listener = try listener(carrier, domain)
        let session = try session(listener, carrier)
        for bytes in [[1], [0x30, 0x82], [UInt8](repeating: 0x30, count: 16 << 10), session.der, session.der + [0]] {
            let result = try comeBack(listener, carrier, session) { sessions in
                sessions.storeAnswered(Dictionary(uniqueKeysWithValues: sessions.wanted.map { ($0, bytes) }))
            }
            #expect(result == .refused(.forged), "\(bytes.prefix(4)): \(result)")
        }
    }

    @Test(arguments: [SessionCarrier.id, .stateful])
    func `a store that is late or throws is told from one that has nothing`(_ carrier: SessionCarrier) async throws {
        let domain = MemoryServer.domain(remote: BrokenStore())
        let listener = try listener(carrier, domain)
        let session = try session(listener, carrier)
        let silent = try comeBack(listener, carrier, session) { $0.storeWasSilent() }
        #expect(silent == .refused(.storeSilent))
        let empty = try comeBack(listener, carrier, session) { $0.storeAnswered([:]) }
        #expect(empty == .refused(.notFound))
    }

    @Test func `a store that throws has not answered`() async throws {
        let key = SessionKey(1)
        for taking in [false, true] {
            let broken = MemoryServer.domain(remote: BrokenStore())
            #expect(await broken.fetch([key, SessionKey(2)], taking: taking, at: MemoryServer.now) == nil)
            let empty = MemoryServer.domain(remote: try LocalSessionStore(budget: LocalSessionStore.leastBudget))
            #expect(await empty.fetch([key], taking: taking, at: MemoryServer.now) == [:])
        }
    }
}

/// A store that takes nothing in until it is let go.
private final class StuckStore: SessionStore {
    private let gate = AsyncStream<Void>.makeStream()
    private let told = Locked(0)

    var count: Int { told.withLock { $0 } }
    func letGo() { gate.continuation.finish() }

    func get(_ key: SessionKey, at time: WallTime) async throws -> [UInt8]? { nil }
    func take(_ key: SessionKey, at time: WallTime) async throws -> [UInt8]? { nil }

    func put(_ key: SessionKey, _ session: [UInt8], expires: WallTime, at time: WallTime) async throws {
        for await _ in gate.stream {}
        told.withLock { $0 += 1 }
    }

    func remove(_ key: SessionKey) async throws {}
}

@Suite struct StoreWriteTests {
    @Test func `a store that takes nothing in is told no more than the limit, and the rest is counted`() {
        let store = StuckStore()
        let local = MemoryServer.domain()
        let domain = SessionDomain(
            name: "test", store: local.store, keys: local.keys, denyList: local.denyList, remote: store)
        let key = [UInt8](repeating: 1, count: 32).withUnsafeBytes { SessionKey($0) }
        guard let key else { return }
        let write = {
            _ = domain.tellRemote { try await $0.put(key, [], expires: MemoryServer.now, at: MemoryServer.now) }
        }
        for _ in 0..<ResumptionLimits.storeWrites { write() }
        #expect(domain.writesLeftOut == 0)
        for _ in 0..<3 { write() }
        #expect(domain.writesLeftOut == 3)
        store.letGo()
        #expect(eventually { store.count == ResumptionLimits.storeWrites })
        #expect(
            eventually {
                write()
                return store.count > ResumptionLimits.storeWrites
            })
    }
}

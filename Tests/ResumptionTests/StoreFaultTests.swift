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
                let secret = bytes.withUnsafeBytes { Secret(copying: $0) }
                let answer = StoredSession(content: .session(secret), expires: .distantFuture)
                sessions.storeAnswered(Dictionary(uniqueKeysWithValues: sessions.wanted.map { ($0, answer) }))
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
            #expect(await empty.fetch([key], taking: taking, at: MemoryServer.now)?.isEmpty == true)
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
    private func begin(_ writes: StoreWrites, _ store: StuckStore) -> StoreWrites.Write? {
        let key = SessionKey(1)
        return writes.begin(after: nil, on: nil) {
            try await store.put(key, [], expires: MemoryServer.now, at: MemoryServer.now)
        }
    }

    @Test func `a store that takes nothing in is told no more than the limit, and the rest is counted`() {
        let (store, writes) = (StuckStore(), StoreWrites())
        for _ in 0..<ResumptionLimits.storeWrites { _ = begin(writes, store) }
        #expect(writes.leftOut == 0)
        for _ in 0..<3 { _ = begin(writes, store) }
        #expect(writes.leftOut == 3)
        store.letGo()
        #expect(eventually { store.count == ResumptionLimits.storeWrites && writes.count == 0 })
        _ = begin(writes, store)
        #expect(eventually { store.count > ResumptionLimits.storeWrites })
    }

    @Test func `a write that takes too long is given up, and what must follow it goes on`() {
        let (store, writes) = (StuckStore(), StoreWrites())
        let stuck = begin(writes, store)
        let (late, followed) = (Locked(false), Locked(false))
        _ = writes.begin(after: stuck, on: nil) { late.withLock { $0 = true } }
        writes.giveUpLate(at: .now + ResumptionLimits.storeWriteDeadline - .seconds(1))
        #expect(writes.count == 2 && writes.leftOut == 0)
        writes.giveUpLate(at: .now + ResumptionLimits.storeWriteDeadline + .seconds(1))
        #expect(writes.count == 0 && writes.leftOut == 2)
        _ = writes.begin(after: stuck, on: nil) { followed.withLock { $0 = true } }
        #expect(eventually { followed.withLock { $0 } })
        // One that was given up before it began stays undone: what came later may rest on that.
        #expect(!late.withLock { $0 })
        store.letGo()
    }
}

/// What a store on another machine may do with what it was given.
@Suite struct SealedSessionTests {
    private let time = MemoryServer.now
    private let first = SessionKey(1)
    private let second = SessionKey(2)
    private let der = [UInt8](0..<200)

    private func domain(_ keys: TicketKeyRing? = nil, name: String = "test") throws -> SharedSessions {
        SharedSessions(BrokenStore(), keys: keys ?? MemoryServer.domain().keys, domain: name)
    }

    private func session(_ bytes: [UInt8]) -> StoredSession {
        StoredSession(
            content: .session(bytes.withUnsafeBytes { Secret(copying: $0) }), expires: time.later(by: .seconds(60)))
    }

    private func opened(_ shared: SharedSessions, _ sealed: [UInt8], _ key: SessionKey) -> [UInt8]? {
        switch shared.open(sealed, key, at: time)?.content {
        case .session(let der): der.withBytes(Array.init)
        case .spent: []
        case nil: nil
        }
    }

    @Test func `a session comes back as it was, under its own key, in its own domain, with its own ticket keys`() throws
    {
        let keys = MemoryServer.domain().keys
        let shared = try domain(keys)
        let sealed = try #require(shared.seal(session(der), first, at: time))
        #expect(opened(shared, sealed, first) == der)
        #expect(opened(try domain(keys), sealed, first) == der)
        #expect(opened(shared, sealed, second) == nil)
        #expect(opened(try domain(keys, name: "other"), sealed, first) == nil)
        #expect(opened(try domain(), sealed, first) == nil)
        #expect(shared.open(sealed, first, at: time.later(by: .seconds(60))) == nil)
        let spent = StoredSession(content: .spent, expires: time.later(by: .seconds(60)))
        #expect(opened(shared, try #require(shared.seal(spent, first, at: time)), first) == [])
    }

    @Test func `nothing of a session can be read, and two of the same look different`() throws {
        let shared = try domain()
        let (one, two) = (shared.seal(session(der), first, at: time), shared.seal(session(der), first, at: time))
        #expect(one != nil && one != two && one?.count == two?.count)
        #expect(one?.firstRange(of: der[0..<8]) == nil)
    }

    @Test func `what was altered, cut, made longer or never sealed is not there`() throws {
        let shared = try domain()
        let sealed = try #require(shared.seal(session(der), first, at: time))
        for index in sealed.indices {
            var altered = sealed
            altered[index] ^= 1 << UInt8(index % 8)
            #expect(opened(shared, altered, first) == nil, "byte \(index)")
        }
        for other in [
            [], [1], Array(sealed.dropLast()), sealed + [0], der, [UInt8](repeating: 1, count: 1 << 20),
            [UInt8](repeating: 0, count: SessionSeal.overhead),
        ] { #expect(opened(shared, other, first) == nil, "\(other.count) bytes") }
    }
}

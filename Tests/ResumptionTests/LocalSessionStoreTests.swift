import RepriseResumption
import RepriseVocabulary
import Testing

@Suite struct LocalSessionStoreTests {
    private let store: LocalSessionStore

    init() throws {
        store = try LocalSessionStore(budget: LocalSessionStore.leastBudget)
    }

    @Test func `what is put is there, byte for byte, until it is removed`() {
        #expect(store.keep(1, session(1)) == PutOutcome(.stored))
        #expect(store.get(1) == session(1))
        #expect(store.get(1) == session(1))
        #expect(store.get(2) == nil)
        store.remove(SessionKey(1))
        store.remove(SessionKey(1))
        #expect(store.get(1) == nil)
        #expect(store.counts == StoreCounts())
    }

    @Test func `a caller's buffer gets the same bytes`() {
        _ = store.keep(1, session(1, 300))
        var buffer = [UInt8](repeating: 0, count: LocalSessionStore.longestSession)
        let got = buffer.withUnsafeMutableBytes { store.get(SessionKey(1), at: .second(0), into: $0) }
        #expect(got == 300 && Array(buffer.prefix(300)) == session(1, 300) && buffer[300] == 0)
        buffer = [UInt8](repeating: 0, count: LocalSessionStore.longestSession)
        let taken = buffer.withUnsafeMutableBytes { store.take(SessionKey(1), at: .second(0), into: $0) }
        #expect(taken == 300 && Array(buffer.prefix(300)) == session(1, 300))
        #expect(buffer.withUnsafeMutableBytes { store.take(SessionKey(1), at: .second(0), into: $0) } == nil)
    }

    @Test func `code that knows only the protocol gets the same sessions`() async throws {
        let any: any SessionStore = store
        try await any.put(SessionKey(1), session(1), expires: .second(10), at: .second(0))
        #expect(try await any.get(SessionKey(1), at: .second(9)) == session(1))
        #expect(try await any.take(SessionKey(1), at: .second(9)) == session(1))
        #expect(try await any.get(SessionKey(1), at: .second(9)) == nil)
        try await any.put(SessionKey(1), session(2), expires: .second(10), at: .second(0))
        try await any.remove(SessionKey(1))
        #expect(store.get(1) == nil)
    }

    @Test func `a session is taken once`() {
        _ = store.keep(1, session(1))
        #expect(store.take(1) == session(1))
        #expect(store.take(1) == nil)
        #expect(store.get(1) == nil)
    }

    @Test func `a put under the same key replaces`() {
        _ = store.keep(1, session(1, 400))
        #expect(store.keep(1, session(2, 10)) == PutOutcome(.replaced))
        #expect(store.get(1) == session(2, 10))
        #expect(store.counts.entries == 1 && store.counts.bytes == 56)
    }

    @Test func `a session is there until the second before its expiry, and not in that second`() {
        for number in 1...3 { _ = store.keep(number, session(number), expires: .second(10)) }
        #expect(store.get(1, at: .second(9)) == session(1))
        #expect(store.get(1, at: WallTime(secondsSinceEpoch: 1_700_000_009, nanoseconds: 999_999_999)) == session(1))
        #expect(store.get(1, at: .second(10)) == nil)
        #expect(store.take(2, at: .second(10)) == nil)
        #expect(store.take(3, at: .second(9)) == session(3))
        #expect(store.counts.expired == 2)
    }

    @Test func `a session that was found expired stays gone when the clock goes back`() {
        _ = store.keep(1, session(1), expires: .second(10))
        #expect(store.get(1, at: .second(11)) == nil)
        #expect(store.get(1, at: .second(0)) == nil)
    }

    @Test func `a session that is put past its expiry is not there, nor is the one before it`() {
        _ = store.keep(1, session(1))
        #expect(store.keep(1, session(2), expires: .second(5), at: .second(5)) == PutOutcome(.expired))
        #expect(store.get(1, at: .second(4)) == nil)
        #expect(!PutOutcome(.expired).isKept && PutOutcome(.replaced).isKept)
    }

    @Test func `the longest session is kept, and one byte more is refused and counted`() {
        let longest = session(1, LocalSessionStore.longestSession)
        #expect(store.keep(1, longest) == PutOutcome(.stored))
        #expect(store.keep(1, longest + [0]) == PutOutcome(.refused))
        #expect(store.get(1) == longest)
        #expect(store.counts.refused == 1)
        #expect(store.keep(2, []) == PutOutcome(.stored))
        #expect(store.get(2) == [])
    }

    @Test func `a full store lets the oldest go first, and says how many`() {
        var count = 0
        while store.keep(count, session(count, 1000)).evicted == 0 { count += 1 }
        #expect(count == store.recordBytesPerShard / 1040)
        #expect(store.get(0) == nil)
        for number in 1...count { #expect(store.get(number) == session(number, 1000)) }
        #expect(store.counts.evicted == 1)
        // One of the longest needs the space of many.
        let outcome = store.keep(-1, session(-1, LocalSessionStore.longestSession))
        #expect(outcome.evicted >= 15 && outcome.evicted <= 32)
        #expect(store.get(outcome.evicted) == nil)
        #expect(store.get(outcome.evicted + 1) == session(outcome.evicted + 1, 1000))
        #expect(store.counts.evicted == UInt64(outcome.evicted + 1))
    }

    @Test func `short sessions are as many as the table takes`() {
        for number in 0..<1000 { _ = store.keep(number, [1]) }
        #expect(store.counts.entries == store.sessionsPerShard)
        #expect(store.get(999 - store.sessionsPerShard) == nil)
        #expect(store.get(1000 - store.sessionsPerShard) == [1])
    }

    @Test func `sessions that expired make room and are not called evicted`() {
        var count = 0
        while store.counts.entries == count, count < 5000 {
            _ = store.keep(count, session(count), expires: .second(10))
            count += 1
        }
        let before = store.counts
        for number in 0..<200 {
            _ = store.keep(10_000 + number, session(number), expires: .second(99), at: .second(10))
        }
        #expect(store.counts.evicted == before.evicted)
        #expect(store.counts.expired >= 200)
        for number in 0..<200 { #expect(store.get(10_000 + number, at: .second(10)) == session(number)) }
    }

    @Test func `flush forgets everything, and the store goes on`() throws {
        let store = try LocalSessionStore(budget: 8 << 20)
        #expect(store.shardCount == 8)
        for number in 0..<10_000 { _ = store.keep(number, session(number)) }
        #expect(store.counts.entries == 10_000)
        store.flush()
        #expect(store.counts.entries == 0 && store.counts.bytes == 0 && store.counts.evicted == 0)
        for number in 0..<10_000 { #expect(store.get(number) == nil) }
        for number in 0..<10_000 { _ = store.keep(number, session(number, 100)) }
        for number in 0..<10_000 { #expect(store.get(number) == session(number, 100)) }
    }

    @Test func `a clock that jumps anywhere breaks nothing`() {
        let moments: [Int64] = [
            .min, .min + 1, -1 << 50, -1 << 47, -1, 0, 1, 1 << 32, 1 << 47 - 2, 1 << 47, 1 << 50, .max - 1, .max,
        ]
        for (index, expires) in moments.enumerated() {
            for now in moments {
                let expiry = WallTime(secondsSinceEpoch: expires)
                let time = WallTime(secondsSinceEpoch: now)
                let outcome = store.keep(index, session(index), expires: expiry, at: time)
                if expires <= now { #expect(outcome.fate == .expired) }
                if outcome.isKept { #expect(store.get(index, at: time) == session(index)) }
                for other in moments { _ = store.get(index, at: WallTime(secondsSinceEpoch: other)) }
            }
        }
        // Moments within four million years are told apart to the second, before 1970 too.
        for second: Int64 in [-1 << 46, -1, 0, 1 << 32, 1 << 46] {
            let expiry = WallTime(secondsSinceEpoch: second)
            let before = WallTime(secondsSinceEpoch: second - 1)
            #expect(store.keep(99, [7], expires: expiry, at: before).isKept)
            #expect(store.get(99, at: before) == [7])
            #expect(store.get(99, at: expiry) == nil)
        }
    }
}

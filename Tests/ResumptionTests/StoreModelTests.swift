import RepriseResumption
import RepriseVocabulary
import Testing

@Suite struct StoreModelTests {
    /// How long sessions are in a run: short ones fill the table, long ones the ring.
    private static func length(_ seed: Int, _ random: inout SeededGenerator) -> Int {
        switch seed % 4 {
        case 0: return Int.random(in: 0...80, using: &random)
        case 1: return Int.random(in: 100...300, using: &random)
        case 2: return Int.random(in: 0...LocalSessionStore.longestSession + 1, using: &random)
        default: return [0, 1, 160, 161, 4000, 16_384].randomElement(using: &random) ?? 0
        }
    }

    @Test(arguments: 0..<48)
    func `a store does what its model does, whatever is asked of it`(seed: Int) throws {
        var random = SeededGenerator(seed: seed)
        let store = try LocalSessionStore(
            budget: LocalSessionStore.leastBudget + Int.random(in: 0...60_000, using: &random))
        try #require(store.shardCount == 1)
        var model = StoreModel(store)
        var now: Int64 = 0
        let keys = seed % 3 == 0 ? 40 : 1200
        for step in 0..<3000 {
            let key = Int.random(in: 0..<keys, using: &random)
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<60:
                let bytes = session(key &+ step, Self.length(seed, &random))
                let expires = now + Int64.random(in: -1...(seed % 2 == 0 ? 300 : 5000), using: &random)
                let outcome = store.keep(key, bytes, expires: .second(expires), at: .second(now))
                #expect(outcome == model.put(key, bytes, expires: expires, at: now))
            case 60..<80: #expect(store.get(key, at: .second(now)) == model.get(key, at: now))
            case 80..<90: #expect(store.take(key, at: .second(now)) == model.take(key, at: now))
            case 90..<95:
                store.remove(SessionKey(key))
                model.remove(key)
            case 95..<97: now += Int64.random(in: -500...500, using: &random)
            case 97 where Int.random(in: 0..<12, using: &random) == 0:
                store.flush()
                model.flush()
            default: now += 1
            }
            #expect(store.counts == model.counts)
            #expect(store.counts.bytes <= store.recordBytesPerShard)
        }
        for key in model.keys { #expect(store.get(key, at: .second(now)) == model.get(key, at: now)) }
        #expect(store.counts == model.counts)
    }
}

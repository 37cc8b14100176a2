import Glibc
import RepriseResumption
import RepriseVocabulary
import Testing

@Suite struct StoreBudgetTests {
    /// How many bytes of a store are in memory (mincore(2)).
    private func residentBytes(_ store: LocalSessionStore) -> Int {
        store.withMemory { memory in
            let page = Int(getpagesize())
            var map = [UInt8](repeating: 0, count: memory.count / page)
            mincore(UnsafeMutableRawPointer(mutating: memory.baseAddress), memory.count, &map)
            return map.filter { $0 & 1 == 1 }.count * page
        }
    }

    @Test(arguments: [64 << 10, 64 << 10 + 1, 100_000, 1 << 20, 2 << 20 - 1, 2 << 20, 3_333_333, 64 << 20])
    func `a store maps no more than its budget`(budget: Int) throws {
        let store = try LocalSessionStore(budget: budget)
        #expect(store.mappedBytes <= budget && store.mappedBytes > budget - 4096)
        let divided = store.shardCount * (store.recordBytesPerShard + store.sessionsPerShard / 3 * 4 * 8)
        #expect(divided <= store.mappedBytes)
        #expect(divided > store.mappedBytes - 256 * store.shardCount - 4096)
    }

    @Test(arguments: [64 << 20, 256 << 20])
    func `memory that nobody needed yet costs nothing`(budget: Int) throws {
        let store = try LocalSessionStore(budget: budget)
        #expect(residentBytes(store) <= 64 << 10)
        for number in 0..<1000 { _ = store.keep(number, session(number)) }
        #expect(residentBytes(store) <= 8 << 20)
    }

    @Test func `a large store has its tables in memory and nothing else`() throws {
        let store = try LocalSessionStore(budget: 1 << 30)
        #expect(residentBytes(store) <= 1 << 30 / 16)
        let before = residentBytes(store)
        for number in 0..<1000 { _ = store.keep(number, session(number)) }
        #expect(residentBytes(store) - before <= 8 << 20)
    }

    @Test func `a large store keeps what it is given, on small pages and on huge ones`() throws {
        let store = try LocalSessionStore(budget: 5 << 28)
        let count = 20_000
        for number in 0..<count { _ = store.keep(number, session(number & 0xff, LocalSessionStore.longestSession)) }
        #expect(store.counts.entries == count && store.counts.evicted == 0)
        #expect(store.recordBytesPerShard > 16 << 20)
        #expect(residentBytes(store) <= store.counts.bytes + 5 << 28 / 16 + store.shardCount * 8 << 10)
        for number in stride(from: 0, to: count, by: 17) {
            #expect(store.get(number) == session(number & 0xff, LocalSessionStore.longestSession))
        }
    }

    @Test func `single use on an idle store stays on the pages it has`() throws {
        let store = try LocalSessionStore(budget: 1 << 20)
        for number in 0..<20_000 {
            _ = store.keep(number, session(number))
            #expect(store.take(number) != nil)
        }
        #expect(residentBytes(store) <= 128 << 10)
    }

    @Test func `a session costs at most 24 bytes beside its DER and its name`() throws {
        let store = try LocalSessionStore(budget: 16 << 20)
        for number in 0..<200_000 { _ = store.keep(number, session(number & 0xff)) }
        #expect(store.counts.evicted > 0)
        let each = Double(store.mappedBytes) / Double(store.counts.entries)
        #expect(each - 192 <= 24, "\(each)")
    }
}

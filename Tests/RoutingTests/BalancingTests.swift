import RepriseRouting
import RepriseVocabulary
import Testing

/// What is true of every way to choose.
@Suite struct BalancingTests {
    @Test(arguments: BalancePolicy.allCases, [1, 2, 64, 65, 1000])
    func `failing over tries every endpoint of every server once`(_ policy: BalancePolicy, _ count: Int) {
        let group = group(servers(count, weights: [1, 7, 2], endpoints: 2), Balancing(policy))
        for number in 0..<(count == 1000 ? 1 : 20) {
            var selection = group.begin(hash: hash(number))
            var tried: [[Int]] = Array(repeating: [], count: count)
            var order: [Int] = []
            while let next = selection.next() {
                guard case .ip(_, let port) = next.endpoint else { continue }
                if tried[next.index].isEmpty { order.append(next.index) }
                #expect(order.last == next.index)
                tried[next.index].append(Int(port))
                // It counts where it is, and nowhere else.
                #expect(group.loads.connections == 1 && group.load(of: next.index) == 1)
            }
            #expect(tried.allSatisfy { $0 == [1, 2] })
            #expect(!selection.hasNext && group.loads.connections == 0)
            selection.end()
            #expect(group.loads.connections == 0)
        }
    }

    @Test(arguments: BalancePolicy.allCases)
    func `load goes back to zero, wherever a selection ends`(_ policy: BalancePolicy) {
        let group = group(servers(70, weights: [1, 3]), Balancing(policy))
        var random = Repeatable()
        var open: [UpstreamGroup.Selection] = []
        for number in 0..<2000 {
            var selection = group.begin(hash: hash(number))
            for _ in 0..<Int.random(in: 0...4, using: &random) { _ = selection.next() }
            open.append(selection)
            if open.count > 100 { open[number % 100].end() }
        }
        #expect(group.loads.connections > 0)
        for index in open.indices {
            open[index].end()
            open[index].end()
            #expect(open[index].next() == nil)
        }
        #expect(group.allLoads.allSatisfy { $0 == 0 })
    }

    @Test(arguments: BalancePolicy.allCases)
    func `a server of a router's choice comes alone, or before all others`(_ policy: BalancePolicy) throws {
        let group = group(servers(5), Balancing(policy))
        let place = try #require(group.index(of: "s3"))
        var alone = group.begin(with: place, orOthers: false)
        #expect(alone.next()?.index == 3 && !alone.hasNext && group.load(of: 3) == 1)
        #expect(alone.next() == nil && group.load(of: 3) == 0)
        var first = group.begin(with: place, orOthers: true, hash: hash(1))
        var order: [Int] = []
        while let next = first.next() { order.append(next.index) }
        #expect(order.first == 3 && order.sorted() == [0, 1, 2, 3, 4])
        #expect(group.index(of: "s5") == nil)
        #expect(group.loads.connections == 0)
    }

    @Test func `the first available is the first in order that takes the connection`() {
        let group = group(servers(4), Balancing(.firstAvailable))
        #expect((0..<10).allSatisfy { _ in group.passing() == 0 })
        #expect(group.reached(failing: [0, 1]) == 2)
        var selection = group.begin(hash: 0, preferring: 2)
        #expect(selection.next()?.index == 2 && selection.next()?.index == 0 && selection.next()?.index == 1)
        selection.end()
    }

    @Test func `chance follows the weights, also when a server fails`() {
        let group = group(servers(4, weights: [1, 2, 3, 4]), Balancing(.random))
        var counts = [0, 0, 0, 0]
        for _ in 0..<40_000 { counts[group.passing()] += 1 }
        // Six standard deviations.
        #expect(zip(counts, [4000, 8000, 12_000, 16_000]).allSatisfy { abs($0 - $1) < 600 }, "\(counts)")
        counts = [0, 0, 0, 0]
        for _ in 0..<24_000 { counts[group.reached(failing: [3])] += 1 }
        #expect(zip(counts, [4000, 8000, 12_000, 0]).allSatisfy { abs($0 - $1) < 600 }, "\(counts)")
    }

    @Test func `of two the less loaded is taken, so that none has much more than the mean`() {
        var most: [BalancePolicy: Int] = [:]
        for policy in [BalancePolicy.random, .powerOfTwo] {
            let group = group(servers(500), Balancing(policy))
            for _ in 0..<5000 { _ = group.chosen() }
            most[policy] = group.allLoads.max()
        }
        #expect(most[.powerOfTwo] ?? 99 <= 14 && most[.random] ?? 0 >= 17, "\(most)")
        // With two servers the two are always both.
        let pair = group(servers(2, weights: [1, 2]), Balancing(.powerOfTwo))
        for _ in 0..<300 { _ = pair.chosen() }
        #expect(abs(pair.load(of: 0) * 2 - pair.load(of: 1)) <= 2, "\(pair.allLoads)")
    }
}

import RepriseRouting
import RepriseVocabulary
import Testing

@Suite struct LeastConnectionsTests {
    @Test(arguments: [1, 2, 7, 65], [[1], [1, 2, 5, 10]])
    func `each choice is among the least loaded by weight, whatever ended before`(_ count: Int, _ weights: [Int]) {
        let group = group(servers(count, weights: weights), Balancing(.leastConnections))
        var random = Repeatable(UInt64(count))
        var model = [Int](repeating: 0, count: count)
        var open: [(selection: UpstreamGroup.Selection, index: Int)] = []
        for _ in 0..<4000 {
            if Int.random(in: 0..<5, using: &random) < 3 || open.isEmpty {
                let least = model.indices.map { Double(model[$0]) / Double(group.servers[$0].weight) }.min() ?? 0
                let chosen = group.chosen()
                #expect(Double(model[chosen.index]) / Double(group.servers[chosen.index].weight) == least)
                model[chosen.index] += 1
                open.append(chosen)
            } else {
                var over = open.remove(at: Int.random(in: open.indices, using: &random))
                over.selection.end()
                model[over.index] -= 1
            }
        }
        #expect(group.allLoads == model)
    }

    @Test func `load by weight differs by one at the most, and evens out`() {
        let group = group(servers(9, weights: [1, 2, 5]), Balancing(.leastConnections))
        for _ in 0..<1000 {
            _ = group.chosen()
            let shares = group.servers.indices.map { Double(group.load(of: $0)) / Double(group.servers[$0].weight) }
            #expect((shares.max() ?? 9) - (shares.min() ?? 0) <= 1)
        }
        #expect(group.load(of: 2) >= 5 * 41 && group.load(of: 0) <= 42)
    }

    @Test func `equal servers take turns, and by weight, when there is nothing to choose between them`() {
        let equal = group(servers(3), Balancing(.leastConnections))
        #expect((0..<7).map { _ in equal.passing() } == [0, 1, 2, 0, 1, 2, 0])
        let weighted = group(servers(2, weights: [1, 3]), Balancing(.leastConnections))
        let turns = (0..<400).map { _ in weighted.passing() }
        #expect((98...102).contains(turns.count { $0 == 0 }))
    }

    @Test func `failing over goes to the least loaded of the others`() {
        let group = group(servers(40), Balancing(.leastConnections))
        var random = Repeatable()
        for _ in 0..<100 {
            var selection = group.begin(hash: 0, preferring: Int.random(in: 0..<40, using: &random))
            _ = selection.next()
        }
        let loads = group.allLoads
        var selection = group.begin()
        var order: [Int] = []
        while let next = selection.next() { order.append(loads[next.index]) }
        #expect(order == loads.sorted())
    }

    // MARK: Reloads

    private func generation(_ ids: [String], weight: Int = 1, _ loads: GroupLoads) -> UpstreamGroup {
        UpstreamGroup(
            name: "g", servers: ids.map { server($0, weight: weight) }, balancing: Balancing(.leastConnections),
            loads: loads)
    }

    @Test func `a server keeps its count over reloads, also one that leaves and comes back`() {
        let loads = GroupLoads()
        let first = generation(["a", "b"], loads)
        first.takeEffect()
        var kept = (0..<4).map { _ in first.chosen().selection }
        let second = generation(["b", "c"], weight: 3, loads)
        // It is only prepared: nothing has changed.
        #expect(first.allLoads == [2, 2] && first.passing() == 0)
        second.takeEffect()
        #expect(second.allLoads == [2, 0] && second.passing() == 1)
        // Connections of the first generation still choose among its own.
        var late = first.chosen()
        #expect(["a", "b"].contains(first.servers[late.index].id))
        late.selection.end()
        let third = generation(["c", "a"], loads)
        third.takeEffect()
        #expect(third.allLoads == [0, 2] && third.passing() == 0)
        for index in kept.indices { kept[index].end() }
        #expect(third.allLoads == [0, 0] && loads.connections == 0)
        #expect(Set((0..<2).map { _ in third.passing() }) == [0, 1])
    }

    @Test func `what no generation has any more is forgotten, and a refused reload leaves nothing`() {
        let loads = GroupLoads()
        do {
            let first = generation(["a", "b"], loads)
            first.takeEffect()
            do { _ = generation(["x", "y", "z"], loads) }
            #expect(first.passing() >= 0 && !loads.isUnused)
            var selection = first.chosen().selection
            selection.end()
        }
        #expect(loads.isUnused)
        let second = generation(["c", "a"], loads)
        second.takeEffect()
        #expect(second.allLoads == [0, 0] && Set((0..<2).map { _ in second.passing() }) == [0, 1])
    }

    @Test func `threads that choose at once lose no connection`() async {
        let group = group(servers(10), Balancing(.leastConnections))
        await withTaskGroup(of: Void.self) { tasks in
            for _ in 0..<4 {
                tasks.addTask {
                    for _ in 0..<2000 {
                        var selection = group.begin()
                        _ = selection.next()
                        _ = selection.next()
                        selection.end()
                    }
                }
            }
        }
        #expect(group.allLoads.allSatisfy { $0 == 0 })
    }
}

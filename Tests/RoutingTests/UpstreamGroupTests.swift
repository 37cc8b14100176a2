import RepriseRouting
import RepriseVocabulary
import Testing

private func order(_ group: UpstreamGroup, _ count: Int) -> [String] {
    (0..<count).map { _ in
        var selection = group.begin()
        defer { selection.end() }
        return selection.next().map { group.servers[$0.index].id } ?? "none"
    }
}

@Suite struct UpstreamGroupTests {
    @Test func `servers of equal weight take strict order`() {
        let group = UpstreamGroup(name: "g", servers: [server("a"), server("b"), server("c")])
        #expect(order(group, 7) == ["a", "b", "c", "a", "b", "c", "a"])
    }

    @Test func `weights are exact over a cycle and spread within it`() {
        let group = UpstreamGroup(
            name: "g", servers: [server("a", weight: 5), server("b"), server("c")])
        #expect(order(group, 7) == ["a", "a", "b", "a", "c", "a", "a"])
        #expect(order(group, 700).filter { $0 == "a" }.count == 500)
    }

    @Test func `a cycle of equal large weights is no longer than the servers`() {
        let group = UpstreamGroup(name: "g", servers: [server("a", weight: 1000), server("b", weight: 1000)])
        #expect(order(group, 4) == ["a", "b", "a", "b"])
    }

    @Test func `weights that do not divide keep their proportion in a bounded cycle`() {
        let servers = (0..<200).map { server("s\($0)", weight: $0 % 2 == 0 ? 997 : 991) }
        let counts = Dictionary(grouping: order(UpstreamGroup(name: "g", servers: servers), 65_400), by: { $0 })
        #expect(counts.count == 200)
        #expect(counts.values.allSatisfy { (300...345).contains($0.count) })
    }

    @Test func `failing over tries every endpoint of every server once, beginning with the one whose turn it is`() {
        let group = UpstreamGroup(name: "g", servers: [server("a"), server("b", endpoints: 2), server("c")])
        _ = group.begin()
        var selection = group.begin()
        var tried: [String] = []
        while let next = selection.next() { tried.append("\(group.servers[next.index].id)/\(next.endpoint)") }
        #expect(tried == ["b/127.0.0.1:1", "b/127.0.0.1:2", "c/127.0.0.1:1", "a/127.0.0.1:1"])
        #expect(!selection.hasNext)
    }

    @Test func `weights stay exact over a cycle when a server fails`() {
        let group = group([server("a", weight: 3), server("b", weight: 2), server("c", weight: 1)], Balancing())
        // Of a's turns none goes to waste: who fails there takes the next that is not a's.
        let reached = (0..<300).map { _ in group.reached(failing: [0]) }
        #expect(reached.count { $0 == 1 } == 200 && reached.count { $0 == 2 } == 100)
    }

    @Test func `a preferred server comes first, and takes no one's turn`() {
        let group = group(servers(3), Balancing())
        var selection = group.begin(hash: 0, preferring: 2)
        #expect(selection.next()?.index == 2)
        #expect(group.passing() == 0)
        // The next turns are those of 1 and 2, and 2 was tried.
        #expect(selection.next()?.index == 1)
        #expect(selection.next()?.index == 0)
        #expect(selection.next() == nil)
        #expect(group.allLoads == [0, 0, 0])
    }
}

import RepriseRouting
import RepriseVocabulary
import Testing

private func server(_ id: String, weight: Int = 1, endpoints: Int = 1) -> UpstreamServer {
    UpstreamServer(
        id: id, endpoints: (1...endpoints).map { .ip(.loopback4, port: UInt16($0)) }, weight: weight)
}

private func order(_ group: UpstreamGroup, _ count: Int) -> [String] {
    (0..<count).map { _ in
        var selection = group.begin()
        defer { selection.end() }
        return selection.next()?.server.id ?? "none"
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
        while let next = selection.next() { tried.append("\(next.server.id)/\(next.endpoint)") }
        #expect(tried == ["b/127.0.0.1:1", "b/127.0.0.1:2", "c/127.0.0.1:1", "a/127.0.0.1:1"])
        #expect(!selection.hasNext)
    }
}

import RepriseRouting
import RepriseVocabulary
import Testing

@Suite struct ConsistentHashTests {
    private static let unbounded = Balancing(.consistentHash, bound: .unlimited)

    @Test func `a key leads to the same server, in every run and on every machine`() {
        let group = group(servers(10), Self.unbounded)
        #expect((0..<100).allSatisfy { group.passing(hash: hash($0)) == group.passing(hash: hash($0)) })
        // Numbers of another run: what they are matters less than that they stay.
        #expect(hash(0x7f00_0001) == StableHash.of(client: .ip(.loopback4, port: 9)))
        #expect(StableHash.of(serverName: "a.test") == 0x7b06bf9369278fe7)
        #expect((0..<8).map { group.passing(hash: hash($0)) } == [1, 8, 9, 2, 5, 5, 0, 1])
    }

    @Test func `the order of the servers does not matter`() {
        let ids = servers(50, weights: [1, 4])
        let (one, other) = (group(ids, Self.unbounded), group(ids.reversed(), Self.unbounded))
        for number in 0..<1000 {
            let (left, right) = (one.passing(hash: hash(number)), other.passing(hash: hash(number)))
            #expect(one.servers[left].id == other.servers[right].id)
        }
    }

    @Test(arguments: [10, 100])
    func `a server that leaves moves its own keys and few others`(_ count: Int) {
        let all = servers(count)
        let before = group(all, Self.unbounded)
        for gone in [0, count / 2, count - 1] {
            let after = group(all.filter { $0.id != "s\(gone)" }, Self.unbounded)
            let keys = 20_000
            let moved = (0..<keys).count { number in
                let (old, new) = (before.passing(hash: hash(number)), after.passing(hash: hash(number)))
                return before.servers[old].id != after.servers[new].id
            }
            #expect(Double(moved) <= 1.3 * Double(keys) / Double(count), "\(gone): \(moved)")
        }
    }

    @Test func `keys are spread by weight`() {
        let group = group(servers(8, weights: [1, 3]), Self.unbounded)
        var counts = [Int](repeating: 0, count: 8)
        for number in 0..<32_000 { counts[group.passing(hash: hash(number))] += 1 }
        for (index, count) in counts.enumerated() {
            #expect(abs(Double(count) / (index % 2 == 0 ? 2000 : 6000) - 1) < 0.35, "\(counts)")
        }
    }

    @Test(arguments: [1, 1.25, 2], [[1], [1, 5]])
    func `one key that all clients have fills no server beyond its bound`(_ bound: Double, _ weights: [Int]) {
        let group = group(servers(10, weights: weights), Balancing(.consistentHash, bound: .share(bound)))
        let total = group.servers.reduce(0) { $0 + $1.weight }
        let own = group.passing(hash: hash(1))
        for count in 1...600 {
            let index = group.chosen(hash: hash(1)).index
            let share = bound * Double(count * group.servers[index].weight) / Double(total)
            #expect(Double(group.load(of: index)) <= share.rounded(.up))
        }
        let load = Double(group.load(of: own))
        #expect(load > 0.95 * bound * 600 * Double(group.servers[own].weight) / Double(total) - 1)
    }

    @Test func `without a bound one key has one server`() {
        let group = group(servers(10), Self.unbounded)
        let own = group.passing(hash: hash(1))
        for _ in 0..<100 { _ = group.chosen(hash: hash(1)) }
        #expect(group.load(of: own) == 100)
    }

    @Test func `when connecting fails the next on the ring is tried, where the key goes without the server`() {
        let all = servers(10)
        let whole = group(all, Self.unbounded)
        for number in 0..<200 {
            let own = whole.passing(hash: hash(number))
            let rest = group(all.filter { $0.id != "s\(own)" }, Self.unbounded)
            let next = whole.reached(failing: [own], hash: hash(number))
            #expect(whole.servers[next].id == rest.servers[rest.passing(hash: hash(number))].id)
        }
    }

    @Test func `a client is its address, and a name is the same in capitals`() throws {
        let (one, other) = (IPAddress(ipv4: 1), try #require(IPAddress(parsing: "::1:1")))
        #expect(StableHash.of(client: .ip(one, port: 1)) == StableHash.of(client: .ip(one, port: 2)))
        #expect(StableHash.of(client: .ip(one, port: 1)) != StableHash.of(client: .ip(other, port: 1)))
        #expect(StableHash.of(client: .unix(path: "/a")) == StableHash.of(client: .unix(path: "/b")))
        #expect(StableHash.of(serverName: "A.Test") == StableHash.of(serverName: "a.test"))
        #expect(StableHash.of(serverName: "a.test") != StableHash.of(serverName: "b.test"))
        #expect(group(servers(1), Balancing(.consistentHash, by: .sni)).hashes == .sni)
        #expect(group(servers(1), Balancing(.random, by: .sni)).hashes == nil)
    }
}

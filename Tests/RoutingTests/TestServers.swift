import RepriseRouting
import RepriseVocabulary

/// A server whose endpoints tell each other apart by their ports.
func server(_ id: String, weight: Int = 1, endpoints: Int = 1) -> UpstreamServer {
    UpstreamServer(
        id: id, endpoints: (1...endpoints).map { .ip(.loopback4, port: UInt16($0)) }, weight: weight)
}

/// That many servers of those weights, in turn.
func servers(_ count: Int, weights: [Int] = [1], endpoints: Int = 1) -> [UpstreamServer] {
    (0..<count).map { server("s\($0)", weight: weights[$0 % weights.count], endpoints: endpoints) }
}

func group(_ servers: [UpstreamServer], _ balancing: Balancing) -> UpstreamGroup {
    UpstreamGroup(name: "g", servers: servers, balancing: balancing)
}

/// Hashes that are spread as clients' are.
func hash(_ number: Int) -> UInt64 { StableHash.of(client: .ip(IPAddress(ipv4: UInt32(number)), port: 1)) }

/// Random numbers that are the same in every run.
struct Repeatable: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64 = 1) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        var hash = StableHash(9)
        hash.absorb(state)
        return hash.value
    }
}

extension UpstreamGroup {
    /// A selection at its first server, and that server's index.
    func chosen(hash: UInt64 = 0) -> (selection: Selection, index: Int) {
        var selection = begin(hash: hash)
        let index = selection.next()?.index ?? -1
        return (selection, index)
    }

    /// The first choice, which is given back at once.
    func passing(hash: UInt64 = 0) -> Int {
        var (selection, index) = chosen(hash: hash)
        selection.end()
        return index
    }

    /// Where one ends whose tries all fail on these servers.
    func reached(failing: Set<Int>, hash: UInt64 = 0) -> Int {
        var selection = begin(hash: hash)
        defer { selection.end() }
        while let next = selection.next() { if !failing.contains(next.index) { return next.index } }
        return -1
    }

    var allLoads: [Int] { servers.indices.map { load(of: $0) } }
}

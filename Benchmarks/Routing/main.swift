import Glibc
import RepriseRouting
import RepriseVocabulary

// swift run -c release RepriseRoutingBenchmark [picks]
// What it costs to choose a server and to give it back. That it allocates nothing shows under valgrind, which counts as many
// allocations for any number of picks.

/// What a choice is promised to cost.
let limit = 300.0

/// A thousand servers of weights 1 to 4, with some connections each.
func group(_ policy: BalancePolicy, servers count: Int) -> UpstreamGroup {
    UpstreamGroup(
        name: "g",
        servers: (0..<count).map {
            UpstreamServer(
                id: "10.0.\($0 / 256).\($0 % 256):80", endpoints: [.ip(.loopback4, port: UInt16($0 + 1))],
                weight: $0 % 4 + 1)
        }, balancing: Balancing(policy))
}

func nanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Picks that are taken back only when so many others have been made, so that loads are never all the same.
struct Load {
    let group: UpstreamGroup
    private var held: [UpstreamGroup.Selection]
    private var number: UInt64 = 0

    init(_ group: UpstreamGroup, holding count: Int) {
        self.group = group
        held = (0..<count).map { number in
            var selection = group.begin(hash: Self.hash(UInt64(number)))
            _ = selection.next()
            return selection
        }
        number = UInt64(count)
    }

    /// Hashes as a caller has them: spread over all numbers.
    static func hash(_ number: UInt64) -> UInt64 {
        var hash = StableHash(1)
        hash.absorb(number)
        return hash.value
    }

    mutating func run(_ picks: Int) {
        for _ in 0..<picks {
            let place = Int(number % UInt64(held.count))
            held[place].end()
            var selection = group.begin(hash: Self.hash(number))
            guard selection.next() != nil else { preconditionFailure("no server") }
            held[place] = selection
            number += 1
        }
    }

    mutating func end() {
        for index in held.indices { held[index].end() }
    }
}

/// A router by a thousand names and a wildcard, alone or behind one by the protocol.
func way(to group: UpstreamGroup, routers: Int) -> RoutingStep {
    let end = RoutingStep(.group(group))
    let names =
        (0..<1000).compactMap { NamePattern("host-\($0).example.test") }
        + [NamePattern("*.example.test")].compactMap(\.self)
    let byName = RoutingStep(.name(NameTable(names.map { ($0, end) }), default: nil))
    if routers == 1 { return byName }
    return RoutingStep(.applicationProtocol([(name: "h2", step: byName)], default: end))
}

let picks = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 2_000_000
print("policy                servers   ns/pick+end   limit")
for policy in BalancePolicy.allCases {
    for servers in [10, 1000] {
        let group = group(policy, servers: servers)
        var load = Load(group, holding: servers * 4)
        load.run(10_000)
        let start = nanoseconds()
        load.run(picks)
        let each = Double(nanoseconds() - start) / Double(picks)
        let tenths = Int(each * 10)
        let cells = [policy.word.padded(22), "\(servers)".padded(10), "\(tenths / 10).\(tenths % 10)".padded(14)]
        print(cells.joined() + "\(Int(limit))" + (each <= limit ? "" : "  MISSED"))
        load.end()
    }
}

// The whole way: one router, which looks a name up among a thousand, or two, and then the group's choice. What ends is given
// back by the clock's leave: that is another moment of a connection's life.
//
// In a function, since the compiler checks each access to a global variable while the program runs.
func wayAndPick(_ policy: BalancePolicy, _ asked: AskedConnection, routers: Int, rounds: Int) -> Double {
    let group = group(policy, servers: 1000)
    let way = way(to: group, routers: routers)
    var held = (0..<1000).map { _ in group.begin(hash: 0) }
    var terms = RouteTerms()
    var spent: UInt64 = 0
    for round in 0..<rounds {
        let start = nanoseconds()
        for index in held.indices {
            guard case .group(let found) = way.leaf(for: ConnectionView(asked), &terms) else {
                preconditionFailure("no way")
            }
            held[index] = found.begin(hash: Load.hash(UInt64(round * 1000 + index)))
            guard held[index].next() != nil else { preconditionFailure("no server") }
        }
        spent += nanoseconds() - start
        for index in held.indices { held[index].end() }
    }
    return Double(spent) / Double(rounds * 1000)
}

for policy in BalancePolicy.allCases {
    for routers in [1, 2] {
        let asked = AskedConnection(serverName: "Some-Customer-In-Particular.example.test")
        let each = wayAndPick(policy, asked, routers: routers, rounds: max(1, picks / 1000))
        let tenths = Int(each * 10)
        let cells = [
            "\(routers) + \(policy.word)".padded(32), "1000".padded(10), "\(tenths / 10).\(tenths % 10)".padded(14),
        ]
        print(cells.joined() + "\(Int(limit))" + (each <= limit ? "" : "  MISSED"))
    }
}

extension String {
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}

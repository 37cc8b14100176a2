package import RepriseVocabulary
internal import Synchronization

/// The addresses of a server's name, which change as DNS says; shared by all workers and generations. Equal to itself alone.
package final class ServerAddresses: Sendable, Hashable {
    /// The most orders in which connections try the addresses.
    static let maximumOrders = 100
    /// How long an address that did not take a connection comes behind the others, unless it takes one before.
    package static let failureMemory = Duration.seconds(10)

    private struct Known: Sendable {
        var targets: [ServiceTarget] = []
        /// Each connection takes the next: so each target comes first as often as its weight says.
        var orders: [[Endpoint]] = []
        /// Those that did not take a connection lately, and until when that counts.
        var failed: [Endpoint: Instant] = [:]
    }

    private let state: Locked<Known>
    private let turns = Atomic<Int>(0)

    /// - Parameter endpoints: those that are known; empty for none yet.
    package init(_ endpoints: [Endpoint] = []) {
        let targets = endpoints.isEmpty ? [] : [ServiceTarget(endpoints: endpoints)]
        state = Locked(Known(targets: targets, orders: endpoints.isEmpty ? [] : [endpoints]))
    }

    /// The hosts that offer it now, those of the least priority first.
    package var targets: [ServiceTarget] { state.withLock { $0.targets } }

    /// The addresses now, each once.
    package var endpoints: [Endpoint] { state.withLock { $0.orders.first ?? [] } }

    /// The addresses in the order in which one connection is to try them: those that failed lately come last, so that one
    /// client finds out for all.
    package func nextOrder(at now: Instant) -> [Endpoint] {
        order(at: now) { $0.wrappingAdd(1, ordering: .relaxed).oldValue }
    }

    /// The order that the next connection gets, for who only asks whether they are well and must take nobody's turn.
    package func presentOrder(at now: Instant) -> [Endpoint] { order(at: now) { $0.load(ordering: .relaxed) } }

    private func order(at now: Instant, _ turn: (borrowing Atomic<Int>) -> Int) -> [Endpoint] {
        state.withLock { known in
            guard let first = known.orders.first else { return [] }
            let count = known.orders.count
            let order = count == 1 ? first : known.orders[Int(UInt(bitPattern: turn(turns)) % UInt(count))]
            guard !known.failed.isEmpty else { return order }
            known.failed = known.failed.filter { $0.value > now }
            return order.filter { known.failed[$0] == nil } + order.filter { known.failed[$0] != nil }
        }
    }

    /// An address did not take a connection.
    package func failed(_ endpoint: Endpoint, at now: Instant) {
        state.withLock { known in
            // Who began before they changed may come to one that is an address of the server's no more.
            guard known.orders.first?.contains(endpoint) == true else { return }
            known.failed[endpoint] = now + Self.failureMemory
        }
    }

    /// An address has taken a connection.
    package func succeeded(_ endpoint: Endpoint) {
        state.withLock { known in
            if !known.failed.isEmpty { known.failed[endpoint] = nil }
        }
    }

    /// Replaces them. Connections that are being made go on with those that they began with.
    ///
    /// - Parameter targets: at least one: a name that has had addresses keeps some.
    package func replace(by targets: [ServiceTarget]) {
        precondition(!targets.isEmpty, "a server's addresses were taken away")
        let orders = Self.orders(of: targets)
        let all = Set(orders[0])
        state.withLock { known in
            known = Known(targets: targets, orders: orders, failed: known.failed.filter { all.contains($0.key) })
        }
    }

    /// A cycle of orders: lower priorities first, and within one each target as often before the others as its weight says
    /// (RFC 2782 draws; a cycle comes to the same, more evenly).
    private static func orders(of targets: [ServiceTarget]) -> [[Endpoint]] {
        let tiers = Dictionary(grouping: targets, by: \.priority).sorted { $0.key < $1.key }.map(\.value)
        let cycles = tiers.map { tier in
            // A weight of 0 is the least share there is; weights of hundreds are scaled down to a short cycle.
            let room = max(1, maximumOrders - tier.count)
            let scale = max(1, (tier.reduce(0) { $0 + Int($1.weight) } + room - 1) / room)
            return WeightedCycle(weights: tier.map { max(1, Int($0.weight) / scale) }).order
        }
        // The first tier's own cycle: of another length, some of its hosts would begin more often than their weights say.
        return cycles[0].indices.map { turn in
            var seen: Set<Endpoint> = []
            var order: [Endpoint] = []
            for (tier, cycle) in zip(tiers, cycles) {
                // The one whose turn it is, then those that would be next.
                for step in cycle.indices {
                    for endpoint in tier[Int(cycle[(turn + step) % cycle.count])].endpoints
                    where seen.insert(endpoint).inserted {
                        order.append(endpoint)
                    }
                }
            }
            return order
        }
    }

    package static func == (one: ServerAddresses, other: ServerAddresses) -> Bool { one === other }

    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

internal import RepriseResumption
package import RepriseVocabulary
internal import Synchronization

/// Servers that do the same work, chosen as the group balances; shared by all workers.
package final class UpstreamGroup: Sendable {
    /// The group's name in the configuration, logs and metrics.
    package let name: String
    /// The servers, 1 to 65,535.
    package let servers: [UpstreamServer]
    /// How it chooses.
    package let balancing: Balancing
    /// What is asked of the kernel for connections to its servers.
    package let tcp: UpstreamTCPOptions
    /// What its servers have to do, in all generations.
    package let loads: GroupLoads
    /// What keeps connections from servers that are ill.
    package let health: HealthRules

    /// Of the servers, by their index.
    let weights: [Int]
    /// Of the servers in ``loads``, by their index.
    let slots: [Int]
    let totalWeight: Int
    /// What sessions remember of the servers, by their index, and the indices by that.
    let memories: [UpstreamMemory]
    let places: [UInt64: Int]
    private let indices: [String: Int]
    let generation: Int
    private let chooser: Chooser
    let random = RandomNumbers()

    /// What a policy has worked out ahead.
    private enum Chooser: Sendable {
        case roundRobin(WeightedCycle)
        case leastConnections
        case powerOfTwo(WeightedDraw)
        case random(WeightedDraw)
        case consistentHash(HashRing, bound: LoadBound)
        case firstAvailable

        init(_ balancing: Balancing, _ servers: [UpstreamServer], _ weights: [Int]) {
            switch balancing.policy {
            case .roundRobin: self = .roundRobin(WeightedCycle(weights: weights))
            case .leastConnections: self = .leastConnections
            case .powerOfTwo: self = .powerOfTwo(WeightedDraw(weights))
            case .random: self = .random(WeightedDraw(weights))
            case .consistentHash:
                self = .consistentHash(
                    HashRing(ids: servers.map(\.id), weights: weights), bound: balancing.hashBound)
            case .firstAvailable: self = .firstAvailable
            }
        }
    }

    /// A group that takes effect later, by ``takeEffect()``: a reload that prepares it may be refused.
    ///
    /// - Parameters:
    ///   - servers: at least one, with ids of their own.
    ///   - loads: what servers of the name have to do already.
    package init(
        name: String, servers: [UpstreamServer], balancing: Balancing, tcp: UpstreamTCPOptions = UpstreamTCPOptions(),
        health: HealthRules = HealthRules(), loads: GroupLoads
    ) {
        self.name = name
        self.tcp = tcp
        self.health = health
        self.servers = servers
        self.balancing = balancing
        self.loads = loads
        weights = servers.map(\.weight)
        totalWeight = weights.reduce(0, +)
        memories = balancing.affinity == .none ? [] : Self.memories(name, servers)
        places = Dictionary(memories.enumerated().map { ($1.server, $0) }, uniquingKeysWith: { first, _ in first })
        indices = Dictionary(servers.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        chooser = Chooser(balancing, servers, weights)
        (slots, generation) = loads.withTable { $0.join(servers.map(\.id)) }
    }

    /// A group of its own, in force at once.
    package convenience init(
        name: String, servers: [UpstreamServer], balancing: Balancing = Balancing(),
        tcp: UpstreamTCPOptions = UpstreamTCPOptions(), health: HealthRules = HealthRules()
    ) {
        self.init(
            name: name, servers: servers, balancing: balancing, tcp: tcp, health: health, loads: GroupLoads())
        takeEffect()
    }

    deinit {
        loads.withTable { $0.leave(servers.map(\.id), generation) }
    }

    /// Puts its servers and weights into force. Choices for connections of older generations go on.
    package func takeEffect() {
        let members = members
        loads.withTable { $0.takeOver(generation, members) }
    }

    /// What has to be hashed for a choice; `nil` where nothing is.
    package var hashes: HashKey? { balancing.policy == .consistentHash ? balancing.hashKey : nil }

    /// Open connections of a server and those being made, in all generations.
    package func load(of index: Int) -> Int { loads.withTable { $0.load(of: slots[index]) } }

    /// Begins the choice for one connection.
    ///
    /// Called on any worker; no allocation. Nothing is counted before ``Selection/next()``.
    /// - Parameter hash: what ``hashes`` says, as ``StableHash``.
    package func begin(hash: UInt64 = 0) -> Selection {
        guard case .roundRobin(let cycle) = chooser else { return Selection(self, hash: hash, first: .none) }
        return Selection(self, hash: hash, first: .turn(turn(of: cycle)))
    }

    /// Begins with a server, before others as the group balances.
    ///
    /// - Parameter index: the server's; `nil` is the same as ``begin(hash:)``.
    package func begin(hash: UInt64, preferring index: Int?) -> Selection {
        guard let index else { return begin(hash: hash) }
        precondition(servers.indices.contains(index), "server \(index) of \(servers.count)")
        return Selection(self, hash: hash, first: .wanted(index))
    }

    /// The index of the server with that id.
    package func index(of id: String) -> Int? { indices[id] }

    /// Begins with a server of the caller's choice.
    ///
    /// - Parameters:
    ///   - index: the server's.
    ///   - orOthers: whether every other server follows, as the group balances.
    package func begin(with index: Int, orOthers: Bool, hash: UInt64 = 0) -> Selection {
        precondition(servers.indices.contains(index), "server \(index) of \(servers.count)")
        return Selection(self, hash: hash, first: .wanted(index), limit: orOthers ? servers.count : 1)
    }
}

extension UpstreamGroup {
    private func turn(of cycle: WeightedCycle) -> Int {
        let number = loads.turns.wrappingAdd(1, ordering: .relaxed).oldValue
        return Int(cycle.order[Int(UInt(bitPattern: number) % UInt(cycle.order.count))])
    }

    /// The server whose turn it is, where no load decides that.
    func turn(but tried: ServerSet) -> Int? {
        switch chooser {
        case .roundRobin(let cycle):
            for _ in cycle.order.indices {
                let index = turn(of: cycle)
                if !tried.contains(index) { return index }
            }
            // Other connections have had the turns that were left.
            return servers.indices.first { !tried.contains($0) }
        case .random(let draw): return drawn(by: draw, but: tried)
        case .firstAvailable: return servers.indices.first { !tried.contains($0) }
        case .leastConnections, .powerOfTwo, .consistentHash: return nil
        }
    }

    /// The server to try, where loads decide; at least one is left.
    func choose(in table: borrowing LoadTable, but tried: ServerSet, for selection: inout Selection) -> Int {
        switch chooser {
        case .leastConnections:
            if table.generation == generation, let index = table.least(but: tried) { return index }
            return least(in: table, but: tried)
        case .powerOfTwo(let draw): return lesserOfTwo(by: draw, in: table, but: tried)
        case .consistentHash(let ring, let bound):
            return hashed(on: ring, bound, in: table, but: tried, for: &selection)
        case .roundRobin, .random, .firstAvailable: preconditionFailure("no load decides it")
        }
    }

    /// The load of all its servers; that of a generation that is not in force is summed up.
    func memberLoad(in table: borrowing LoadTable) -> Int {
        table.generation == generation ? table.memberLoad : slots.reduce(0) { $0 + table.load(of: $1) }
    }

    private func weight(of tried: ServerSet) -> Int {
        tried.isEmpty ? 0 : servers.indices.reduce(0) { tried.contains($1) ? $0 + weights[$1] : $0 }
    }

    private func isLess(_ one: Int, than other: Int, in table: borrowing LoadTable) -> Bool {
        table.load(of: slots[one]) * weights[other] < table.load(of: slots[other]) * weights[one]
    }

    /// For connections of a generation that is not in force, of whose servers there is no heap.
    private func least(in table: borrowing LoadTable, but tried: ServerSet) -> Int {
        var best = -1
        for index in servers.indices where !tried.contains(index) {
            if best < 0 || isLess(index, than: best, in: table) { best = index }
        }
        return best
    }

    /// One of those that were not tried, by weight.
    ///
    /// - Parameter other: is not drawn either; -1 for none.
    private func drawn(by draw: WeightedDraw, but tried: ServerSet, and other: Int = -1) -> Int {
        for _ in 0..<16 {
            let index = draw(random.next())
            if index != other, !tried.contains(index) { return index }
        }
        // Few are left: count them out, by the same weights.
        var left = other < 0 ? 0 : -weights[other]
        for index in servers.indices where !tried.contains(index) { left += weights[index] }
        var mark = Int(random.next() % UInt64(left))
        for index in servers.indices where index != other && !tried.contains(index) {
            mark -= weights[index]
            if mark < 0 { return index }
        }
        preconditionFailure("all \(servers.count) servers were tried")
    }

    private func lesserOfTwo(by draw: WeightedDraw, in table: borrowing LoadTable, but tried: ServerSet) -> Int {
        let one = drawn(by: draw, but: tried)
        guard tried.count + 1 < servers.count else { return one }
        let other = drawn(by: draw, but: tried, and: one)
        return isLess(other, than: one, in: table) ? other : one
    }

    /// The next on the ring that has not more than its share. Those that were tried have no share, so that there is one.
    private func hashed(
        on ring: HashRing, _ bound: LoadBound, in table: borrowing LoadTable, but tried: ServerSet,
        for selection: inout Selection
    ) -> Int {
        var place = selection.place.map { ring.place(after: $0) } ?? ring.place(of: selection.hash)
        // In products of whole numbers, which are exact.
        var (share, rest) = (Double.infinity, 1.0)
        if case .share(let bound) = bound {
            let load = memberLoad(in: table)
            (share, rest) = (bound * Double(load + 1), Double(totalWeight - weight(of: tried)))
        }
        var other = -1
        for _ in 0..<ring.count {
            let index = ring.owner(at: place)
            if !tried.contains(index) {
                if other < 0 { other = index }
                if Double(table.load(of: slots[index])) * rest < share * Double(weights[index]) {
                    selection.place = place
                    return index
                }
            }
            place = ring.place(after: place)
        }
        // Only if such a number is rounded: one always has less than the mean.
        return other
    }
}

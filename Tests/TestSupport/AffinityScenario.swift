/// One machine of a fleet that lineages visit.
package protocol AffinityNode {
    /// Lets a client visit with the session that it has, or with none.
    ///
    /// - Returns: the number of the server that it came to, whether its session was resumed, and its newest session.
    func visit(resuming session: MemoryClient.Session?) throws -> AffinityVisit
}

/// What a client saw of one visit.
package struct AffinityVisit: Sendable {
    package let server: Int
    package let wasResumed: Bool
    package let session: MemoryClient.Session?

    package init(server: Int, wasResumed: Bool, session: MemoryClient.Session?) {
        (self.server, self.wasResumed, self.session) = (server, wasResumed, session)
    }
}

/// Lineages that visit a fleet again and again, each time another machine and with its newest session, while a server dies
/// half-way.
///
/// The fleet belongs to whoever calls: machines in memory or over sockets.
///
///     var scenario = AffinityScenario(lineages: 0..<1000)
///     try scenario.begin(at: nodes)
///     try scenario.goOn(at: nodesWithoutServer)
package struct AffinityScenario: Sendable {
    package static let servers = 10
    package static let nodes = 3
    /// How often each lineage comes.
    package static let visits = 10
    /// The server that dies half-way.
    package static let killed = 3

    /// What came of it.
    package struct Outcome: Sendable {
        package var visits = 0
        package var resumed = 0
        /// Visits to another server than the last, although that one lives.
        package var strays = 0
        /// Visits to a server that is dead.
        package var ghosts = 0
        /// Lineages of the killed server, by the server that they moved to.
        package var moved = [Int](repeating: 0, count: AffinityScenario.servers)

        package init() {}

        /// The outcome of other lineages on top.
        package mutating func add(_ other: Outcome) {
            visits += other.visits
            resumed += other.resumed
            strays += other.strays
            ghosts += other.ghosts
            for index in moved.indices { moved[index] += other.moved[index] }
        }

        /// Lineages that had to move.
        package var movedLineages: Int { moved.reduce(0, +) }
        /// An even share of them for each server that is left.
        package var evenShare: Double { Double(movedLineages) / Double(AffinityScenario.servers - 1) }
        /// How far from even the servers that are left are, as a part of their share.
        package var largestDeviation: Double {
            let rest = moved.indices.filter { $0 != AffinityScenario.killed }
            return rest.map { abs(Double(moved[$0]) - evenShare) / evenShare }.max() ?? 0
        }
    }

    package private(set) var outcome = Outcome()
    private let lineages: Range<Int>
    /// Where each lineage was last, and what it comes back with.
    private var last: [(server: Int, session: MemoryClient.Session?)] = []

    /// - Parameter lineages: their numbers, which decide where each comes first.
    package init(lineages: Range<Int>) {
        self.lineages = lineages
    }

    /// The visits before the server dies.
    package mutating func begin(at nodes: [some AffinityNode]) throws {
        for lineage in lineages {
            let visit = try nodes[Self.node(of: lineage, 0)].visit(resuming: nil)
            outcome.visits += 1
            last.append((visit.server, visit.session))
        }
        try go(1..<Self.visits / 2, at: nodes, killed: nil)
    }

    /// The visits after it, at machines whose server ``killed`` takes no connection.
    package mutating func goOn(at nodes: [some AffinityNode]) throws {
        try go(Self.visits / 2..<Self.visits, at: nodes, killed: Self.killed)
    }

    private static func node(of lineage: Int, _ round: Int) -> Int { (lineage + round) % nodes }

    private mutating func go(_ rounds: Range<Int>, at nodes: [some AffinityNode], killed: Int?) throws {
        for round in rounds {
            for (place, lineage) in lineages.enumerated() {
                let before = last[place].server
                let visit = try nodes[Self.node(of: lineage, round)].visit(resuming: last[place].session)
                outcome.visits += 1
                if visit.wasResumed { outcome.resumed += 1 }
                if visit.server == killed { outcome.ghosts += 1 }
                if before == killed {
                    outcome.moved[visit.server] += 1
                } else if visit.server != before {
                    outcome.strays += 1
                }
                last[place] = (visit.server, visit.session)
            }
        }
    }
}

extension AffinityScenario.Outcome {
    /// How many visits should have resumed a session: all but the first of each lineage.
    package var expectedResumptions: Int { visits - visits / AffinityScenario.visits }
}

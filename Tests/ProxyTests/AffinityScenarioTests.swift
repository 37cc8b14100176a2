import RepriseEventLoop
import RepriseProxy
import RepriseResumption
import RepriseRouting
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Lineages that visit three machines in turn while a server dies half-way: in memory, and through workers over sockets.
@Suite struct AffinityScenarioTests {
    /// How many lineages a server may be given beyond an even share, or below it.
    ///
    /// Each machine gives those that must move to the servers in turn, so that it gives any two the same number, or one more;
    /// with three machines the distance from even is less than three.
    private static let bound = Double(AffinityScenario.nodes)

    private static func check(_ outcome: AffinityScenario.Outcome, lineages: Int) {
        #expect(outcome.visits == lineages * AffinityScenario.visits)
        #expect(outcome.resumed == outcome.expectedResumptions)
        #expect(outcome.strays == 0, "a lineage whose server lives is routed elsewhere")
        #expect(outcome.ghosts == 0)
        // Those of the dead server are a tenth: at first servers have their turns too.
        let even = Double(lineages) / Double(AffinityScenario.servers)
        #expect(abs(Double(outcome.movedLineages) - even) < bound, "\(outcome.moved)")
        #expect(outcome.largestDeviation * outcome.evenShare < bound, "\(outcome.moved)")
    }

    @Test func `a thousand lineages keep their servers on three machines, and a dead one's spread evenly`() async throws
    {
        let outcome = try await onOwnThread {
            let fleet = try MemoryFleet(nodes: AffinityScenario.nodes, servers: AffinityScenario.servers)
            var scenario = AffinityScenario(lineages: 0..<1000)
            try scenario.begin(at: fleet.nodes())
            try scenario.goOn(at: fleet.nodes(killed: AffinityScenario.killed))
            return scenario.outcome
        }
        Self.check(outcome, lineages: 1000)
    }

    @Test func `workers with the same ticket keys keep a lineage's server between them`() async throws {
        try await Self.throughWorkers(lineages: 100)
    }

    @Test(.slow) func `a thousand lineages keep their servers on three workers`() async throws {
        try await Self.throughWorkers(lineages: 1000)
    }

    private static func throughWorkers(lineages: Int) async throws {
        let fleet = try WorkerFleet()
        let all = try await fleet.workers()
        var nodes = all.map { WorkerNode(port: $0.port) }
        let half = try await onOwnThread { [nodes] in
            var scenario = AffinityScenario(lineages: 0..<lineages)
            try scenario.begin(at: nodes)
            return scenario
        }
        for worker in all { await worker.end() }
        let rest = try await fleet.workers(killed: AffinityScenario.killed)
        nodes = rest.map { WorkerNode(port: $0.port) }
        let outcome = try await onOwnThread { [nodes] in
            var scenario = half
            try scenario.goOn(at: nodes)
            return scenario.outcome
        }
        check(outcome, lineages: lineages)
        let moved = rest.reduce(0) { $0 + $1.affinity("moved") }
        let kept = (all + rest).reduce(0) { $0 + $1.affinity("kept") }
        #expect(moved == outcome.movedLineages)
        #expect(kept == outcome.expectedResumptions - moved)
        for worker in rest { await worker.end() }
    }
}

/// Servers, and workers before them that have nothing in common but the ticket keys.
private final class WorkerFleet {
    private let upstreams = (0..<AffinityScenario.servers).map { number in
        TestUpstream { peer in
            peer.send([UInt8(number)])
            peer.sendBackAll()
            peer.close()
        }
    }
    private let domains: [SessionDomain]

    init() throws {
        let key = try MemoryFleet.sharedKey()
        domains = try (0..<AffinityScenario.nodes).map { _ in
            let domain = try TestWorker.domain()
            domain.keys.replace(with: [key], at: Clocks.wall())
            return domain
        }
    }

    /// A worker for each machine, which keeps its sessions.
    ///
    /// - Parameter killed: a server that is where nobody listens now, under the same id and address.
    func workers(killed: Int? = nil) async throws -> [TestWorker] {
        var servers = upstreams.enumerated().map { TestWorker.server(Int($1.port), id: "s\($0)") }
        if let killed {
            servers[killed] = UpstreamServer(
                id: servers[killed].id, endpoints: [.unix(path: "/nonexistent/s")], address: servers[killed].address)
        }
        var workers: [TestWorker] = []
        for domain in domains {
            var parts = TestWorker.Parts()
            parts.balancing.affinity = .session
            parts.settings.ticketsWaitForUpstream = true
            parts.domain = domain
            workers.append(try await TestWorker(before: servers, parts))
        }
        return workers
    }
}

/// A worker that lineages visit over a socket.
private struct WorkerNode: AffinityNode {
    let port: Int

    func visit(resuming session: MemoryClient.Session?) throws -> AffinityVisit {
        let client = try SocketClient(port: port, SessionCarrier.stateless.client(resuming: session))
        var server: Int?
        while server == nil {
            if let bytes = try client.tls.read(), let first = bytes.first {
                server = Int(first)
            } else if !client.takeIn() {
                break
            }
        }
        client.tls.sendCloseNotify()
        client.flush()
        while client.takeIn() {}
        return AffinityVisit(
            server: try #require(server), wasResumed: client.tls.wasResumed, session: client.tls.sessions.last)
    }
}

extension TestWorker {
    /// How many connections had that result.
    fileprivate func affinity(_ result: String) -> Int {
        let sample = "reprise_affinity_total{upstream=\"app\",result=\"\(result)\"} "
        let line = metrics.split(separator: "\n").first { $0.hasPrefix(sample) }
        return line.flatMap { Int($0.dropFirst(sample.count)) } ?? 0
    }
}

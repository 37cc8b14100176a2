package import RepriseResumption
import RepriseRouting
import RepriseTLS
package import RepriseVocabulary

/// Machines in memory before the same servers: each has sessions and an upstream group of its own, all have the same ticket
/// keys.
///
/// It is what a worker does with a connection, without sockets: TLS on both sides, the memory in the ticket, the group's choice.
package final class MemoryFleet: Sendable {
    private let domains: [SessionDomain]
    private let groups: [UpstreamGroup]

    /// - Parameter policy: how each machine balances connections without a memory.
    package init(nodes: Int, servers: Int, _ policy: BalancePolicy = .roundRobin) throws {
        let key = try Self.sharedKey()
        domains = (0..<nodes).map { _ in
            let domain = MemoryServer.domain()
            domain.keys.replace(with: [key], at: MemoryServer.now)
            return domain
        }
        var balancing = Balancing(policy)
        balancing.affinity = .session
        let servers = (0..<servers).map {
            UpstreamServer(id: "s\($0)", endpoints: [.ip(.loopback4, port: UInt16(9000 + $0))])
        }
        groups = (0..<nodes).map { _ in UpstreamGroup(name: "app", servers: servers, balancing: balancing) }
    }

    /// A ticket key for several machines, as their files would bring it.
    package static func sharedKey() throws -> TicketKey {
        let name = SessionCrypto.bytes(16).withUnsafeBytes { TicketKeyName($0) }
        let key = name.flatMap {
            TicketKey(
                name: $0, aes: Secret(count: 32, TicketKey.systemRandom),
                hmac: Secret(count: 32, TicketKey.systemRandom))
        }
        guard let key else { throw MemoryClient.Failure(description: "no ticket key") }
        return key
    }

    /// The machines as one thread drives them; each thread asks for its own.
    ///
    /// - Parameter killed: a server that takes no connection.
    package func nodes(killed: Int? = nil) throws -> [Node] {
        try zip(domains, groups).map { try Node($0, $1, killed: killed) }
    }

    /// One machine on one thread.
    package struct Node: AffinityNode {
        private let listener: MemoryListener
        private let group: UpstreamGroup
        private let killed: Int?
        /// Whose context all clients have.
        private let model: MemoryClient

        init(_ domain: SessionDomain, _ group: UpstreamGroup, killed: Int?) throws {
            var listener = try MemoryServer.context(domain: domain)
            listener.holdsTickets = true
            (self.listener, self.group, self.killed) = (listener, group, killed)
            model = try MemoryClient(SessionCarrier.stateless.client())
        }

        package func visit(resuming session: MemoryClient.Session?) throws -> AffinityVisit {
            let pair = try MemoryPair(
                server: listener, client: SessionCarrier.stateless.client(resuming: session), like: model)
            guard pair.handshake() == .done else {
                throw pair.clientFailure ?? MemoryClient.Failure(description: "the handshake does not end")
            }
            let server = try connect(pair.sessions)
            // As a worker does: the tickets have waited for the server.
            pair.server.issueTickets()
            pair.server.sendCloseNotify()
            pair.toClient()
            while let bytes = try pair.client.read(), !bytes.isEmpty {}
            _ = pair.sessions.connectionEnded(.clientCloseNotify)
            return AffinityVisit(
                server: server, wasResumed: pair.client.wasResumed, session: pair.client.sessions.last)
        }

        /// Chooses a server that takes the connection, and has the session remember it.
        private func connect(_ sessions: ConnectionResumption) throws -> Int {
            var selection = group.begin(hash: 0, preferring: group.remembered(sessions.upstream).index)
            defer { selection.end() }
            while let (index, _) = selection.next() {
                guard index != killed else { continue }
                sessions.remember(group.memory(of: index))
                return index
            }
            throw MemoryClient.Failure(description: "no server takes the connection")
        }
    }
}

internal import RepriseAdmin
internal import RepriseEventLoop
internal import RepriseRouting
internal import RepriseVocabulary

/// The upstream groups in force, for the administrative endpoint: its thread looks, and changes servers for an operator.
final class UpstreamBoard: Sendable {
    private let groups = Locked<[UpstreamGroup]>([])

    /// These are in force from now on.
    func put(_ groups: [UpstreamGroup]) { self.groups.withLock { $0 = groups } }

    /// What the endpoint shows and does.
    ///
    /// - Parameter changed: is told of what an operator has changed.
    func face(
        _ changed: @escaping @Sendable (_ upstream: String, _ server: String, AdminServerChange) -> Void
    )
        -> AdminUpstreams
    {
        AdminUpstreams(
            list: { [self] in groups.withLock { $0 }.map(AdminUpstream.init) },
            change: { [self] upstream, server, change in
                let group = groups.withLock { groups in groups.first { $0.name == upstream } }
                guard let group, let index = group.index(of: server) else { return false }
                if let isDrained = change.isDrained { _ = group.setDrained(index, isDrained, at: Clocks.monotonic()) }
                if let percent = change.percent { group.setPercent(index, percent) }
                changed(upstream, server, change)
                return true
            })
    }
}

extension AdminUpstream {
    fileprivate init(_ group: UpstreamGroup) {
        let servers = zip(group.servers, group.conditions).map { server, known in
            AdminServerView(
                id: server.id, address: server.address, endpoints: server.endpoints, weight: server.weight,
                percent: known.condition.percent, isBackup: server.isBackup, state: known.condition.state,
                reason: known.condition.reason, check: known.condition.check.word, connections: known.load)
        }
        self.init(name: group.name, balance: group.balancing.policy.word, servers: servers)
    }
}

extension ServerCondition.Check {
    /// One word for it.
    fileprivate var word: String {
        switch self {
        case .unchecked: "unchecked"
        case .up: "up"
        case .down: "down"
        }
    }
}

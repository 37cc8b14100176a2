internal import RepriseAdmin
internal import RepriseEventLoop
internal import RepriseProxy
internal import RepriseRouting
internal import RepriseVocabulary

/// The upstream groups in force, for the administrative endpoint: its thread looks, and changes servers for an operator.
final class UpstreamBoard: Sendable {
    private let groups = Locked<[UpstreamGroup]>([])
    private let transports = Locked(UpstreamTransports())

    /// These are in force from now on.
    func put(_ groups: [UpstreamGroup], _ transports: UpstreamTransports) {
        self.groups.withLock { $0 = groups }
        self.transports.withLock { $0 = transports }
    }

    /// What the endpoint shows and does.
    ///
    /// - Parameter changed: is told of what an operator has changed.
    func face(
        _ changed: @escaping @Sendable (_ upstream: String, _ server: String, AdminServerChange) -> Void
    )
        -> AdminUpstreams
    {
        AdminUpstreams(
            list: { [self] in
                let transports = transports.withLock { $0 }
                return groups.withLock { $0 }.map { AdminUpstream($0, transports) }
            },
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
    fileprivate init(_ group: UpstreamGroup, _ transports: UpstreamTransports) {
        let known = zip(group.servers, group.conditions).enumerated()
        let servers = known.map { index, pair in
            let (server, known) = pair
            var view = AdminServerView(
                id: server.id, address: server.address, endpoints: server.endpoints, weight: server.weight,
                percent: known.condition.percent, isBackup: server.isBackup, state: known.condition.state,
                reason: known.condition.reason, check: known.condition.check.word, connections: known.load)
            view.tls = transports.seen(group.name, index).map { AdminServerView.TLS($0) }
            return view
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

extension AdminServerView.TLS {
    fileprivate init(_ seen: UpstreamSeen) {
        self.init(notAfter: seen.notAfter)
        switch seen.last {
        case nil: break
        case .full: last = "full"
        case .resumed(let means): last = means.word
        case .failed(let cause, let detail): (last, failure) = ("failed", "\(cause): \(detail)")
        }
    }
}

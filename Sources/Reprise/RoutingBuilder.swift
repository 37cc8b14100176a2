internal import RepriseConfiguration
internal import RepriseProxy
internal import RepriseRouting
internal import RepriseVocabulary

/// A checked plan's routes: the names that listeners and hosts give turned into groups and routers.
struct RoutingBuilder {
    private let groups: [String: UpstreamGroup]
    private let plans: [String: RouterPlan]
    private let plugged: [String: any UpstreamRouter]
    private let table: RouteTable

    /// - Parameter plugged: the program's routers, by name.
    init(_ plan: Plan, _ groups: [String: UpstreamGroup], _ plugged: [String: any UpstreamRouter]) {
        self.groups = groups
        self.plugged = plugged
        plans = Dictionary(plan.routers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        table = RouteTable(groups)
    }

    /// Where a listener's connections go.
    func routing(of listener: ListenerPlan) -> Routing {
        let own = listener.tls.hosts.filter { $0.router != nil && $0.router != listener.router }
        let fallback = step(listener.router)
        let first: ComposedRouter.Step =
            own.isEmpty
            ? fallback
            : .host(
                Dictionary(
                    own.map { ($0.id, step($0.router ?? listener.router)) }, uniquingKeysWith: { first, _ in first }),
                default: fallback)
        if case .group(let group) = first { return .group(group) }
        return .router(PluggedRouter(listener.router, ComposedRouter(first)), table)
    }

    private func step(_ name: String) -> ComposedRouter.Step {
        if let group = groups[name] { return .group(group) }
        if let router = plugged[name] { return .plugged(name, router) }
        guard let plan = plans[name] else {
            preconditionFailure("a checked plan routes to \(name), which it does not have")
        }
        return step(plan)
    }

    private func step(_ plan: RouterPlan) -> ComposedRouter.Step {
        var keyed = plan.rules
        let last = keyed.firstIndex { $0.key == RouterPlan.fallback }.map { keyed.remove(at: $0) }
        let fallback = last.map { step($0.target) }
        switch plan.rules.first?.field {
        case .sni:
            var (exact, wildcard): ([String: ComposedRouter.Step], [String: ComposedRouter.Step]) = ([:], [:])
            for rule in keyed {
                switch NamePattern(rule.key) {
                case .exact(let name): exact[name.text] = step(rule.target)
                case .wildcard(let parent): wildcard[parent.text] = step(rule.target)
                case nil: preconditionFailure("a checked plan has names only")
                }
            }
            return .name(exact: exact, wildcard: wildcard, default: fallback)
        case .network:
            let networks = keyed.compactMap { rule in
                IPNetwork(parsing: rule.key).map { (network: $0, step: step(rule.target)) }
            }
            return .network(networks.sorted { $0.network.prefix > $1.network.prefix }, default: fallback)
        case .alpn, nil:
            return .applicationProtocol(
                Dictionary(keyed.map { ($0.key, step($0.target)) }, uniquingKeysWith: { first, _ in first }),
                default: fallback)
        }
    }
}

internal import RepriseConfiguration
internal import RepriseProxy
internal import RepriseRouting
internal import RepriseVocabulary

/// A checked plan's routes: the names that listeners and hosts give turned into groups and routers.
struct RoutingBuilder {
    /// The plan's groups and routers, and the program's, each built once.
    private var steps: [String: RoutingStep] = [:]
    private let plans: [String: RouterPlan]
    private let table: RouteTable
    /// The places of what routes say of TLS, each at its number.
    private let encrypted: [Source]

    /// - Parameter plugged: the program's routers, by name.
    init(_ plan: Plan, _ groups: [String: UpstreamGroup], _ plugged: [String: any UpstreamRouter]) {
        plans = Dictionary(plan.routers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        encrypted = plan.encryptedRoutes.map(\.tls.source)
        table = RouteTable(groups)
        for (name, group) in groups { steps[name] = RoutingStep(.group(group)) }
        for (name, router) in plugged { steps[name] = RoutingStep(.plugged(PluggedRouter(name, router))) }
    }

    /// Where a listener's connections go.
    mutating func routing(of listener: ListenerPlan) -> Routing {
        let fallback = step(listener.router)
        var own: [String: RoutingStep] = [:]
        for host in listener.tls.hosts {
            if let router = host.router, router != listener.router { own[host.id] = step(router) }
        }
        return Routing(own.isEmpty ? fallback : RoutingStep(.host(own, default: fallback)), table)
    }

    private mutating func step(_ name: String) -> RoutingStep {
        if let step = steps[name] { return step }
        guard let plan = plans[name] else {
            preconditionFailure("a checked plan routes to \(name), which it does not have")
        }
        let step = RoutingStep(kind(of: plan))
        steps[name] = step
        return step
    }

    private mutating func kind(of plan: RouterPlan) -> RoutingStep.Kind {
        var routes: [(key: String, step: RoutingStep)] = []
        var fallback: RoutingStep?
        for rule in plan.rules {
            var step = step(rule.target)
            let terms = RouteTerms(
                sendProxy: rule.sendProxy, tls: rule.tls.flatMap { encrypted.firstIndex(of: $0.source) })
            if terms != RouteTerms() { step = RoutingStep(.on(terms, step)) }
            if rule.key == RouterPlan.fallback { fallback = step } else { routes.append((rule.key, step)) }
        }
        switch plan.rules.first?.field {
        case .sni:
            return .name(
                NameTable(routes.compactMap { route in NamePattern(route.key).map { ($0, route.step) } }),
                default: fallback)
        case .network:
            let networks = routes.compactMap { route in IPNetwork(parsing: route.key).map { ($0, route.step) } }
            return .network(
                networks.sorted { $0.0.prefix > $1.0.prefix }.map { (network: $0, step: $1) }, default: fallback)
        case .certificate:
            return .certificate(
                routes.compactMap { route in
                    CertificateName(orAttribute: route.key).map { (name: $0, step: route.step) }
                }, default: fallback)
        case .alpn, nil:
            return .applicationProtocol(routes.map { (name: $0.key, step: $0.step) }, default: fallback)
        }
    }
}

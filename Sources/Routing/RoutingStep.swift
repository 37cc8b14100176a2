package import RepriseVocabulary

/// What a route says of the servers that it leads to, instead of what they say themselves.
package struct RouteTerms: Sendable, Hashable {
    /// How they are told who the client is.
    package var sendProxy: ProxyProtocolVersion?
    /// The number of how they are spoken TLS to.
    package var tls: Int?

    package init(sendProxy: ProxyProtocolVersion? = nil, tls: Int? = nil) {
        (self.sendProxy, self.tls) = (sendProxy, tls)
    }

    mutating func add(_ other: RouteTerms) {
        if let sendProxy = other.sendProxy { self.sendProxy = sendProxy }
        if let tls = other.tls { self.tls = tls }
    }
}

/// A step on the way to an upstream: one property of the connection is looked at, down to a group or a program's router.
///
/// Each router of a configuration is one step, however many lead to it.
package final class RoutingStep: Sendable {
    /// What it looks at.
    package enum Kind: Sendable {
        case group(UpstreamGroup)
        /// A program's router.
        case plugged(PluggedRouter)
        /// The name that the client asks for.
        case name(NameTable, default: RoutingStep?)
        /// The application protocol that was agreed on.
        case applicationProtocol([(name: String, step: RoutingStep)], default: RoutingStep?)
        /// The client's address: networks, the smallest first.
        case network([(network: IPNetwork, step: RoutingStep)], default: RoutingStep?)
        /// The client's certificate: the first name that it has.
        case certificate([(name: CertificateName, step: RoutingStep)], default: RoutingStep?)
        /// The host that serves the client.
        case host([String: RoutingStep], default: RoutingStep)
        /// The same step, with what the route to it says of the servers there.
        case on(RouteTerms, RoutingStep)
    }

    private let kind: Kind

    package init(_ kind: Kind) {
        self.kind = kind
    }

    /// Whether it is a group itself.
    package var isGroup: Bool { if case .group = kind { true } else { false } }

    /// Where the steps end.
    package enum Leaf: Sendable {
        case group(UpstreamGroup)
        case plugged(PluggedRouter)
        case refusal(RouteRefusal)
    }

    /// Follows the steps; what fits none of a step's routes is refused by the alert for that property. No allocation.
    ///
    /// - Parameter terms: gets what the routes on the way say, of which the last counts.
    package func leaf(
        for connection: borrowing ConnectionView, _ terms: inout RouteTerms
    ) -> Leaf {
        var step = self
        while true {
            let next: RoutingStep?
            let alert: TLSAlert
            switch step.kind {
            case .group(let group): return .group(group)
            case .plugged(let router): return .plugged(router)
            case .name(let table, let fallback):
                (next, alert) = (connection.serverName.flatMap { table[$0] } ?? fallback, .unrecognizedName)
            case .applicationProtocol(let steps, let fallback):
                let found = connection.applicationProtocol.flatMap { name in steps.first { $0.name == name }?.step }
                (next, alert) = (found ?? fallback, .noApplicationProtocol)
            case .network(let steps, let fallback):
                let address = connection.client.address
                let found = address.flatMap { address in steps.first { $0.network.contains(address) }?.step }
                (next, alert) = (found ?? fallback, .accessDenied)
            case .certificate(let steps, let fallback):
                let found = steps.first { connection.lent.clientCertificateHas($0.name) }?.step
                (next, alert) = (found ?? fallback, .accessDenied)
            case .on(let own, let same):
                terms.add(own)
                (next, alert) = (same, .internalError)
            case .host(let steps, let fallback):
                (next, alert) = (connection.host.flatMap { steps[$0] } ?? fallback, .accessDenied)
            }
            guard let next else { return .refusal(.alert(alert)) }
            step = next
        }
    }

    /// All groups and program's routers that it can lead to; each once.
    package var reachable: (groups: [UpstreamGroup], plugged: [PluggedRouter]) {
        var (groups, plugged): ([UpstreamGroup], [PluggedRouter]) = ([], [])
        var seen: Set<ObjectIdentifier> = []
        var open = [self]
        while let step = open.popLast() {
            guard seen.insert(ObjectIdentifier(step)).inserted else { continue }
            switch step.kind {
            case .group(let group): groups.append(group)
            case .plugged(let router): plugged.append(router)
            case .name(let table, let fallback): open += table.steps + [fallback].compactMap(\.self)
            case .applicationProtocol(let steps, let fallback):
                open += steps.map(\.step) + [fallback].compactMap(\.self)
            case .network(let steps, let fallback): open += steps.map(\.step) + [fallback].compactMap(\.self)
            case .certificate(let steps, let fallback): open += steps.map(\.step) + [fallback].compactMap(\.self)
            case .on(_, let same): open.append(same)
            case .host(let steps, let fallback): open += Array(steps.values) + [fallback]
            }
        }
        return (groups, plugged)
    }
}

/// A program's router with its name in the configuration.
package final class PluggedRouter: Sendable {
    package let name: String
    package let router: any UpstreamRouter
    private let warned = Locked<Instant?>(nil)

    /// How often one router is warned of at most.
    private static let warningInterval = Duration.seconds(60)

    package init(_ name: String, _ router: any UpstreamRouter) {
        (self.name, self.router) = (name, router)
    }

    /// Whether a warning about it is due, and counts as given.
    package func mayWarn(at now: Instant) -> Bool {
        warned.withLock { last in
            if let last, now - last < Self.warningInterval { return false }
            last = now
            return true
        }
    }
}

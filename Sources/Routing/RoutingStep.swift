package import RepriseVocabulary

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
        case applicationProtocol([String: RoutingStep], default: RoutingStep?)
        /// The client's address: networks, the smallest first.
        case network([(network: IPNetwork, step: RoutingStep)], default: RoutingStep?)
        /// The client's certificate: the first name that it has.
        case certificate([(name: CertificateName, step: RoutingStep)], default: RoutingStep?)
        /// The host that serves the client.
        case host([String: RoutingStep], default: RoutingStep)
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
    package func leaf(for connection: borrowing ConnectionView) -> Leaf {
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
                let found = connection.applicationProtocol.flatMap { steps[$0] }
                (next, alert) = (found ?? fallback, .noApplicationProtocol)
            case .network(let steps, let fallback):
                let address = connection.client.address
                let found = address.flatMap { address in steps.first { $0.network.contains(address) }?.step }
                (next, alert) = (found ?? fallback, .accessDenied)
            case .certificate(let steps, let fallback):
                let found = steps.first { connection.lent.clientCertificateHas($0.name) }?.step
                (next, alert) = (found ?? fallback, .accessDenied)
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
                open += Array(steps.values) + [fallback].compactMap(\.self)
            case .network(let steps, let fallback): open += steps.map(\.step) + [fallback].compactMap(\.self)
            case .certificate(let steps, let fallback): open += steps.map(\.step) + [fallback].compactMap(\.self)
            case .host(let steps, let fallback): open += Array(steps.values) + [fallback]
            }
        }
        return (groups, plugged)
    }
}

/// Steps by host names: the name itself, then `*.` with the rest of it. Looked up without an allocation.
package struct NameTable: Sendable {
    private var exact: [UInt64: [(name: [UInt8], step: RoutingStep)]] = [:]
    private var wildcard: [UInt64: [(name: [UInt8], step: RoutingStep)]] = [:]

    package init(_ routes: [(pattern: NamePattern, step: RoutingStep)]) {
        for (pattern, step) in routes {
            switch pattern {
            case .exact(let name): exact[Self.hash(name.text.utf8), default: []].append((Array(name.text.utf8), step))
            case .wildcard(let rest):
                wildcard[Self.hash(rest.text.utf8), default: []].append((Array(rest.text.utf8), step))
            }
        }
    }

    var steps: [RoutingStep] { (Array(exact.values) + Array(wildcard.values)).flatMap { $0.map(\.step) } }

    /// The step for a name as a client asks for it, in any case and perhaps with a dot at its end.
    subscript(name: String) -> RoutingStep? {
        var name = name.utf8[...]
        if name.last == UInt8(ascii: ".") { name = name.dropLast() }
        if let found = Self.find(name, in: exact) { return found }
        guard !wildcard.isEmpty, let dot = name.firstIndex(of: UInt8(ascii: ".")), dot != name.startIndex else {
            return nil
        }
        return Self.find(name[name.index(after: dot)...], in: wildcard)
    }

    private static func find(
        _ name: Substring.UTF8View, in table: [UInt64: [(name: [UInt8], step: RoutingStep)]]
    ) -> RoutingStep? {
        table[hash(name)]?.first { $0.name.elementsEqual(name.lazy.map(lower)) }?.step
    }

    private static func hash(_ name: some Sequence<UInt8>) -> UInt64 {
        var hash = StableHash(5)
        for byte in name { hash.absorb(UInt64(lower(byte))) }
        return hash.value
    }

    private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
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

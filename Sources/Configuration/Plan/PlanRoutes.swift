internal import RepriseVocabulary

/// Where the routers of a plan can lead to; made once for all hosts, of which there may be thousands.
struct PlanRoutes {
    private let routers: [String: RouterPlan]
    private let tables: [String: NameTable]

    init(_ plan: Plan) {
        routers = Dictionary(plan.routers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        tables = routers.filter { $0.value.isByNames }.mapValues { NameTable($0.rules) }
    }

    /// The upstream groups that connections to a host may reach, by the names that it answers to; a program's routers are
    /// not looked into.
    ///
    /// - Parameter isDefault: whether it also serves the names that no host has.
    func groups(of host: HostPlan, isDefault: Bool, of listener: ListenerPlan) -> Set<String> {
        let others = isDefault ? Set(listener.tls.hosts.filter { $0.id != host.id }.flatMap(\.names)) : nil
        var found: Set<String> = []
        var open = [host.router ?? listener.router]
        while let name = open.popLast() {
            guard found.insert(name).inserted, let router = routers[name] else { continue }
            open += tables[name]?.targets(of: host, others: others) ?? router.rules.map(\.target)
        }
        return found.filter { routers[$0] == nil }
    }
}

extension RouterPlan {
    fileprivate var isByNames: Bool { rules.allSatisfy { $0.field == .sni } }
}

/// The rules of a router by names, by what hosts are looked up with.
private struct NameTable {
    private let rules: [(pattern: NamePattern?, target: String)]
    private let fallback: [String]
    private let targets: [NamePattern: String]
    /// Those of exact names, by the name behind the first label.
    private let below: [String: [String]]
    /// Those of wildcards, by the name behind the star.
    private let wildcards: [String: String]

    init(_ rules: [RouterPlan.Rule]) {
        self.rules = rules.map { (NamePattern($0.key), $0.target) }
        fallback = rules.filter { $0.key == RouterPlan.fallback }.map(\.target)
        var targets: [NamePattern: String] = [:]
        var below: [String: [String]] = [:]
        var wildcards: [String: String] = [:]
        for case (let pattern?, let target) in self.rules where targets[pattern] == nil {
            targets[pattern] = target
            switch pattern {
            case .exact(let name): if let parent = name.parent { below[parent, default: []].append(target) }
            case .wildcard(let parent): wildcards[parent.text] = target
            }
        }
        (self.targets, self.below, self.wildcards) = (targets, below, wildcards)
    }

    /// - Parameter others: where it serves the names that no host has, the names that other hosts have.
    func targets(of host: HostPlan, others: Set<NamePattern>?) -> [String] {
        host.names.flatMap { pattern -> [String] in
            // A wildcard host has names of which some may have a route of their own.
            let (within, wildcard): ([String], String?) =
                switch pattern {
                case .exact(let name): ([], name.parent.flatMap { wildcards[$0] })
                case .wildcard(let parent): (below[parent.text] ?? [], nil)
                }
            let own = targets[pattern] ?? wildcard
            return within + (own.map { [$0] } ?? fallback)
        }
            + (others.map { others in
                rules.filter { $0.pattern.map { !others.contains($0) } ?? true }.map(\.target)
            } ?? [])
    }
}

internal import RepriseVocabulary

/// Where the routers of a plan can lead to.
extension Plan {
    /// The upstream groups that connections to a host may reach, by the names that it answers to; a program's routers are
    /// not looked into.
    ///
    /// - Parameter isDefault: whether it also serves the names that no host has.
    func groups(of host: HostPlan, isDefault: Bool, of listener: ListenerPlan) -> Set<String> {
        let others = Set(listener.tls.hosts.filter { $0.id != host.id }.flatMap(\.names))
        let routers = Dictionary(self.routers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var found: Set<String> = []
        var open = [host.router ?? listener.router]
        while let name = open.popLast() {
            guard found.insert(name).inserted, let router = routers[name] else { continue }
            open += router.targets(of: host, others: isDefault ? others : nil)
        }
        return found.subtracting(routers.keys)
    }
}

extension RouterPlan {
    /// - Parameter others: where it serves the names that no host has, the names that other hosts have.
    fileprivate func targets(of host: HostPlan, others: Set<NamePattern>?) -> [String] {
        guard rules.allSatisfy({ $0.field == .sni }) else { return rules.map(\.target) }
        let table = Dictionary(
            rules.compactMap { rule in NamePattern(rule.key).map { ($0, rule.target) } },
            uniquingKeysWith: { first, _ in first })
        let fallback = rules.filter { $0.key == Self.fallback }.map(\.target)
        return host.names.flatMap { pattern -> [String] in
            // A wildcard host has names of which some may have a route of their own.
            let within = table.filter { pattern != $0.key && pattern.covers($0.key) }.map(\.value)
            let own = table[pattern] ?? table.first { $0.key.covers(pattern) }?.value
            return within + (own.map { [$0] } ?? fallback)
        }
            + (others.map { others in
                rules.filter { NamePattern($0.key).map { !others.contains($0) } ?? true }.map(\.target)
            } ?? [])
    }
}

extension NamePattern {
    /// Whether it is a wildcard for that exact name.
    fileprivate func covers(_ other: NamePattern) -> Bool {
        if case .wildcard(let parent) = self, case .exact(let name) = other {
            name.parent == parent.text
        } else {
            false
        }
    }
}

internal import RepriseConfiguration
internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseVocabulary

/// What a reload leaves behind: stores, counts and series of listeners that it removed or renamed, for as long as their
/// connections last.
extension Server {
    /// How often it is looked whether the last of them is over.
    static let leavingInterval = Duration.seconds(1)

    /// Lets go of what nobody has any more, and comes back while somebody has.
    func letGoOfTheGone() {
        // A reload has parts that its plan does not show yet.
        guard isServing, let plan else { return }
        let waits = lasting.letGo(allBut: plan)
        maintenance.sessions?.keep(lasting.domains)
        let listeners = lasting.listeners
        registry.removeSeries(with: ["listener"]) { listeners.contains($0[0]) }
        // A connection that is on its way to a server counts in its own cells, unseen, until it is there.
        let serversWait = forgetServers(but: plan)
        if waits || serversWait { maintenance.leaving?.schedule(after: Self.leavingInterval) }
    }

    /// Takes the series of servers away that the plan does not have, once nobody is connected to them.
    private func forgetServers(but plan: Plan) -> Bool {
        let servers = Set(plan.upstreams.flatMap { upstream in upstream.servers.map { [upstream.name, $0.id] } })
        var used = Set<String>()
        let open = registry.values(MetricCatalog.upstreamConnectionsOpen).filter {
            $0.value > 0 && !servers.contains($0.key)
        }
        for (labels, _) in open { used.insert(labels[0]) }
        registry.removeSeries(with: ["upstream", "server"]) { servers.contains($0) || open[$0] != nil }
        let names = Set(plan.upstreams.map(\.name)).union(used)
        registry.removeSeries(with: ["upstream"]) { names.contains($0[0]) }
        return !open.isEmpty
    }
}

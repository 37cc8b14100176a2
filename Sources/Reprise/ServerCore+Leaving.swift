internal import RepriseConfiguration
internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseVocabulary

/// The remains after a reload: stores, counts and series of listeners that it removed or renamed, for as long as their
/// connections last.
extension ServerCore {
    /// How often we check whether the last of them is over.
    static let leavingInterval = Duration.seconds(1)

    /// Frees what no connection uses, and checks again later while some is in use.
    func letGoOfTheGone() {
        // A reload has parts that its plan does not show yet.
        guard isServing, let plan else { return }
        let waits = lasting.letGo(allBut: plan)
        maintenance.sessions?.keep(lasting.domains)
        let listeners = lasting.listeners
        registry.removeSeries(with: ["listener"]) { listeners.contains($0[0]) }
        // A connection on its way to a server counts in its own cells, unseen, until it has reached the server.
        let serversWait = forgetServers(but: plan)
        if waits || serversWait { maintenance.leaving?.schedule(after: Self.leavingInterval) }
    }

    /// Removes the series of servers that the plan does not have, once no connection to them is open.
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

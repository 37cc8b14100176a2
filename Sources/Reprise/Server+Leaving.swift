internal import Configuration
internal import EventLoop
internal import Metrics

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
        sessionUpkeep?.keep(lasting.domains)
        let listeners = lasting.listeners
        registry.removeSeries("listener") { listeners.contains($0) }
        // A connection that is left counts in its own cells, unseen.
        let upstreams = Set(plan.upstreams.map(\.name))
        let servers = Set(plan.upstreams.flatMap { $0.servers.map(\.id) })
        registry.removeSeries("upstream") { upstreams.contains($0) }
        registry.removeSeries("server") { servers.contains($0) }
        if waits { leaving?.schedule(after: Self.leavingInterval) }
    }
}

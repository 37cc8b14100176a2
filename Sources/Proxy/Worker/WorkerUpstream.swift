internal import Metrics
internal import Routing

/// An upstream group as one worker sees it: the group that all share, and this worker's metric cells.
final class WorkerUpstream {
    let group: UpstreamGroup
    /// In the order of the group's servers.
    let servers: [UpstreamServerMetrics]
    let connectDuration: Histogram

    init(_ group: UpstreamGroup, registry: MetricRegistry, shard: Int) {
        self.group = group
        servers = group.servers.map { UpstreamServerMetrics(group.name, $0.id, registry: registry, shard: shard) }
        connectDuration = registry.histogram(MetricCatalog.connectDuration, [group.name], shard: shard)
    }
}

/// The metric cells of one upstream server on one worker.
final class UpstreamServerMetrics {
    let connects: Counter
    let open: Gauge
    private let failures: [Counter]

    init(_ group: String, _ server: String, registry: MetricRegistry, shard: Int) {
        connects = registry.counter(MetricCatalog.upstreamConnects, [group, server], shard: shard)
        open = registry.gauge(MetricCatalog.upstreamConnectionsOpen, [group, server], shard: shard)
        failures = ConnectFailure.allCases.map { reason in
            registry.counter(MetricCatalog.upstreamConnectFailures, [group, server, reason.name], shard: shard)
        }
    }

    func failed(_ reason: ConnectFailure) { failures[reason.rawValue].add(1) }
}

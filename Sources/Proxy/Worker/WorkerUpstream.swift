internal import RepriseMetrics
internal import RepriseRouting
internal import RepriseTLS
internal import RepriseVocabulary

/// An upstream group as one worker sees it: the group that all share, and this worker's metric cells.
final class WorkerUpstream {
    let group: UpstreamGroup
    let transport: Transport
    /// In the order of the group's servers.
    let servers: [UpstreamServerMetrics]
    let connectDuration: Histogram
    private let affinity: CounterList<AffinityResult>?
    private let waits: CounterList<QueueResult>
    private let retries: CounterList<RetryResult>

    /// What is between the plaintext and its servers' sockets.
    enum Transport {
        case plain
        /// - `serverName`: the name that its servers are asked for (SNI) and verified against.
        case tls(ClientContext, serverName: String?)
    }

    init(_ group: UpstreamGroup, _ transport: Transport, registry: MetricRegistry, shard: Int) {
        self.group = group
        self.transport = transport
        servers = group.servers.map { UpstreamServerMetrics(group.name, $0.id, registry: registry, shard: shard) }
        affinity =
            group.keepsAffinity
            ? CounterList(MetricCatalog.affinityResults, [group.name], in: registry, shard: shard) : nil
        retries = CounterList(MetricCatalog.upstreamRetries, [group.name], in: registry, shard: shard)
        waits = CounterList(MetricCatalog.upstreamWaits, [group.name], in: registry, shard: shard)
        connectDuration = registry.histogram(MetricCatalog.connectDuration, [group.name], shard: shard)
    }

    /// Counts whether another server was tried.
    func retried(_ result: RetryResult) { retries[result].add(1) }

    /// Counts what came of a wait for a server.
    func waited(_ result: QueueResult) { waits[result].add(1) }

    /// Counts what a session's memory was good for.
    func came(of result: AffinityResult) { affinity?[result].add(1) }
}

/// The metric cells of one upstream server on one worker.
final class UpstreamServerMetrics {
    let connects: Counter
    let open: Gauge
    private let failures: CounterList<ConnectFailure>

    init(_ group: String, _ server: String, registry: MetricRegistry, shard: Int) {
        connects = registry.counter(MetricCatalog.upstreamConnects, [group, server], shard: shard)
        open = registry.gauge(MetricCatalog.upstreamConnectionsOpen, [group, server], shard: shard)
        failures = CounterList(MetricCatalog.upstreamConnectFailures, [group, server], in: registry, shard: shard)
    }

    func failed(_ reason: ConnectFailure) { failures[reason].add(1) }
}

internal import RepriseMetrics
internal import RepriseRouting
internal import RepriseTLS
internal import RepriseVocabulary

/// An upstream group as one worker sees it: the group that all share, and this worker's metric cells.
final class WorkerUpstream {
    let group: UpstreamGroup
    /// In the order of the group's servers.
    let servers: [UpstreamServerMetrics]
    /// How each of them is spoken TLS to; `nil` for plaintext.
    let tls: [UpstreamTLS?]
    /// Whether one of them is asked for what the client asks us for.
    let asksForClientsName: Bool
    let connectDuration: Histogram
    private let affinity: CounterList<AffinityResult>?
    private let waits: CounterList<QueueResult>
    private let retries: CounterList<RetryResult>

    /// Whether a route says how servers are spoken TLS to.
    let isByRoute: Bool

    init(_ group: UpstreamGroup, _ tls: [UpstreamTLS?], isByRoute: Bool, registry: MetricRegistry, shard: Int) {
        (self.group, self.tls, self.isByRoute) = (group, tls, isByRoute)
        servers = group.servers.map { UpstreamServerMetrics(group.name, $0.id, registry: registry, shard: shard) }
        for (index, server) in servers.enumerated() where tls[index] != nil {
            server.tls = UpstreamTLSMetrics(group.name, group.servers[index].id, registry: registry, shard: shard)
        }
        asksForClientsName = tls.contains { $0?.asked == .client }
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
    /// `nil` where TLS is not spoken.
    fileprivate(set) var tls: UpstreamTLSMetrics?

    init(_ group: String, _ server: String, registry: MetricRegistry, shard: Int) {
        connects = registry.counter(MetricCatalog.upstreamConnects, [group, server], shard: shard)
        open = registry.gauge(MetricCatalog.upstreamConnectionsOpen, [group, server], shard: shard)
        failures = CounterList(MetricCatalog.upstreamConnectFailures, [group, server], in: registry, shard: shard)
    }

    func failed(_ reason: ConnectFailure) { failures[reason].add(1) }
}

/// The metric cells of TLS with one upstream server on one worker.
final class UpstreamTLSMetrics {
    private let completed: CounterList<ResumptionMeans>
    private let resumptions: CounterList<UpstreamResumption>
    private let duration: Histogram
    /// Failures are rare, and their causes many: their cells are made when they come.
    private let failure: (HandshakeFailure) -> Counter

    init(_ group: String, _ server: String, registry: MetricRegistry, shard: Int) {
        completed = CounterList(MetricCatalog.upstreamHandshakes, [group, server], in: registry, shard: shard)
        resumptions = CounterList(MetricCatalog.upstreamResumptions, [group, server], in: registry, shard: shard)
        duration = registry.histogram(MetricCatalog.upstreamHandshakeDuration, [group], shard: shard)
        failure = {
            registry.counter(MetricCatalog.upstreamHandshakesFailed, [group, server, $0.kind.word], shard: shard)
        }
    }

    func done(_ result: EncryptedWay.Result, after time: Duration) {
        completed[result.means].add(1)
        resumptions[result.resumption].add(1)
        duration.observe(seconds: time.inSeconds)
    }

    func failed(_ cause: HandshakeFailure) { failure(cause).add(1) }
}

internal import RepriseMetrics
internal import RepriseResumption
internal import RepriseTLS
internal import RepriseVocabulary

/// The metric cells of one listener on one worker; each count is one relaxed addition.
final class ListenerMetrics {
    let accepted: Counter
    let open: Gauge
    let acceptPauses: Counter
    let tlvsLeftOut: Counter
    let duration: Histogram
    let handshakes: HandshakeMetrics
    let sessions: SessionMetrics
    let routing: RoutingMetrics
    private let relayed: (up: Counter, down: Counter)
    private let limitHits: CounterList<ListenerLimit>
    private let endings: CounterList<Ending.Kind>
    private let backPressure: CounterList<RelayDirection>
    private let headers: CounterList<ProxyHeaderKind>

    init(listener: String, registry: MetricRegistry, shard: Int) {
        let open = [listener]
        accepted = registry.counter(MetricCatalog.connectionsAccepted, open, shard: shard)
        self.open = registry.gauge(MetricCatalog.connectionsOpen, open, shard: shard)
        tlvsLeftOut = registry.counter(MetricCatalog.proxyTLVsLeftOut, open, shard: shard)
        acceptPauses = registry.counter(MetricCatalog.acceptPauses, open, shard: shard)
        duration = registry.histogram(MetricCatalog.connectionDuration, open, shard: shard)
        handshakes = HandshakeMetrics(listener: listener, registry: registry, shard: shard)
        sessions = SessionMetrics(listener: listener, registry: registry, shard: shard)
        routing = RoutingMetrics(listener: listener, registry: registry, shard: shard)
        let relayed = CounterList<RelayDirection>(MetricCatalog.bytesRelayed, open, in: registry, shard: shard)
        self.relayed = (relayed[.clientToUpstream], relayed[.upstreamToClient])
        limitHits = CounterList(MetricCatalog.connectionsRefused, open, in: registry, shard: shard)
        endings = CounterList(MetricCatalog.connectionEndings, open, in: registry, shard: shard)
        backPressure = CounterList(MetricCatalog.backPressurePauses, open, in: registry, shard: shard)
        headers = CounterList(MetricCatalog.proxyHeadersRead, open, in: registry, shard: shard)
    }

    func refused(_ limit: ListenerLimit) { limitHits[limit].add(1) }
    func ended(_ ending: Ending) { endings[ending.kind].add(1) }
    func relayed(_ bytes: Int, _ direction: RelayDirection) {
        switch direction {
        case .clientToUpstream: relayed.up.add(UInt64(bytes))
        case .upstreamToClient: relayed.down.add(UInt64(bytes))
        }
    }
    func count(_ header: ProxyHeaderKind) { headers[header].add(1) }
    func pauses(_ direction: RelayDirection) { backPressure[direction].add(1) }
}

/// The metric cells of one listener's handshakes on one worker.
struct HandshakeMetrics {
    let inProgress: Gauge
    let keyUpdates: Counter
    private let probes: Counter
    private let duration: Histogram
    private let failures: CounterList<HandshakeFailure.Kind>
    private let completed: CounterGrid<TLSVersion, ResumptionMeans>
    private let groups: CounterList<GroupClass>

    init(listener: String, registry: MetricRegistry, shard: Int) {
        inProgress = registry.gauge(MetricCatalog.handshakesInProgress, [listener], shard: shard)
        probes = registry.counter(MetricCatalog.probes, [listener], shard: shard)
        keyUpdates = registry.counter(MetricCatalog.keyUpdatesReceived, [listener], shard: shard)
        duration = registry.histogram(MetricCatalog.handshakeDuration, [listener], shard: shard)
        failures = CounterList(MetricCatalog.handshakesFailed, [listener], in: registry, shard: shard)
        completed = CounterGrid(MetricCatalog.handshakesCompleted, [listener], in: registry, shard: shard)
        groups = CounterList(MetricCatalog.handshakesByGroup, [listener], in: registry, shard: shard)
    }

    func failed(_ cause: HandshakeFailure) {
        // Health checks come all the time, and would hide what failed.
        if cause == .probe { probes.add(1) } else { failures[cause.kind].add(1) }
    }

    func completed(_ summary: HandshakeSummary, took time: Duration) {
        duration.observe(seconds: time.inSeconds)
        groups[summary.groupClass].add(1)
        if let version = summary.version { completed[version, summary.resumed].add(1) }
    }
}

/// The metric cells of one listener's router on one worker.
struct RoutingMetrics {
    let stalls: Counter
    private let results: CounterList<RouteResult>
    private let duration: Histogram

    init(listener: String, registry: MetricRegistry, shard: Int) {
        stalls = registry.counter(MetricCatalog.routerStalls, [listener], shard: shard)
        results = CounterList(MetricCatalog.routes, [listener], in: registry, shard: shard)
        duration = registry.histogram(MetricCatalog.routeDuration, [listener], shard: shard)
    }

    func count(_ result: RouteResult) { results[result].add(1) }
    func answered(after time: Duration) { duration.observe(seconds: time.inSeconds) }
}

/// The metric cells of one listener's sessions on one worker.
struct SessionMetrics {
    let lineagesDropped: Counter
    let lineagesNotDenied: Counter
    let denyListOverflows: Counter
    private let offers: CounterList<OfferOutcome>
    private let refusals: CounterList<ResumptionRefusal>
    private let ticketFlights: CounterList<TicketCompany>

    init(listener: String, registry: MetricRegistry, shard: Int) {
        lineagesDropped = registry.counter(MetricCatalog.lineagesDropped, [listener], shard: shard)
        lineagesNotDenied = registry.counter(MetricCatalog.lineagesNotDenied, [listener], shard: shard)
        denyListOverflows = registry.counter(MetricCatalog.denyListOverflows, [listener], shard: shard)
        offers = CounterList(MetricCatalog.sessionsOffered, [listener], in: registry, shard: shard)
        refusals = CounterList(MetricCatalog.sessionsNotResumed, [listener], in: registry, shard: shard)
        ticketFlights = CounterList(MetricCatalog.ticketFlights, [listener], in: registry, shard: shard)
    }

    /// Counts the result of a handshake's offer.
    func offered(_ result: ResumptionOutcome.Result) {
        switch result {
        case .notOffered: offers[.notOffered].add(1)
        case .resumed: offers[.resumed].add(1)
        case .refused(let reason):
            offers[.refused].add(1)
            refusals[reason].add(1)
        }
    }

    func ticketsLeft(_ company: TicketCompany) { ticketFlights[company].add(1) }
}

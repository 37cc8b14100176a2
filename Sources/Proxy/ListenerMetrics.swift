internal import RepriseMetrics
internal import RepriseResumption
internal import RepriseTLS
internal import RepriseVocabulary

/// The metric cells of one listener on one worker; each count is one relaxed addition.
final class ListenerMetrics {
    /// What a connection can be refused for; the value of the metric's `limit` label.
    enum Refusal: Int, CaseIterable {
        case connections, handshakes, handshakesPerClient, handshakeRate, perClient, keyUpdates

        init(_ refusal: Admission.Refusal) {
            switch refusal {
            case .connections: self = .connections
            case .handshakes: self = .handshakes
            case .handshakesPerClient: self = .handshakesPerClient
            case .handshakeRate: self = .handshakeRate
            case .perClient: self = .perClient
            }
        }

        var name: String {
            switch self {
            case .connections: "connections"
            case .handshakes: "handshakes"
            case .handshakesPerClient: "handshakes_per_client"
            case .handshakeRate: "handshake_rate"
            case .perClient: "per_client"
            case .keyUpdates: "key_updates"
            }
        }
    }

    /// The two ways that bytes go.
    enum Direction: Int, CaseIterable {
        case clientToUpstream, upstreamToClient

        var name: String { self == .clientToUpstream ? "client_to_upstream" : "upstream_to_client" }
    }

    let accepted: Counter
    let open: Gauge
    let acceptPauses: Counter
    let bytesFromClient: Counter
    let bytesToClient: Counter
    let duration: Histogram
    let handshakes: HandshakeMetrics
    let sessions: SessionMetrics
    private let refusals: [Counter]
    private let endings: [Counter]
    private let backPressure: [Counter]

    init(listener: String, registry: MetricRegistry, shard: Int) {
        func counter(_ metric: Metric, _ labels: String...) -> Counter {
            registry.counter(metric, [listener] + labels, shard: shard)
        }
        accepted = counter(MetricCatalog.connectionsAccepted)
        open = registry.gauge(MetricCatalog.connectionsOpen, [listener], shard: shard)
        acceptPauses = counter(MetricCatalog.acceptPauses)
        bytesFromClient = counter(MetricCatalog.bytesRelayed, Direction.clientToUpstream.name)
        bytesToClient = counter(MetricCatalog.bytesRelayed, Direction.upstreamToClient.name)
        duration = registry.histogram(MetricCatalog.connectionDuration, [listener], shard: shard)
        handshakes = HandshakeMetrics(listener: listener, registry: registry, shard: shard)
        sessions = SessionMetrics(listener: listener, registry: registry, shard: shard)
        refusals = Refusal.allCases.map { counter(MetricCatalog.connectionsRefused, $0.name) }
        endings = Ending.kinds.map { counter(MetricCatalog.connectionEndings, $0) }
        backPressure = Direction.allCases.map { counter(MetricCatalog.backPressurePauses, $0.name) }
    }

    func refused(_ limit: Refusal) { refusals[limit.rawValue].add(1) }
    func ended(_ ending: Ending) { endings[ending.index].add(1) }
    func pauses(_ direction: Direction) { backPressure[direction.rawValue].add(1) }
}

/// The metric cells of one listener's handshakes on one worker.
struct HandshakeMetrics {
    let inProgress: Gauge
    let keyUpdates: Counter
    private let duration: Histogram
    private let failures: [Counter]
    private let completed: [Counter]
    private let groups: [Counter]

    init(listener: String, registry: MetricRegistry, shard: Int) {
        func counter(_ metric: Metric, _ labels: String...) -> Counter {
            registry.counter(metric, [listener] + labels, shard: shard)
        }
        inProgress = registry.gauge(MetricCatalog.handshakesInProgress, [listener], shard: shard)
        keyUpdates = counter(MetricCatalog.keyUpdatesReceived)
        duration = registry.histogram(MetricCatalog.handshakeDuration, [listener], shard: shard)
        failures = HandshakeFailure.names.map { counter(MetricCatalog.handshakesFailed, $0) }
        completed = TLSVersion.allCases.flatMap { version in
            HandshakeSummary.Resumption.all.map {
                counter(MetricCatalog.handshakesCompleted, version.description, $0.word)
            }
        }
        groups = GroupClass.allCases.map { counter(MetricCatalog.handshakesByGroup, $0.rawValue) }
    }

    func failed(_ cause: HandshakeFailure) { failures[cause.index].add(1) }

    func completed(_ summary: HandshakeSummary, took time: Duration) {
        duration.observe(seconds: time.inSeconds)
        if let place = GroupClass.allCases.firstIndex(of: summary.groupClass) { groups[place].add(1) }
        guard let version = summary.version, let row = TLSVersion.allCases.firstIndex(of: version),
            let column = HandshakeSummary.Resumption.all.firstIndex(of: summary.resumed)
        else { return }
        completed[row * HandshakeSummary.Resumption.all.count + column].add(1)
    }
}

/// The metric cells of one listener's sessions on one worker.
struct SessionMetrics {
    let lineagesDropped: Counter
    let lineagesNotDenied: Counter
    let denyListOverflows: Counter
    private let offers: [Counter]
    private let notResumed: [Counter]
    private let ticketFlights: (alone: Counter, accompanied: Counter)

    init(listener: String, registry: MetricRegistry, shard: Int) {
        func counter(_ metric: Metric, _ labels: String...) -> Counter {
            registry.counter(metric, [listener] + labels, shard: shard)
        }
        lineagesDropped = counter(MetricCatalog.lineagesDropped)
        lineagesNotDenied = counter(MetricCatalog.lineagesNotDenied)
        denyListOverflows = counter(MetricCatalog.denyListOverflows)
        offers = ClosedLists.offers.map { counter(MetricCatalog.sessionsOffered, $0) }
        notResumed = NotResumed.allCases.map { counter(MetricCatalog.sessionsNotResumed, $0.rawValue) }
        ticketFlights = (
            counter(MetricCatalog.ticketFlights, "alone"), counter(MetricCatalog.ticketFlights, "with_data")
        )
    }

    /// Counts what came of a handshake's offer.
    func offered(_ result: ResumptionOutcome.Result) {
        switch result {
        case .notOffered: offers[0].add(1)
        case .resumed: offers[1].add(1)
        case .refused(let reason):
            offers[2].add(1)
            if let place = NotResumed.allCases.firstIndex(of: reason) { notResumed[place].add(1) }
        }
    }

    func ticketsLeft(alone: Bool) {
        (alone ? ticketFlights.alone : ticketFlights.accompanied).add(1)
    }
}

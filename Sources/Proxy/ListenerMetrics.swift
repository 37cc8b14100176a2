internal import Metrics
internal import Resumption
internal import TLS
internal import Vocabulary

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
    let handshakesInProgress: Gauge
    let acceptPauses: Counter
    let keyUpdates: Counter
    let bytesFromClient: Counter
    let bytesToClient: Counter
    let duration: Histogram
    let lineagesDropped: Counter
    let denyListOverflows: Counter
    let lineagesNotDenied: Counter
    private let offers: [Counter]
    private let notResumed: [Counter]
    private let handshakeDuration: Histogram
    private let refusals: [Counter]
    private let failures: [Counter]
    private let endings: [Counter]
    private let backPressure: [Counter]
    private let completed: [Counter]
    private let groups: [Counter]
    private let ticketFlights: (alone: Counter, accompanied: Counter)

    init(listener: String, registry: MetricRegistry, shard: Int) {
        func counter(_ metric: Metric, _ labels: String...) -> Counter {
            registry.counter(metric, [listener] + labels, shard: shard)
        }
        accepted = counter(MetricCatalog.connectionsAccepted)
        open = registry.gauge(MetricCatalog.connectionsOpen, [listener], shard: shard)
        handshakesInProgress = registry.gauge(MetricCatalog.handshakesInProgress, [listener], shard: shard)
        acceptPauses = counter(MetricCatalog.acceptPauses)
        keyUpdates = counter(MetricCatalog.keyUpdatesReceived)
        bytesFromClient = counter(MetricCatalog.bytesRelayed, Direction.clientToUpstream.name)
        bytesToClient = counter(MetricCatalog.bytesRelayed, Direction.upstreamToClient.name)
        duration = registry.histogram(MetricCatalog.connectionDuration, [listener], shard: shard)
        handshakeDuration = registry.histogram(MetricCatalog.handshakeDuration, [listener], shard: shard)
        lineagesDropped = counter(MetricCatalog.lineagesDropped)
        denyListOverflows = counter(MetricCatalog.denyListOverflows)
        lineagesNotDenied = counter(MetricCatalog.lineagesNotDenied)
        offers = ClosedLists.offers.map { counter(MetricCatalog.sessionsOffered, $0) }
        notResumed = NotResumed.allCases.map { counter(MetricCatalog.sessionsNotResumed, $0.rawValue) }
        refusals = Refusal.allCases.map { counter(MetricCatalog.connectionsRefused, $0.name) }
        failures = HandshakeFailure.names.map { counter(MetricCatalog.handshakesFailed, $0) }
        endings = Ending.kinds.map { counter(MetricCatalog.connectionEndings, $0) }
        backPressure = Direction.allCases.map { counter(MetricCatalog.backPressurePauses, $0.name) }
        completed = TLSVersion.allCases.flatMap { version in
            HandshakeSummary.Resumption.all.map {
                counter(MetricCatalog.handshakesCompleted, version.description, $0.word)
            }
        }
        groups = GroupClass.allCases.map { counter(MetricCatalog.handshakesByGroup, $0.rawValue) }
        ticketFlights = (
            counter(MetricCatalog.ticketFlights, "alone"), counter(MetricCatalog.ticketFlights, "with_data")
        )
    }

    func refused(_ limit: Refusal) { refusals[limit.rawValue].add(1) }
    func handshakeFailed(_ cause: HandshakeFailure) { failures[cause.index].add(1) }
    func ended(_ ending: Ending) { endings[ending.index].add(1) }
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

    func pauses(_ direction: Direction) { backPressure[direction.rawValue].add(1) }

    func ticketsLeft(alone: Bool) {
        (alone ? ticketFlights.alone : ticketFlights.accompanied).add(1)
    }

    func handshakeCompleted(_ summary: HandshakeSummary, took duration: Duration) {
        handshakeDuration.observe(seconds: duration.inSeconds)
        if let place = GroupClass.allCases.firstIndex(of: summary.groupClass) { groups[place].add(1) }
        guard let version = summary.version, let row = TLSVersion.allCases.firstIndex(of: version),
            let column = HandshakeSummary.Resumption.all.firstIndex(of: summary.resumed)
        else { return }
        completed[row * HandshakeSummary.Resumption.all.count + column].add(1)
    }
}

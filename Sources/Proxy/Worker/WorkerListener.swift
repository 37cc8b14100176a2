internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseResumption
internal import RepriseRouting
internal import RepriseTLS
import RepriseVocabulary

/// One listener as one worker sees it, in one generation of the configuration.
///
/// Connections keep the generation they were accepted under; a reload puts another there for new ones.
final class WorkerListener {
    let settings: ListenerSettings
    let context: ServerContext
    let sessions: ResumptionTerms
    let routing: Routing
    /// Whether sessions may have to remember where their connections have gone.
    let remembers: Bool
    private let transports: UpstreamTransports
    /// The groups that its connections have gone to.
    private var upstreams: [Way: WorkerUpstream] = [:]
    private let registry: MetricRegistry
    private let shard: Int
    let admission: Admission
    let metrics: ListenerMetrics
    let ticketQueue: WaitingQueue
    let observers: Observers

    init(_ blueprint: ListenerBlueprint, worker: WorkerCore) throws(ContextError) {
        settings = blueprint.settings
        context = try ServerContext(hosts: blueprint.hosts, settings: blueprint.tls)
        sessions = ResumptionTerms(
            domain: blueprint.domain, policy: blueprint.resumption, observer: blueprint.observers.sessions,
            on: worker.loop, clock: Clocks.wall)
        routing = blueprint.routing
        remembers = blueprint.routing.remembers
        transports = blueprint.transports
        (registry, shard) = (worker.registry, worker.index)
        admission = blueprint.admission
        metrics = ListenerMetrics(listener: settings.name, registry: worker.registry, shard: worker.index)
        ticketQueue = WaitingQueue(loop: worker.loop) { [weak worker] in worker?.connection($0)?.ticketDelayIsOver() }
        observers = blueprint.observers
        // Its series are there from the start.
        for group in routing.first.reachable.groups { _ = upstream(group, nil) }
    }

    var domain: SessionDomain { sessions.domain }

    deinit {
        ticketQueue.close()
    }

    /// A group, and how a route says that its servers are spoken TLS to.
    private struct Way: Hashable {
        let group: ObjectIdentifier
        let tls: Int?
    }

    /// A group as this worker sees it.
    ///
    /// - Parameter tls: what a route says (``RouteTerms/tls``).
    func upstream(_ group: UpstreamGroup, _ tls: Int?) -> WorkerUpstream {
        let way = Way(group: ObjectIdentifier(group), tls: tls)
        if let made = upstreams[way] { return made }
        let made = WorkerUpstream(
            group, group.servers.indices.map { transports[group.name, $0, by: tls] }, isByRoute: tls != nil,
            registry: registry, shard: shard)
        upstreams[way] = made
        return made
    }
}

/// A listener's slot in a worker: its acceptors, and the generation they accept for.
final class ListenerSlot {
    var listener: WorkerListener
    var acceptors: [Endpoint: [Acceptor]] = [:]
    /// Of all generations.
    var handshakes = HandshakeQueue()
    /// Connections whose client a proxy's header is still to name.
    var awaiting = HandshakeQueue()

    init(_ listener: WorkerListener) {
        self.listener = listener
    }
}

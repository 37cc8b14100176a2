import Glibc
import Logging
import RepriseEventLoop
import RepriseMetrics
import RepriseProxy
import RepriseResumption
import RepriseRouting
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary

/// A worker on a loop of its own, with one listener `web` in front of the group `app`. ``end()`` must follow.
final class TestWorker: @unchecked Sendable {
    // @unchecked: nothing changes after init, and the descriptor is closed once.
    let port: Int
    let group: UpstreamGroup
    private let worker: Worker
    private let loop: EventLoop
    private let registry = MetricRegistry()
    private let queue: LogQueue
    private let null = open("/dev/null", O_WRONLY)
    private let endpoint: Endpoint

    /// What a listener is made of, beside its upstream.
    struct Parts {
        var settings = ListenerSettings(
            name: "web", timeouts: ConnectionTimeouts(), limits: AdmissionLimits(), relayBuffer: 64 << 10,
            keyUpdatesPerSecond: 100, ticketDelay: .milliseconds(20), ticketsWaitForUpstream: false,
            storeDeadline: .milliseconds(20))
        var tls = MemoryServer.settings()
        var isSingleUse = false
        var remote: (any SessionStore)?
        var upstreamTLS: UpstreamTLS?
        var router: (any UpstreamRouter)?
        var balancing = Balancing()
        var group = "app"
        /// `nil`: one of its own.
        var domain: SessionDomain?
        /// What its host demands of its clients' certificates.
        var clients: ClientAuthentication?
    }

    init(before servers: [UpstreamServer], _ parts: Parts = Parts()) async throws {
        loop = try EventLoop(name: "test")
        queue = LogQueue(format: .text, level: .error, colored: false, descriptor: null, dropped: Counter())
        worker = Worker(loop: loop, index: 0, registry: registry, log: WorkerLog(queue))
        try loop.start()
        let domain = try parts.domain ?? Self.domain(parts.remote)
        group = UpstreamGroup(name: parts.group, servers: servers, balancing: parts.balancing)
        let group = group
        let routing = parts.router.map {
            Routing(RoutingStep(.plugged(PluggedRouter("test", $0))), RouteTable([parts.group: group]))
        }
        let blueprint = ListenerBlueprint(
            settings: parts.settings,
            hosts: try HostContexts(hosts: [MemoryServer.host("a.test", clients: parts.clients)], settings: parts.tls),
            tls: parts.tls,
            domain: domain, resumption: ResumptionPolicy(isSingleUse: parts.isSingleUse),
            routing: routing ?? .group(group), transports: UpstreamTransports(others: parts.upstreamTLS),
            admission: Admission())
        try await worker.prepare([blueprint])
        await worker.commit()
        endpoint = Self.endpoint(0)
        let socket = try Socket.listen(on: endpoint, sharingPort: false, backlog: 64)
        guard case .ip(_, let port) = socket.localEndpoint else { preconditionFailure("no port") }
        self.port = Int(port)
        try await worker.accept(on: socket, for: "web", boundTo: endpoint)
    }

    /// Keys, store and deny list that outlive a worker.
    static func domain(_ remote: (any SessionStore)? = nil, keys: TicketKeyRing? = nil) throws -> SessionDomain {
        try SessionDomain(
            name: "test", store: LocalSessionStore(budget: 1 << 20), keys: keys ?? ticketKeys(),
            denyList: DenyList(capacity: 100), remote: remote)
    }

    static func ticketKeys() throws -> TicketKeyRing {
        try TicketKeyRing(
            TicketRotation(rotate: .seconds(3600), ticketLifetime: .seconds(7200)), at: Clocks.wall())
    }

    /// A client of its host, which sends this as soon as it may.
    static func connect(_ port: Int, sending bytes: [UInt8] = []) throws -> SocketClient {
        try SocketClient(port: port, MemoryClient.Options(serverName: "a.test"), sending: bytes)
    }

    deinit {
        // A test that throws does not come to ``end()``; its loop must not run when what is confined to it goes.
        loop.stop()
        loop.join()
    }

    /// A server on a port of 127.0.0.1.
    static func server(_ port: Int, id: String = "a") -> UpstreamServer {
        UpstreamServer(id: id, endpoints: [endpoint(port)])
    }

    private static func endpoint(_ port: Int) -> Endpoint {
        guard let endpoint = Endpoint(parsing: "127.0.0.1:\(port)") else { preconditionFailure("port \(port)") }
        return endpoint
    }

    /// Connections that it has open.
    var openConnections: Int { get async { await worker.openConnections } }

    /// What its metrics say now.
    var metrics: String { String(decoding: registry.exposition(), as: UTF8.self) }

    func has(_ sample: String) -> Bool { metrics.contains(sample + "\n") }

    /// How many connections ended so.
    func hasEnded(_ ending: Ending, _ count: Int = 1) -> Bool {
        has("reprise_connections_ended_total{listener=\"web\",ending=\"\(ending.kind.word)\"} \(count)")
    }

    /// Everyone is told to end in order.
    func endDrain() async { await worker.endDrain() }

    func end() async {
        await worker.stopAccepting("web", at: [endpoint])
        await worker.kill()
        loop.stop()
        loop.join()
        queue.close()
        close(null)
    }
}

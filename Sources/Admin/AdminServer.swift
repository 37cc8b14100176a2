package import RepriseEventLoop
package import RepriseMetrics
package import RepriseVocabulary
internal import Synchronization

/// Serves the administrative endpoint on a loop of its own, so that a scrape never holds up a connection.
// @unchecked: the server is changed before its loop runs, or on it; the rest is immutable or atomic.
package final class AdminServer: @unchecked Sendable {
    private let loop: EventLoop
    private let registry: MetricRegistry
    private let draining = Atomic<Bool>(false)
    private var server: HTTPServer?
    private var responder: AdminResponder
    private let initialConnections: Int
    private let upstreams: AdminUpstreams

    /// - Throws: when no loop can be made.
    package init(
        registry: MetricRegistry, settings: AdminSettings, upstreams: AdminUpstreams = .none
    ) throws(EventLoopError) {
        self.upstreams = upstreams
        loop = try EventLoop(name: "admin")
        self.registry = registry
        responder = AdminResponder(registry: registry, hosts: settings.hosts, upstreams: upstreams)
        initialConnections = settings.connections
    }

    /// Whether /healthz says that the process drains.
    package var isDraining: Bool {
        get { draining.load(ordering: .relaxed) }
        set { draining.store(newValue, ordering: .relaxed) }
    }

    /// Begins to serve.
    ///
    /// - Returns: the real endpoint: the kernel has chosen a port for port 0.
    package func start(on endpoint: Endpoint) throws(SocketError) -> Endpoint {
        let displaced = registry.counter(MetricCatalog.adminConnectionsDisplaced)
        let server = HTTPServer(
            loop: loop, limit: initialConnections, methods: AdminResponder.methods, onDisplaced: { displaced.add(1) }
        ) {
            [unowned self] request in
            responder.answer(request, isDraining: isDraining)
        }
        let bound = try server.listen(on: endpoint)
        do {
            try loop.start()
        } catch {
            server.close()
            throw SocketError(operation: "start a thread for", endpoint: endpoint, errno: error.errno)
        }
        self.server = server
        return bound
    }

    /// Goes on with other settings, from the next request on.
    package func adapt(to settings: AdminSettings) {
        loop.execute { [self] in
            responder = AdminResponder(registry: registry, hosts: settings.hosts, upstreams: upstreams)
            server?.limit = settings.connections
        }
    }

    /// Stops serving and closes every connection.
    ///
    /// A server that never started has nothing to stop.
    package func stop() {
        // A loop that does not run would keep the job for ever, and the job this object.
        guard server != nil else { return }
        loop.execute { [self] in
            server?.close()
            server = nil
        }
        loop.stop()
        loop.join()
    }
}

/// The settings of the administrative endpoint that can change while it serves.
package struct AdminSettings: Sendable, Hashable {
    /// How many connections there are at most, at least 1.
    package var connections: Int
    /// The names by which clients may address it.
    package var hosts: AdminHosts

    package init(connections: Int, hosts: AdminHosts) {
        self.connections = connections
        self.hosts = hosts
    }
}

package import EventLoop
package import Metrics
internal import Synchronization
package import Vocabulary

/// Serves the administrative endpoint on a loop of its own, so that a scrape never holds up a connection.
// @unchecked: the server is changed before its loop runs, or on it; the rest is immutable or atomic.
package final class AdminServer: @unchecked Sendable {
    private let loop: EventLoop
    private let responder: AdminResponder
    private let draining = Atomic<Bool>(false)
    private var server: HTTPServer?

    /// - Throws: when there is no loop to be had.
    package init(registry: MetricRegistry) throws(EventLoopError) {
        loop = try EventLoop(name: "admin")
        responder = AdminResponder(registry: registry)
    }

    /// Whether /healthz says that the process drains.
    package var isDraining: Bool {
        get { draining.load(ordering: .relaxed) }
        set { draining.store(newValue, ordering: .relaxed) }
    }

    /// Begins to serve.
    ///
    /// - Returns: where it really listens: port 0 has become a port.
    package func start(on endpoint: Endpoint) throws(SocketError) -> Endpoint {
        let server = HTTPServer(loop: loop) { [unowned self] request in
            responder.answer(request, isDraining: isDraining)
        }
        let bound = try server.listen(on: endpoint)
        self.server = server
        loop.start()
        return bound
    }

    /// Stops serving and closes every connection.
    ///
    /// A server that never began has nothing to stop.
    package func stop() {
        // A loop that does not run would keep the job, and the job this object, for ever.
        guard server != nil else { return }
        loop.execute { [self] in
            server?.close()
            server = nil
        }
        loop.stop()
        loop.join()
    }
}

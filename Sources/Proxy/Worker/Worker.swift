package import RepriseEventLoop
package import RepriseMetrics
package import RepriseRouting
package import RepriseTLS
package import RepriseVocabulary

/// Controls one event loop with its share of the connections.
///
/// It runs on its own loop, so that a call never races a connection's callbacks.
package actor Worker {
    private let loop: EventLoop
    private let core: WorkerCore
    private var prepared: [WorkerListener] = []

    /// A worker on that loop, which the caller starts and stops.
    ///
    /// - Parameter index: its number, from 0; the shard of its metrics.
    package init(loop: EventLoop, index: Int, registry: MetricRegistry, log: WorkerLog) {
        self.loop = loop
        core = WorkerCore(loop: loop, index: index, registry: registry, log: log)
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Builds what the blueprints describe without touching what runs; ``commit()`` puts it in place.
    ///
    /// - Throws: what libssl objects to; nothing is prepared then.
    package func prepare(_ blueprints: [ListenerBlueprint]) throws(ContextError) {
        prepared = []
        var listeners: [WorkerListener] = []
        for blueprint in blueprints { listeners.append(try WorkerListener(blueprint, worker: core)) }
        prepared = listeners
    }

    /// Puts in place what was prepared: new connections use it, open ones keep what they have.
    package func commit() {
        core.install(prepared)
        prepared = []
    }

    /// Forgets what was prepared.
    package func discard() {
        prepared = []
    }

    /// Accepts on a listening socket of our own, for a listener that is in place.
    package func accept(
        on socket: Socket, for listener: String, boundTo endpoint: Endpoint
    ) throws(EventLoopError) {
        try core.accept(on: socket, for: listener, boundTo: endpoint)
    }

    /// Takes in the clients that the kernel has queued at those endpoints, then closes the sockets there.
    package func stopAccepting(_ listener: String, at endpoints: [Endpoint]) {
        core.stopAccepting(listener, at: endpoints)
    }

    /// Stops accepting and returns when the last connection has ended.
    package func drain() async {
        await withCheckedContinuation { continuation in
            core.drain { continuation.resume() }
        }
    }

    /// Ends the connections that are left, each with a close_notify.
    package func endDrain() {
        core.endDrain()
    }

    /// Ends every connection at once.
    package func kill() {
        core.kill()
    }

    /// Lends one of its connections.
    ///
    /// - Returns: `nil` when it has none of that number, or its handshake is not done.
    package func withConnection<Result: Sendable>(
        _ id: ConnectionID, _ body: @Sendable (borrowing ConnectionView) -> Result
    ) -> Result? {
        guard let connection = core.connection(id), !connection.machine.isHandshaking else { return nil }
        return body(ConnectionView(connection))
    }

    /// How many connections are open on this worker.
    package var openConnections: Int { core.openConnections }
}

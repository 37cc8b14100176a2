internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseRouting
internal import RepriseVocabulary
internal import Synchronization

/// What one worker holds on its loop: listeners, connections, and the buffers they share.
///
/// Confined to the loop; all others go through ``Worker``.
final class WorkerCore {
    let loop: EventLoop
    let index: Int
    let registry: MetricRegistry
    let log: WorkerLog
    let buffers: RelayBuffers
    /// Of its connections.
    let deadlines: Deadlines

    private(set) var connections: [ConnectionID: Connection] = [:]
    private(set) var slots: [String: ListenerSlot] = [:]
    private var onIdle: (() -> Void)?
    /// Clients for whom another worker is asked to make room.
    var newcomers = 0
    /// Whether it takes no more clients: one that another worker has made room for comes too late.
    private(set) var takesNoMore = false

    /// How long after a receive the probe asks the socket for an error.
    static let probeDelay = Duration.milliseconds(50)
    /// The least time between two rounds of probes.
    static let probePatience = Duration.milliseconds(20)
    /// Connections that have received, and whose sockets a probe asks for an error a little later
    /// (``Connection/probe()``).
    var probes: WaitingQueue {
        if let made = probeQueue { return made }
        let made = WaitingQueue(loop: loop, patience: Self.probePatience) { [unowned self] in
            connection($0)?.probe()
        }
        probeQueue = made
        return made
    }
    private var probeQueue: WaitingQueue?

    /// How long bytes that came while tickets are held wait for something that carries their ACK.
    static let acknowledgementDelay = Duration.milliseconds(1)
    /// Connections that have received while their tickets are held (``Connection/acknowledgementIsDue()``).
    var acknowledgements: WaitingQueue {
        if let made = acknowledgementQueue { return made }
        let made = WaitingQueue(loop: loop) { [unowned self] in connection($0)?.acknowledgementIsDue() }
        acknowledgementQueue = made
        return made
    }
    private var acknowledgementQueue: WaitingQueue?

    init(loop: EventLoop, index: Int, registry: MetricRegistry, log: WorkerLog) {
        self.loop = loop
        buffers = RelayBuffers(on: loop)
        deadlines = Deadlines(on: loop)
        self.index = index
        self.registry = registry
        self.log = log
    }

    deinit {
        probeQueue?.close()
        acknowledgementQueue?.close()
    }

    private static let connectionNumbers = Atomic<UInt64>(0)

    func nextConnectionID() -> ConnectionID {
        ConnectionID(Self.connectionNumbers.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    /// The number of another question to a session store.
    func nextQuestion() -> Int {
        loop.assertConfined()
        questions += 1
        return questions
    }
    private var questions = 0

    var openConnections: Int { connections.count }

    /// Takes a connection in.
    func add(_ connection: Connection) {
        loop.assertConfined()
        connections[connection.id] = connection
    }

    /// The open connection of that number.
    func connection(_ id: ConnectionID) -> Connection? {
        loop.assertConfined()
        return connections[id]
    }

    /// Puts listeners in place: new connections of these names use them from now on.
    func install(_ listeners: [WorkerListener]) {
        loop.assertConfined()
        for listener in listeners {
            if let slot = slots[listener.settings.name] {
                slot.listener = listener
            } else {
                let slot = ListenerSlot(listener)
                slots[listener.settings.name] = slot
                letOthersAsk(slot)
            }
        }
    }

    /// Accepts on another socket for a listener that is in place.
    func accept(on socket: Socket, for name: String, boundTo endpoint: Endpoint) throws(EventLoopError) {
        loop.assertConfined()
        guard let slot = slots[name] else { preconditionFailure("no listener \(name) in place") }
        // A socket for all addresses has to be asked for each connection's own.
        let local = socket.localEndpoint.flatMap { $0.address?.isUnspecified == false ? $0 : nil }
        let acceptor = Acceptor(
            loop: loop, socket: socket,
            onAccept: { [unowned self] client, address in accepted(client, from: address, at: local, in: slot) },
            onPause: { [unowned self] errno in
                slot.listener.metrics.acceptPauses.add(1)
                log.acceptPaused(slot.listener, errno)
            },
            onResume: { [unowned self] in log.acceptResumed(slot.listener) })
        try acceptor.start()
        slot.acceptors[endpoint, default: []].append(acceptor)
    }

    /// Takes in the clients that the kernel has queued, then closes the listener's sockets at those endpoints.
    func stopAccepting(_ name: String, at endpoints: [Endpoint]) {
        loop.assertConfined()
        guard let slot = slots[name] else { return }
        for endpoint in endpoints {
            for acceptor in slot.acceptors.removeValue(forKey: endpoint) ?? [] { acceptor.drainAndClose() }
        }
        // Its contexts and keys go with the last connection.
        guard slot.acceptors.isEmpty else { return }
        slots[name] = nil
        slot.listener.admission.forget(worker: index)
    }

    /// Stops all accepting; `onIdle` is called when the last connection has ended, at once if there is none.
    func drain(onIdle: @escaping () -> Void) {
        loop.assertConfined()
        for slot in slots.values {
            for acceptor in slot.acceptors.values.joined() { acceptor.drainAndClose() }
            slot.acceptors.removeAll()
            slot.listener.admission.forget(worker: index)
        }
        self.onIdle = onIdle
        tellIfIdle()
    }

    /// Time for draining is over: everyone gets a close_notify.
    func endDrain() {
        loop.assertConfined()
        takesNoMore = true
        for connection in Array(connections.values) { connection.drainIsOver() }
    }

    /// Ends everything at once.
    func kill() {
        loop.assertConfined()
        takesNoMore = true
        for connection in Array(connections.values) { connection.kill() }
    }

    /// A connection has closed its sockets; accounts for it and frees it.
    func connectionEnded(_ connection: Connection) {
        loop.assertConfined()
        guard connections.removeValue(forKey: connection.id) != nil else { return }
        let (listener, record) = (connection.listener, connection.record)
        listener.metrics.open.subtract(1)
        if let ending = record.book.ending { listener.metrics.ended(ending) }
        listener.metrics.duration.observe(seconds: (loop.now - record.times.accepted).inSeconds)
        log.ended(listener, record)
        tellEnd(of: connection)
        tellIfIdle()
    }

    private func tellEnd(of connection: Connection) {
        let observer = connection.listener.observers.connections
        guard observer != nil || connection.asked != nil else { return }
        let report = ConnectionReport(connection.record, listener: connection.listener.settings.name)
        observer?.ended(report)
        connection.asked?.router.ended(report)
    }

    func tellIfIdle() {
        guard connections.isEmpty, newcomers == 0, let onIdle else { return }
        self.onIdle = nil
        onIdle()
    }
}

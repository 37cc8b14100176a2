internal import EventLoop
internal import Metrics
internal import Resumption
internal import Routing
internal import TLS
internal import Vocabulary

/// One client connection and, once it is routed, its upstream connection: the shell that does what
/// ``ConnectionMachine`` decides.
///
/// Confined to its worker's loop. Each entry (a socket that is ready, a timer) is one turn: at most one receive and one
/// send on each socket, then ``settle()``.
final class Connection {
    /// The worker outlives its connections: it closes them all before it goes.
    unowned let worker: WorkerCore
    let listener: WorkerListener
    let id: ConnectionID
    let tls: ServerConnection
    let sessions: ConnectionResumption
    var machine = ConnectionMachine()
    var record: ConnectionRecord

    let client: Socket
    var clientWatch: LoopEvent?
    var clientIsReadable = false
    var clientHasEnded = false
    var clientIsWritable = true
    /// The client's socket failed: nothing more can be said to it.
    var clientIsBroken = false
    /// Bytes for the client (TLS records) that its socket has not taken, or tickets that are held back.
    var toClient = PendingBytes()
    /// When bytes of the client came last.
    var lastReceived: Instant
    /// When bytes were sent to it last.
    var lastAnswered: Instant?
    /// ``toClient`` holds nothing but tickets that wait for company.
    var ticketsAreHeld = false
    /// The end of their wait has been arranged.
    var ticketsAreQueued = false
    var closeNotifyIsSent = false
    var probeIsQueued = false
    /// The handshake waits for the session store; what comes meanwhile waits too.
    var waitsForStore = false
    private var storeTimer: LoopEvent?
    var acknowledgementIsQueued = false
    /// Another connection has the place of this one's handshake already.
    var placeIsTaken = false
    private var asking: Task<Void, Never>?
    /// How often the store was asked; a HelloRetryRequest may have it asked again.
    private var questions = 0

    var upstream: Socket?
    var upstreamWatch: LoopEvent?
    var selection: UpstreamGroup.Selection?
    var server: (index: Int, metrics: UpstreamServerMetrics)?
    var upstreamIsConnected = false
    var upstreamIsReadable = false
    var upstreamHasEnded = false
    /// Why the upstream takes no more bytes, once it has said so.
    var upstreamFailure: SystemErrno?
    /// Plaintext for the upstream that its socket has not taken.
    var toUpstream = PendingBytes()

    let entry: Admission.Entry
    private var timer: LoopEvent?
    private var timerKind: ConnectionMachine.TimerKind?
    private var timerDuration: Duration = .zero
    private var lastActivity: Instant
    private var keyUpdates = KeyUpdateBudget()

    init(worker: WorkerCore, listener: WorkerListener, client: Socket, endpoint: Endpoint, entry: Admission.Entry) {
        self.worker = worker
        self.listener = listener
        self.client = client
        self.entry = entry
        id = worker.nextConnectionID()
        sessions = ConnectionResumption(
            domain: listener.domain, policy: listener.resumption, client: endpoint.address,
            observer: listener.observers.sessions,
            clock: Clocks.wall)
        tls = ServerConnection(
            context: listener.context, output: worker.buffers.output, sessions: sessions,
            holdsTickets: listener.settings.ticketsWaitForUpstream)
        listener.domain.connectionBegan()
        lastActivity = worker.loop.now
        lastReceived = lastActivity
        record = ConnectionRecord(id: id, client: endpoint, acceptedAt: lastActivity)
    }

    /// Begins to listen to the client.
    func start() {
        let watch = LoopEvent(.edges(of: client), on: worker.loop) { [unowned self] readiness in
            turn { clientReady(readiness) }
        }
        clientWatch = watch
        timer = .timer(on: worker.loop) { [unowned self] in timerFired() }
        do {
            try watch.start()
        } catch {
            record.detail = "\(error)"
            apply(.kill)
        }
        settle()
    }

    /// Bytes that wait for a socket; held tickets wait for company, not for the socket.
    var backlog: ConnectionMachine.Backlog {
        ConnectionMachine.Backlog(
            toClient: (!toClient.isEmpty && !ticketsAreHeld) || worker.buffers.output.count > 0,
            toUpstream: !toUpstream.isEmpty)
    }

    /// What a socket has to say, and what follows from it.
    func turn(_ body: () -> Void) {
        guard machine.phase != .closed else { return }
        body()
        settle()
    }

    /// Lets the machine take an event in and does what it answers.
    func apply(_ event: ConnectionMachine.Event) {
        var next: ConnectionMachine.Event? = event
        while let event = next {
            let wasHandshaking = machine.phase == .handshaking
            let actions = machine.handle(event, backlog: backlog)
            if wasHandshaking, machine.phase != .handshaking { handshakeIsOver(by: event) }
            next = perform(actions)
        }
    }

    /// Does the actions in their order; connecting can fail at once, which is the next event.
    private func perform(_ actions: ConnectionMachine.Actions) -> ConnectionMachine.Event? {
        guard !actions.isEmpty else { return nil }
        if actions.contains(.endUpstreamWrite) { upstream?.shutdownWrite() }
        if actions.contains(.closeUpstream) { dropUpstream { $0.close() } }
        if actions.contains(.resetUpstream) { dropUpstream { $0.reset() } }
        if actions.contains(.sendCloseNotify) { sendCloseNotify() }
        if actions.contains(.linger) {
            client.shutdownWrite()
            discardInput()
        }
        if actions.contains(.discard) {
            discardInput()
            // There the client is asked whether it has what it is to have.
            if machine.phase == .discarding { probeLater() }
        }
        if !actions.isDisjoint(with: [.closeClient, .resetClient]) {
            flushToClient(holdingTickets: false)
            closeClient(resetting: actions.contains(.resetClient))
        }
        if actions.contains(.finish) { finish() }
        return actions.contains(.connect) ? connectNext() : nil
    }

    /// Ends a turn: sends what has come together, and sets the timer that the machine wants.
    func settle() {
        flushToClient(holdingTickets: true)
        if clientIsBroken, machine.isBeforeGoodbye { clientBroke() }
        if case .closing = machine.phase {
            if ticketsAreHeld { flushToClient(holdingTickets: false) }
            if toClient.isEmpty || clientIsBroken { apply(.flushed) }
        }
        setTimer()
    }

    /// The listener is drained and time is up.
    func drainIsOver() {
        apply(.drain)
        settle()
    }

    /// The process ends at once.
    func kill() {
        apply(.kill)
    }

    func noteActivity() {
        lastActivity = worker.loop.now
    }

    /// Asks the session store, and lets the handshake wait for it until `sessions.store_deadline`.
    func askStore() {
        waitsForStore = true
        let (id, loop, domain) = (id, worker.loop, listener.domain)
        let (keys, taking) = (sessions.wanted, sessions.takesWhatItWants)
        // The loop runs for as long as its worker lives, and the connection is looked up on it.
        nonisolated(unsafe) let worker = worker
        questions += 1
        let question = questions
        let asking = domain.ask(keys, taking: taking, at: Clocks.wall()) { found in
            loop.execute {
                let isTaken = worker.connection(id)?.storeAnswered(found, to: question) ?? false
                // Nobody waits for it any more.
                if taking, !isTaken { domain.putBack(found ?? [:], at: Clocks.wall()) }
            }
        }
        // What is taken for a single use must come, to be given back.
        if !taking { self.asking = asking }
        let timer = LoopEvent.timer(on: loop) { [unowned self] in storeAnswered(nil, to: question) }
        storeTimer = timer
        timer.schedule(after: listener.settings.storeDeadline)
    }

    /// The session store has answered, or is too late with `nil`: the handshake goes on.
    ///
    /// - Returns: whether it was still waited for.
    @discardableResult
    private func storeAnswered(_ found: [SessionKey: [UInt8]]?, to question: Int) -> Bool {
        guard waitsForStore, question == questions, machine.phase == .handshaking else { return false }
        waitsForStore = false
        stopAsking()
        if let found { sessions.storeAnswered(found) } else { sessions.storeWasSilent() }
        tls.sessionsAreThere()
        takeFromClient()
        tls.endTurn()
        if clientIsReadable, machine.readsClient { readClient() }
        settle()
        return true
    }

    private func stopAsking() {
        storeTimer?.close()
        storeTimer = nil
        asking?.cancel()
        asking = nil
    }

}

extension Connection {
    private func setTimer() {
        guard let kind = machine.timer, kind != timerKind else { return }
        startTimer(kind)
    }

    func startTimer(_ kind: ConnectionMachine.TimerKind) {
        timerKind = kind
        timerDuration = listener.settings.timeouts.duration(of: kind)
        noteActivity()
        timer?.schedule(after: timerDuration)
    }

    private func timerFired() {
        guard let kind = timerKind else { return }
        let quiet = worker.loop.now - lastActivity
        // Moving bytes only note the time: the timer finds out here whether it rang too early.
        if kind == .idle || kind == .halfClosed, quiet < timerDuration {
            timer?.schedule(after: timerDuration - quiet)
            return
        }
        timerKind = nil
        if kind == .connect {
            connectTimedOut()
        } else {
            apply(.timeout)
        }
        settle()
    }

    /// Refuses a client that floods us with KeyUpdates (RFC 8446 §4.6.3 sets no bound).
    func checkKeyUpdates() {
        let received = tls.keyUpdatesReceived
        guard received != keyUpdates.seen else { return }
        listener.metrics.keyUpdates.add(UInt64(received - keyUpdates.seen))
        let allowed = keyUpdates.allow(
            upTo: received, perSecond: listener.settings.keyUpdatesPerSecond, at: worker.loop.now)
        guard !allowed, machine.readsClient else { return }
        listener.metrics.refused(.keyUpdates)
        record.detail = "key_updates"
        apply(.refused)
    }

    private func handshakeIsOver(by event: ConnectionMachine.Event) {
        switch event {
        case .timeout: noteFailure(.timeout)
        case .drain, .kill: noteFailure(.stopped)
        case .refused: noteFailure(.madeWay)
        default: break
        }
        if event != .handshakeDone { sessions.handshakeHasFailed() }
        if !placeIsTaken { listener.admission.handshakeEnded(entry) }
        listener.metrics.handshakesInProgress.subtract(1)
        record.handshakeEndedAt = worker.loop.now
    }

    func noteFailure(_ failure: HandshakeFailure) {
        record.failure = failure
        listener.metrics.handshakeFailed(failure)
    }

    private func finish() {
        worker.buffers.output.removeAll()
        toClient.removeAll()
        toUpstream.removeAll()
        timer?.close()
        timer = nil
        stopAsking()
        record.endedAt = worker.loop.now
        record.ending = machine.ending
        record.laterEvents = machine.detail
        record.summary = tls.summary
        settleSessions()
        tls.close()
        listener.admission.connectionEnded(entry)
        listener.domain.connectionEnded()
        worker.connectionEnded(self)
    }

    /// What the ending means for the sessions of this connection.
    private func settleSessions() {
        record.lineage = sessions.lineage?.id
        guard let ending = machine.ending else { return }
        let verdict = sessions.connectionEnded(ending)
        guard verdict != .kept else { return }
        guard verdict != .notDenied else { return listener.metrics.lineagesNotDenied.add(1) }
        listener.metrics.lineagesDropped.add(1)
        if case .droppedWithOthers(let moment, let isFirst) = verdict {
            listener.metrics.denyListOverflows.add(1)
            if isFirst { worker.log.denyListIsFull(listener, upTo: moment) }
        }
    }

    private func closeClient(resetting: Bool) {
        if !closeNotifyIsSent { tls.abandon() }
        clientWatch?.close()
        clientWatch = nil
        if resetting { client.reset() } else { client.close() }
    }

    private func dropUpstream(_ close: (Socket) -> Void) {
        guard let upstream else { return }
        upstreamWatch?.close()
        upstreamWatch = nil
        close(upstream)
        self.upstream = nil
        if upstreamIsConnected, let server { server.metrics.open.subtract(1) }
        upstreamIsConnected = false
        toUpstream.removeAll()
    }
}

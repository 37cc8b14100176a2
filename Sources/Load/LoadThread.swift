internal import RepriseEventLoop
internal import RepriseTLS
internal import RepriseVocabulary

/// One loop of a run, with its share of the clients. Confined to the loop once that runs.
// @unchecked: see above; the run reads the measurements when the loop has ended.
final class LoadThread: @unchecked Sendable {
    let loop: EventLoop
    let desk: LoadDesk
    private let plan: LoadPlan
    private let contexts: [HandshakeKind: ClientContext]
    private let index: Int
    private var random: SeededRandom
    private let draw: NameDraw
    private let keepsSessions: Bool
    private var clients: [Client]
    private var idle: IdleClients
    /// Those whose connection came to nothing, until the next ``LoadRun/rest`` is over.
    private var resting: [Int] = []
    private var left: Int
    private var underWay = 0
    private var began = Instant(nanoseconds: 0)
    /// When no connection was to begin any more, by the time or by an interrupt.
    private var startsEnded: Instant?
    private var isEnding = false
    private var isOver = false
    private var schedule: LoadSchedule?
    private var scheduleBegan = Instant(nanoseconds: 0)
    private var due = Instant(nanoseconds: 0)
    private var turn: LoopEvent?
    private var restTimer: LoopEvent?
    private var endTimer: LoopEvent?
    private var exact: ExactTimer?
    /// Gets what was measured, in parts, on the loop.
    private let sink: ((LoadSlice) -> Void)?

    /// A simulated client.
    private struct Client {
        var sessions: ClientSessions
        /// The number of the name that it asks for.
        let name: Int
        /// Its next connection goes to that server.
        var server: Int
        var connection: LoadConnection?
    }

    init(
        _ plan: LoadPlan, _ contexts: [HandshakeKind: ClientContext], index: Int,
        _ sink: (@Sendable (Int, LoadSlice) -> Void)?
    ) throws(EventLoopError) {
        (self.plan, self.contexts, self.index) = (plan, contexts, index)
        self.sink = sink.map { sink in { slice in sink(index, slice) } }
        loop = try EventLoop(name: "load-\(index)")
        desk = LoadDesk(on: loop, plan.errand)
        var random = SeededRandom(plan.seed &+ UInt64(index))
        keepsSessions = plan.handshake.parts.contains { $0.kind != .full }
        draw = NameDraw(plan.names, among: plan.errand.names.count)
        let keeping = plan.keeping
        clients = (0..<plan.share(plan.clients, of: index)).map { [draw] number in
            Client(
                sessions: ClientSessions(keeping), name: draw.pick(&random),
                server: number % plan.errand.servers.count)
        }
        self.random = random
        idle = IdleClients(count: clients.count)
        left = plan.share(plan.connections, of: index)
    }

    /// Begins; on the loop.
    func begin(at instant: Instant) {
        began = instant
        guard left > 0, !clients.isEmpty else { return end() }
        let last = began + plan.duration
        let endTimer = LoopEvent.timer(on: loop) { [unowned self] in timeIsUp(at: last) }
        endTimer.schedule(after: plan.duration - (Clocks.monotonic() - instant))
        self.endTimer = endTimer
        restTimer = .timer(on: loop) { [unowned self] in restIsOver() }
        turn = .timer(on: loop) { [unowned self] in startThoseReady() }
        switch plan.pace {
        case .closed: startThoseReady()
        case .open(let rate, _):
            do throws(EventLoopError) {
                exact = try ExactTimer(on: loop) { [unowned self] in startThoseDue() }
            } catch {
                return end()
            }
            change(to: rate, at: began)
        }
    }

    /// Hands over what was measured since the last time; on the loop.
    func handOver() {
        guard !isOver, let sink else { return }
        sink(takeSlice())
    }

    private func takeSlice() -> LoadSlice {
        var measured = Measurements()
        swap(&measured, &desk.measured)
        return LoadSlice(
            measured: measured, open: underWay, cpu: Clocks.threadCPU(), sources: desk.sources.addresses,
            isLast: isOver)
    }

    // MARK: Closed loop

    /// Begins with each client that has no connection, a batch in a turn.
    private func startThoseReady() {
        guard !isEnding else { return }
        for _ in 0..<LoadRun.startsInTurn {
            guard left > 0, !idle.isEmpty else { return }
            start(scheduled: Clocks.monotonic(), isLate: false)
        }
        if left > 0, !idle.isEmpty { turn?.activate(.writable) }
    }

    private func restIsOver() {
        for client in resting { idle.add(client) }
        resting = []
        if case .closed = plan.pace { startThoseReady() }
    }

    // MARK: Open loop

    /// Each thread begins every so many of the same starts, so that their rate is kept together.
    private func skipStarts(_ count: Int) {
        for _ in 0..<count { _ = schedule?.next() }
    }

    private func nextDue() {
        guard let start = schedule?.next() else { return }
        due = scheduleBegan + start
        skipStarts(plan.threads - 1)
    }

    /// From then on they come at another rate; on the loop.
    func change(to rate: LoadProfile, at instant: Instant) {
        guard !isEnding, case .open(_, let arrivals) = plan.pace else { return }
        schedule = LoadSchedule(rate, arrivals, seed: plan.seed)
        scheduleBegan = instant
        skipStarts(index)
        nextDue()
        startThoseDue()
    }

    private func startThoseDue() {
        guard !isEnding else { return }
        let now = Clocks.monotonic()
        var starts = 0
        while left > 0, due <= now, due < began + plan.duration {
            guard starts < LoadRun.startsInTurn else { break }
            starts += 1
            if idle.isEmpty {
                desk.measured.skip()
            } else {
                start(scheduled: due, isLate: now - due > LoadRun.lateAfter)
            }
            nextDue()
        }
        if left > 0, due < began + plan.duration { exact?.schedule(at: due) }
    }

    /// Counts those whose time has come while the loop was busy with others, and that begin no more.
    private func leaveOutThoseDue(until now: Instant) {
        var counted = 0
        while schedule != nil, counted < min(left, LoadRun.mostLeftOut), due <= now, due < began + plan.duration {
            desk.measured.skip()
            counted += 1
            nextDue()
        }
    }

    // MARK: Connections

    private func start(scheduled: Instant, isLate: Bool) {
        let kind = plan.handshake.pick(&random)
        guard let context = contexts[kind], let index = idle.take(whoHasBeenThere: kind != .full) else { return }
        var order = LoadOrder(context, close: plan.close.pick(&random), scheduled: scheduled)
        order.client = self.index + index * plan.threads
        order.place = .init(server: clients[index].server, name: clients[index].name)
        // In turn: what is behind a name of many addresses, or a balancer, sees its clients so.
        clients[index].server = (clients[index].server + 1) % plan.errand.servers.count
        if kind != .full { order.offering = offering(kind, of: index, &order.place) }
        left -= 1
        underWay += 1
        desk.measured.start(isLate: isLate)
        let connection = LoadConnection(desk, order) { [unowned self] connection, failure in
            ended(connection, of: index, failure)
        }
        clients[index].connection = connection
        connection.start()
    }

    private func offering(
        _ kind: HandshakeKind, of index: Int, _ place: inout ClientSessions.Place
    ) -> LoadOrder.Offering? {
        let choice = plan.choice.pick(&random)
        var wanted = place
        if choice == .otherName { wanted.name = draw.pick(otherThan: place.name, &random) }
        guard let kept = clients[index].sessions.pick(kind, choice, for: wanted, at: Clocks.monotonic()) else {
            // It stays with its own name, whose session the next one offers to another.
            desk.measured.hadNoSession()
            return nil
        }
        place = wanted
        return .init(kept: kept, choice: choice)
    }

    private func ended(_ connection: LoadConnection, of index: Int, _ failure: LoadFailure?) {
        underWay -= 1
        clients[index].connection = nil
        if failure == nil {
            // Of the others it is not known what their ending was.
            for given in connection.given where keepsSessions {
                clients[index].sessions.keep(
                    given.session, from: connection.closeKind, of: connection.place, at: given.came,
                    lifetime: plan.lifetime)
            }
            if connection.given.isEmpty, let resumed = connection.resumed {
                clients[index].sessions.resumed(resumed, connection.closeKind)
            }
            idle.add(index)
        } else {
            resting.append(index)
            if resting.count == 1 { restTimer?.schedule(after: LoadRun.rest) }
        }
        if underWay == 0, isEnding || left == 0 { return end() }
        // Not within this call: a server that refuses at once would make it go ever deeper.
        if case .closed = plan.pace, idle.count == 1, failure == nil { turn?.activate(.writable) }
    }

    // MARK: The end

    /// Somebody has interrupted the run.
    func stop() { timeIsUp(at: Clocks.monotonic()) }

    /// None begins any more, and those under way get a moment.
    private func timeIsUp(at instant: Instant) {
        guard !isOver else { return }
        if startsEnded == nil {
            startsEnded = instant
            leaveOutThoseDue(until: instant)
        }
        guard !isEnding, underWay > 0 else {
            desk.measured.cutOff(underWay)
            return end()
        }
        isEnding = true
        endTimer?.schedule(after: LoadRun.grace)
        for index in clients.indices { clients[index].connection?.hurry() }
    }

    private func end() {
        guard !isOver else { return }
        (isEnding, isOver) = (true, true)
        // The moment that those under way got belongs to no rate.
        desk.measured.elapsed = max(.nanoseconds(1), (startsEnded ?? Clocks.monotonic()) - began)
        for index in clients.indices { clients[index].connection?.cancel() }
        for event in [turn, restTimer, endTimer] { event?.close() }
        exact?.close()
        if let sink { sink(takeSlice()) }
        loop.stop()
    }
}

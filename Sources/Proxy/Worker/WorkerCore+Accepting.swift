internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseVocabulary

/// Taking clients in: the limits are the whole process's; each worker decides which of its own handshakes makes way.
extension WorkerCore {
    /// How many clients may wait for other workers at once; each wait takes a turn of those workers' loops.
    static let maximumNewcomers = 64

    /// - Parameter local: the address of the listening socket, where it is one.
    func accepted(_ socket: Socket, from endpoint: Endpoint, at local: Endpoint?, in slot: ListenerSlot) {
        slot.listener.metrics.accepted.add(1)
        let expectation = slot.listener.settings.proxyProtocol.expectation(of: endpoint)
        guard expectation != .nothing else { return turnAway(socket, from: endpoint, by: slot.listener) }
        guard expectation == .tls else {
            return acceptedFromProxy(socket, from: endpoint, at: local, in: slot, expectation)
        }
        let address = endpoint.address
        switch admit(address, to: slot) {
        case .success(let entry):
            takeIn(socket, from: endpoint, at: local, in: slot, entry, expectation)
        case .failure(let error):
            let others = error.limit.isOfHandshakes ? slot.listener.admission.workers(but: index) : []
            guard !others.isEmpty, newcomers < Self.maximumNewcomers else {
                return refuse(socket, from: endpoint, by: slot.listener, error.limit)
            }
            newcomers += 1
            ask(others, for: .accepted(address), error) { [self] result in
                newcomers -= 1
                switch result {
                case .success(let entry) where takesNoMore:
                    slot.listener.admission.giveBack(entry)
                    socket.close()
                case .success(let entry): takeIn(socket, from: endpoint, at: local, in: slot, entry, expectation)
                case .failure(let error): refuse(socket, from: endpoint, by: slot.listener, error.limit)
                }
                tellIfIdle()
            }
        }
    }

    private func takeIn(
        _ socket: Socket, from endpoint: Endpoint, at local: Endpoint?, in slot: ListenerSlot,
        _ entry: Admission.Entry, _ expectation: ProxyAcceptance.Expectation
    ) {
        let listener = slot.listener
        listener.metrics.open.add(1)
        listener.metrics.handshakes.inProgress.add(1)
        let connection = Connection(
            worker: self, listener: listener, client: socket, endpoint: endpoint, entry: entry,
            awaiting: expectation, at: local)
        add(connection)
        if entry.isAwaiting {
            slot.awaiting.append(connection.id, of: nil) { self.connection($0)?.handshake(awaitingHeader: true) }
        } else {
            slot.handshakes.append(connection.id, of: entry.client) { self.connection($0)?.handshake() }
        }
        connection.start()
    }

    private func refuse(
        _ socket: Socket, from endpoint: Endpoint, by listener: WorkerListener, _ limit: ListenerLimit
    ) {
        listener.metrics.refused(limit)
        listener.metrics.ended(.refused)
        log.refused(listener, endpoint, limit)
        socket.close()
    }

    /// Closes the connection of a client that no trusted proxy has brought.
    private func turnAway(_ socket: Socket, from endpoint: Endpoint, by listener: WorkerListener) {
        listener.metrics.handshakes.failed(.proxyHeaderUntrusted)
        listener.metrics.ended(.refused)
        log.turnedAway(listener, endpoint, .proxyHeaderUntrusted)
        socket.close()
    }

    /// Takes in a connection of a proxy. Those that wait for their header compete with each other alone.
    private func acceptedFromProxy(
        _ socket: Socket, from endpoint: Endpoint, at local: Endpoint?, in slot: ListenerSlot,
        _ expectation: ProxyAcceptance.Expectation
    ) {
        let (admission, limits) = (slot.listener.admission, slot.listener.settings.limits)
        var answer = admission.admitAwaiting(limits: limits)
        if case .failure(let error) = answer, error.limit == .handshakes,
            let other = slot.awaiting.whoMakesWay(
                for: nil, ownOnly: false, at: loop.now, held: { _ in 0 },
                { self.connection($0)?.handshake(awaitingHeader: true) }
            ).flatMap(connection)
        {
            answer = admission.admitAwaiting(limits: limits, insteadOf: other.entry)
            if case .success = answer { other.makeWay(for: error.limit) }
        }
        switch answer {
        case .success(let entry): takeIn(socket, from: endpoint, at: local, in: slot, entry, expectation)
        case .failure(let error): refuse(socket, from: endpoint, by: slot.listener, error.limit)
        }
    }

    /// A proxy's header has named the client of a connection: that client's limits hold from now on.
    ///
    /// - Parameter later: gets the answer where other workers have to be asked for room.
    /// - Returns: the answer; `nil` where it comes later.
    func name(
        _ connection: Connection, _ client: IPAddress?,
        later: @escaping (Result<Admission.Entry, Admission.LimitError>) -> Void
    ) -> Result<Admission.Entry, Admission.LimitError>? {
        let listener = connection.listener
        guard let slot = slots[listener.settings.name] else {
            let limits = listener.settings.limits
            return listener.admission.name(connection.entry, client, limits: limits, at: loop.now)
        }
        let answer = name(connection.entry, client, in: slot)
        guard case .failure(let error) = answer, error.limit.isOfHandshakes, newcomers < Self.maximumNewcomers,
            case let others = listener.admission.workers(but: index), !others.isEmpty
        else { return answer }
        newcomers += 1
        ask(others, for: .named(connection.entry, client), error) { [self] result in
            newcomers -= 1
            later(result)
            tellIfIdle()
        }
        return nil
    }

    /// Lets a client in that a header has named; where handshakes are too many, another one of this worker may make way.
    private func name(
        _ entry: Admission.Entry, _ client: IPAddress?, in slot: ListenerSlot
    ) -> Result<Admission.Entry, Admission.LimitError> {
        let (admission, limits) = (slot.listener.admission, slot.listener.settings.limits)
        let answer = admission.name(entry, client, limits: limits, at: loop.now)
        guard case .failure(let error) = answer, error.limit.isOfHandshakes,
            let other = whoMakesWay(for: client, in: slot, error)
        else { return answer }
        let instead = admission.name(entry, client, limits: limits, at: loop.now, insteadOf: other.entry)
        guard case .success = instead else { return instead }
        // This may be another connection's turn.
        other.placeIsTaken()
        let id = other.id
        WeakWorker(self).execute { $0.connection(id)?.makeWay(for: error.limit) }
        return instead
    }

    private func whoMakesWay(
        for client: IPAddress?, in slot: ListenerSlot, _ error: Admission.LimitError
    ) -> Connection? {
        slot.handshakes.whoMakesWay(
            for: client?.network, ownOnly: error.limit == .handshakesPerClient, at: loop.now,
            held: slot.listener.admission.handshakes, { connection($0)?.handshake() }
        ).flatMap(connection)
    }

    /// The handshake of a connection that was named begins.
    func handshakeBegins(of connection: Connection) {
        slots[connection.listener.settings.name]?.handshakes
            .append(connection.id, of: connection.entry.client) { self.connection($0)?.handshake() }
    }

    /// Asks whether a client is taken in; where handshakes are too many, another one of this worker may make way.
    private func admit(_ client: IPAddress?, to slot: ListenerSlot) -> Result<Admission.Entry, Admission.LimitError> {
        let (admission, limits) = (slot.listener.admission, slot.listener.settings.limits)
        let answer = admission.admit(client, limits: limits, at: loop.now)
        guard case .failure(let error) = answer, error.limit.isOfHandshakes else { return answer }
        guard let connection = whoMakesWay(for: client, in: slot, error) else { return answer }
        let instead = admission.admit(client, limits: limits, at: loop.now, insteadOf: connection.entry)
        // Another worker may have taken a token of the rate or the last room meanwhile: then no handshake ends in vain.
        if case .success = instead { connection.makeWay(for: error.limit) }
        return instead
    }

    /// Lets other workers ask for room in a listener's handshakes of this one.
    func letOthersAsk(_ slot: ListenerSlot) {
        let (here, loop) = (WeakSlot(core: self, slot: slot), loop)
        slot.listener.admission.remember(worker: index) { newcomer, answer in
            loop.execute {
                guard let core = here.core, let slot = here.slot else {
                    return answer(.failure(Admission.LimitError(limit: .handshakes)))
                }
                switch newcomer {
                case .accepted(let client): answer(core.admit(client, to: slot))
                case .named(let entry, let client): answer(core.name(entry, client, in: slot))
                }
            }
        }
    }

    /// Asks one worker after the other, each when the one before has no handshake to end.
    private func ask(
        _ others: [Admission.Asking], for newcomer: Admission.Newcomer, _ error: Admission.LimitError,
        _ answer: @escaping (Result<Admission.Entry, Admission.LimitError>) -> Void
    ) {
        guard let next = others.first else { return answer(.failure(error)) }
        let rest = Array(others.dropFirst())
        // Both are used on this loop only.
        nonisolated(unsafe) let (core, answer) = (self, answer)
        let loop = loop
        next(newcomer) { result in
            loop.execute {
                if case .failure(let error) = result, error.limit.isOfHandshakes {
                    core.ask(rest, for: newcomer, error, answer)
                } else {
                    answer(result)
                }
            }
        }
    }
}

/// A weak reference to a listener's slot in a worker, for other threads.
// @unchecked: what it refers to is read on the worker's loop only.
private final class WeakSlot: @unchecked Sendable {
    weak var core: WorkerCore?
    weak var slot: ListenerSlot?

    init(core: WorkerCore, slot: ListenerSlot) {
        self.core = core
        self.slot = slot
    }
}

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
        // Who the client of a proxy is, its header says: until then it counts for no address.
        let address = expectation == .tls ? endpoint.address : nil
        switch admit(address, to: slot) {
        case .success(let entry):
            takeIn(socket, from: endpoint, at: local, in: slot, entry, expectation)
        case .failure(let error):
            let others = error.limit.isOfHandshakes ? slot.listener.admission.workers(but: index) : []
            guard !others.isEmpty, newcomers < Self.maximumNewcomers else {
                return refuse(socket, from: endpoint, by: slot.listener, error.limit)
            }
            newcomers += 1
            ask(others, for: address, error) { [self] result in
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
        slot.handshakes.append(connection.id, of: entry.client) { self.connection($0)?.handshake }
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

    /// A proxy has said whose connection it is: that client's limits hold from now on.
    ///
    /// Where the client has too many handshakes on this worker, one of them makes way, in a turn of its own.
    func identify(_ connection: Connection, as client: IPAddress?) throws(Admission.LimitError) -> Admission.Entry {
        let (listener, slot) = (connection.listener, slots[connection.listener.settings.name])
        let (admission, limits) = (listener.admission, listener.settings.limits)
        var answer = admission.identify(connection.entry, as: client, limits: limits)
        if case .failure(let error) = answer, error.limit == .handshakesPerClient, let slot,
            let other = slot.handshakes.whoMakesWay(
                for: client?.network, ownOnly: true, at: loop.now, held: admission.handshakes,
                { self.connection($0)?.handshake }
            ).flatMap(self.connection)
        {
            answer = admission.identify(connection.entry, as: client, limits: limits, insteadOf: other.entry)
            if case .success = answer {
                other.placeIsTaken()
                let id = other.id
                WeakWorker(self).execute { $0.connection(id)?.makeWay(for: error.limit) }
            }
        }
        let entry = try answer.get()
        slot?.handshakes.identify(connection.id, as: entry.client) { self.connection($0)?.handshake }
        return entry
    }

    /// Asks whether a client is taken in; where handshakes are too many, another one of this worker may make way.
    private func admit(_ client: IPAddress?, to slot: ListenerSlot) -> Result<Admission.Entry, Admission.LimitError> {
        let (admission, limits) = (slot.listener.admission, slot.listener.settings.limits)
        let answer = admission.admit(client, limits: limits, at: loop.now)
        guard case .failure(let error) = answer, error.limit.isOfHandshakes else { return answer }
        let other = slot.handshakes.whoMakesWay(
            for: client?.network, ownOnly: error.limit == .handshakesPerClient, at: loop.now,
            held: admission.handshakes, { connection($0)?.handshake })
        guard let other, let connection = connection(other) else { return answer }
        let instead = admission.admit(client, limits: limits, at: loop.now, insteadOf: connection.entry)
        // Another worker may have taken a token of the rate or the last room meanwhile: then no handshake ends in vain.
        if case .success = instead { connection.makeWay(for: error.limit) }
        return instead
    }

    /// Lets other workers ask for room in a listener's handshakes of this one.
    func letOthersAsk(_ slot: ListenerSlot) {
        let (here, loop) = (WeakSlot(core: self, slot: slot), loop)
        slot.listener.admission.remember(worker: index) { client, answer in
            loop.execute {
                guard let core = here.core, let slot = here.slot else {
                    return answer(.failure(Admission.LimitError(limit: .handshakes)))
                }
                answer(core.admit(client, to: slot))
            }
        }
    }

    /// Asks one worker after the other, each when the one before has no handshake to end.
    private func ask(
        _ others: [Admission.Asking], for client: IPAddress?, _ error: Admission.LimitError,
        _ answer: @escaping (Result<Admission.Entry, Admission.LimitError>) -> Void
    ) {
        guard let next = others.first else { return answer(.failure(error)) }
        let rest = Array(others.dropFirst())
        // Both are used on this loop only.
        nonisolated(unsafe) let (core, answer) = (self, answer)
        let loop = loop
        next(client) { result in
            loop.execute {
                if case .failure(let error) = result, error.limit.isOfHandshakes {
                    core.ask(rest, for: client, error, answer)
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

internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseResumption
internal import RepriseRouting
internal import RepriseTLS
internal import RepriseVocabulary

/// One client's connection: does what ``ConnectionMachine`` decides, on a ``ClientSide`` and an ``UpstreamSide``.
///
/// Confined to its worker's loop. Each entry (a socket that is ready, a timer) is one turn: it handles the event,
/// receives from each side that is due (once each, and the end behind it), then calls ``settle()``, which sends what
/// waits and what the turn has gathered, in one send for each side. A side that had stopped for lack of room goes on in
/// turns of its own.
final class Connection {
    /// The worker outlives its connections: it closes them all before it goes.
    unowned let worker: WorkerCore
    /// Its worker's, at hand: asking the worker for them counts its references.
    let loop: EventLoop
    let buffers: RelayBuffers
    let listener: WorkerListener
    let client: ClientSide
    let upstream: UpstreamSide
    var entry: Admission.Entry
    var machine: ConnectionMachine { didSet { stance = Stance(machine) } }
    /// What every turn asks of the machine several times.
    private(set) var stance: Stance
    /// What has come of a header of the PROXY protocol.
    var headerBytes: [UInt8] = []
    /// What the route says of the servers that it leads to.
    var terms = RouteTerms()
    /// The address that it has come to, where that needs no asking.
    let arrivedAt: Endpoint?
    /// Whether TLS may begin without one.
    let takesTLSAtOnce: Bool
    var record: ConnectionRecord
    /// The sides to receive from in this turn, and those already received from; plain flags, because every turn asks
    /// them several times.
    private var clientIsDue = false
    private var upstreamIsDue = false
    private var hasReceivedFromClient = false
    private var hasReceivedFromUpstream = false
    private var isProbeQueued = false
    var deadline = Deadlines.Place.none
    /// The client's end, behind bytes that the upstream has refused: the rest of what the upstream sent comes first.
    private var clientEnd: Stream.End?
    var timer: ConnectionTimer
    /// The program's router that was asked.
    var asked: PluggedRouter?
    /// Its answer that is still to come.
    var routing: RouterQuestion?
    /// What was decided of the route before the last flight of a TLS 1.2 handshake.
    @Seldom var early: EarlyRoute?
    /// Until when it waits for a server, or has waited: called in vain, it does not wait for longer.
    var waitEnds: Instant?
    /// Another connection has the place of this one's handshake already.
    private(set) var isPlaceTaken = false
    /// Other workers are asked for room for the client that a header has named; they settle what counts for it.
    var isBeingNamed = false

    /// A side to receive from.
    enum Due {
        case client, upstream
    }

    var id: ConnectionID { record.id }

    init(
        worker: WorkerCore, listener: WorkerListener, client: Socket, endpoint: Endpoint, entry: Admission.Entry,
        awaiting expectation: ProxyAcceptance.Expectation = .tls, at arrivedAt: Endpoint? = nil
    ) {
        self.worker = worker
        (loop, buffers) = (worker.loop, worker.buffers)
        self.listener = listener
        self.entry = entry
        self.arrivedAt = arrivedAt
        machine = ConnectionMachine(awaitsHeader: expectation != .tls)
        stance = Stance(machine)
        takesTLSAtOnce = expectation != .header
        timer = ConnectionTimer(at: worker.loop.now)
        self.client = ClientSide(client, from: endpoint.address, of: listener, on: worker)
        upstream = UpstreamSide(on: worker)
        listener.domain.connectionBegan()
        record = ConnectionRecord(id: worker.nextConnectionID(), client: endpoint, acceptedAt: worker.loop.now)
    }

    /// Begins to listen to the client.
    func start() {
        if listener.remembers {
            client.sessions.choosesUpstream = { [unowned self] in chooseBeforeFinished() }
        }
        client.tls.pausesBeforeFinished = !listener.routing.isPlain
        turn {
            do throws(EventLoopError) {
                try client.stream.start { [unowned self] readiness in turn { clientReady(readiness) } }
            } catch {
                record.detail = "\(error)"
                stop(.kill)
            }
        }
    }

    /// One turn: `body`, and what follows from it.
    func turn(_ body: () -> Void) {
        loop.assertConfined()
        guard !stance.isClosed else { return }
        buffers.turn {
            hasReceivedFromClient = false
            hasReceivedFromUpstream = false
            body()
            receiveFromWhoIsDue()
            settle()
        }
    }

    /// Schedules a receive from a side before the turn is over; one at a time, so that none receives within another.
    func mayReceive(from side: Due) {
        switch side {
        case .client: clientIsDue = true
        case .upstream: upstreamIsDue = true
        }
    }

    /// The same for what stands behind a receive of this turn: an end, or what came before an end.
    func mayReceiveAgain(from side: Due) {
        switch side {
        case .client: hasReceivedFromClient = false
        case .upstream: hasReceivedFromUpstream = false
        }
        mayReceive(from: side)
    }

    /// Arranges what follows a receive: the end now, more bytes in a turn of their own, an error a little later.
    func arrangeNext(_ receipt: Stream.Receipt, from stream: Stream, _ side: Due) {
        guard !stance.isClosed, case .bytes(let endIsBehind) = receipt else { return }
        noteActivity()
        if !stream.isReadable { probeLater() }
        if endIsBehind {
            mayReceiveAgain(from: side)
        } else if stream.isReadable {
            stream.again()
        }
    }

    /// Holds the client's end until the upstream's receive is done.
    func holdEnd(_ end: Stream.End) { clientEnd = end }

    /// The upstream comes first: a client that closes must not lose, for itself or the log, what the upstream had sent
    /// before.
    func receiveFromWhoIsDue() {
        while !stance.isClosed {
            if upstreamIsDue {
                upstreamIsDue = false
                if hasReceivedFromUpstream {
                    goOnLater(upstream.receiving)
                } else {
                    hasReceivedFromUpstream = true
                    receiveFromUpstream()
                }
            } else if let end = clientEnd {
                clientEnd = nil
                clientEnded(end)
            } else if clientIsDue {
                clientIsDue = false
                if hasReceivedFromClient {
                    goOnLater(client.stream)
                } else {
                    hasReceivedFromClient = true
                    receiveFromClient()
                }
            } else {
                return
            }
        }
    }

    /// A second receive from a side has a turn of its own.
    private func goOnLater(_ stream: Stream?) {
        if let stream, stream.isReadable { stream.again() }
    }

    /// Ends a turn: sends what has gathered, and sets the timer that the machine wants.
    private func settle() {
        guard !stance.isClosed else { return }
        flushUpstream()
        receiveFromWhoIsDue()
        // After a server that refused, the next one may get its first bytes.
        while upstream.hasGathered, !stance.isClosed {
            flushUpstream()
            receiveFromWhoIsDue()
        }
        guard !stance.isClosed else { return }
        let waited = !client.hasTakenAll
        flushClient(holdingTickets: true)
        if client.isBroken, machine.client.isBeforeGoodbye || waited { clientBroke() }
        if stance.isClosing {
            if client.tickets.areHeld { flushClient(holdingTickets: false) }
            if !client.stream.hasPending { closeAfterFlush(machine.flushed()) }
            receiveFromWhoIsDue()
        }
        setTimer()
    }

    // MARK: Orders from outside

    /// The listener is drained and time is up.
    func drainIsOver() { turn { stop(.drain) } }

    /// The process ends at once.
    func kill() { turn { stop(.kill) } }

    /// Ends the handshake, because another client's takes its place.
    func makeWay(for limit: ListenerLimit) {
        guard machine.isHandshaking else { return }
        turn {
            record.detail = limit.word
            placeIsTaken()
            stop(.limit)
        }
    }

    /// Its handshake counts no more, for another has its place.
    func placeIsTaken() { isPlaceTaken = true }

    func stop(_ why: ConnectionMachine.Stop) {
        let wasHandshaking = machine.isHandshaking
        let answer = machine.stop(why)
        if wasHandshaking { handshakeIsOver(why == .limit ? .madeWay : .stopped) }
        leave(answer)
    }

    // MARK: The handshake's end

    /// - Parameter failure: why it failed; `nil` when it has succeeded.
    func handshakeIsOver(_ failure: HandshakeFailure?) {
        if let failure = failure.map(probeOrFailure) {
            record.failure = failure
            listener.metrics.handshakes.failed(failure)
            client.sessions.handshakeHasFailed()
            earlyRouteIsOver()
        }
        if !isPlaceTaken, !isBeingNamed { listener.admission.handshakeEnded(entry) }
        listener.metrics.handshakes.inProgress.subtract(1)
        record.times.handshakeEnded = worker.loop.now
    }

    /// A client that left without a byte has not failed: it has looked whether somebody listens.
    private func probeOrFailure(_ failure: HandshakeFailure) -> HandshakeFailure {
        guard failure == .truncated || failure == .clientReset, headerBytes.isEmpty, !client.tls.hasReceivedBytes
        else { return failure }
        return .probe
    }

    // MARK: Noticing

    /// Schedules a probe of the sockets for an error, a little later.
    ///
    /// libevent reports an error (EPOLLERR) as readable and writable, as it reports bytes. A reset right behind bytes
    /// shares one edge with them: a receive that empties the socket uses it up, and nothing else would report the reset
    /// before the idle timeout.
    func probeLater() {
        guard !isProbeQueued else { return }
        isProbeQueued = true
        worker.probes.append(self, due: worker.loop.now + WorkerCore.probeDelay)
    }

    /// Asks the sockets for an error (SO_ERROR), once after they were last received from.
    func probe() {
        isProbeQueued = false
        guard isWorthProbing else { return }
        turn { probeSockets() }
    }

    private var isWorthProbing: Bool {
        switch machine.client.phase {
        case .serving, .lingering, .discarding: true
        case .closing: machine.client.discardsClient
        // If it had been answered since, the client would have refused the answer.
        case .awaitingHeader, .handshaking: client.lastAnswered.map { $0 < client.lastReceived } ?? true
        case .closed: false
        }
    }

    private func probeSockets() {
        // Bytes not yet received come first, and the error behind them.
        if !client.stream.isReadable || !clientIsReceivedFrom, client.stream.pendingError() != nil {
            clientBroke()
        } else if let stream = upstream.receiving, !stream.isReadable, let errno = stream.pendingError() {
            // Bytes may have come with it that no event has reported yet.
            upstreamRefused(errno)
        }
        guard machine.client.phase == .discarding else { return }
        guard client.rests else { return probeLater() }
        if machine.clientRests() { closeClient(resetting: true) }
    }
}

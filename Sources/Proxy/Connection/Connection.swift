internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseResumption
internal import RepriseTLS
internal import RepriseVocabulary

/// One client's connection: the shell that does what ``ConnectionMachine`` decides, with a ``ClientSide`` and an
/// ``UpstreamSide`` to do it to.
///
/// Confined to its worker's loop. Each entry (a socket that is ready, a timer) is one turn: what happened, then receives
/// from whoever is due (one each, and the end behind it), then ``settle()``, which sends what waits and what the turn has
/// gathered, in one send for each side. What had stopped for want of room goes on in turns of its own.
final class Connection {
    /// The worker outlives its connections: it closes them all before it goes.
    unowned let worker: WorkerCore
    let listener: WorkerListener
    let client: ClientSide
    let upstream: UpstreamSide
    let entry: Admission.Entry
    var machine = ConnectionMachine()
    var record: ConnectionRecord
    /// Who may be received from in this turn, and who has been.
    private var due: Due = []
    private var received: Due = []
    /// The client's end, behind bytes that the upstream has refused: what the upstream has left comes first.
    private var clientEnd: Stream.End?
    var timer: ConnectionTimer?
    private var isProbeQueued = false
    /// Another connection has the place of this one's handshake already.
    private var isPlaceTaken = false

    struct Due: OptionSet {
        let rawValue: UInt8
        static let client = Due(rawValue: 1)
        static let upstream = Due(rawValue: 2)
    }

    var id: ConnectionID { record.id }

    init(worker: WorkerCore, listener: WorkerListener, client: Socket, endpoint: Endpoint, entry: Admission.Entry) {
        self.worker = worker
        self.listener = listener
        self.entry = entry
        self.client = ClientSide(client, from: endpoint.address, of: listener, on: worker)
        upstream = UpstreamSide(listener.upstream, on: worker)
        listener.domain.connectionBegan()
        record = ConnectionRecord(id: worker.nextConnectionID(), client: endpoint, acceptedAt: worker.loop.now)
    }

    /// Begins to listen to the client.
    func start() {
        timer = ConnectionTimer(on: worker.loop) { [unowned self] in turn { timerFired() } }
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
        worker.loop.assertConfined()
        guard !machine.isClosed else { return }
        worker.buffers.turn {
            received = []
            body()
            receiveFromWhoIsDue()
            settle()
        }
    }

    /// Lets a side be received from before the turn is over; one at a time, so that none receives within another.
    func mayReceive(from side: Due) {
        due.insert(side)
    }

    /// The same for what stands behind a receive of this turn: an end, or what came before an end.
    func mayReceiveAgain(from side: Due) {
        received.remove(side)
        due.insert(side)
    }

    /// Sees to what is left behind a receive: the end now, more bytes in a turn of their own, an error a little later.
    func arrangeNext(_ receipt: Stream.Receipt, from stream: Stream, _ side: Due) {
        guard !machine.isClosed, case .bytes(let endIsBehind) = receipt else { return }
        noteActivity()
        if !stream.isReadable { probeLater() }
        if endIsBehind {
            mayReceiveAgain(from: side)
        } else if stream.isReadable {
            stream.again()
        }
    }

    /// Has the client's end wait until the upstream was received from.
    func holdEnd(_ end: Stream.End) { clientEnd = end }

    /// The upstream comes first: a client that leaves must not cost itself, or the log, what the upstream had said before.
    func receiveFromWhoIsDue() {
        while !machine.isClosed {
            if due.contains(.upstream) {
                due.remove(.upstream)
                if isFirst(.upstream, upstream.receiving) { receiveFromUpstream() }
            } else if let end = clientEnd {
                clientEnd = nil
                clientEnded(end)
            } else if due.contains(.client) {
                due.remove(.client)
                if isFirst(.client, client.stream) { receiveFromClient() }
            } else {
                return
            }
        }
    }

    /// Whether this receive is the side's first in this turn; the next has a turn of its own.
    private func isFirst(_ side: Due, _ stream: Stream?) -> Bool {
        guard received.contains(side) else {
            received.insert(side)
            return true
        }
        if let stream, stream.isReadable { stream.again() }
        return false
    }

    /// Ends a turn: sends what has come together, and sets the timer that the machine wants.
    private func settle() {
        guard !machine.isClosed else { return }
        flushUpstream()
        receiveFromWhoIsDue()
        // A server that refused may have another in its place, which is sent to for the first time.
        while upstream.hasGathered, !machine.isClosed {
            flushUpstream()
            receiveFromWhoIsDue()
        }
        guard !machine.isClosed else { return }
        let waited = !client.hasTakenAll
        flushClient(holdingTickets: true)
        if client.isBroken, machine.client.isBeforeGoodbye || waited { clientBroke() }
        if case .closing = machine.client.phase {
            if client.tickets.areHeld { flushClient(holdingTickets: false) }
            if client.stream.pending.isEmpty { closeAfterFlush(machine.flushed()) }
            receiveFromWhoIsDue()
        }
        setTimer()
    }

    // MARK: The timer

    func noteActivity() { timer?.noteActivity() }

    private func setTimer() {
        guard machine.timer != timer?.kind else { return }
        if let kind = machine.timer { startTimer(kind) } else { timer?.clear() }
    }

    /// Begins a time anew, as each server that is tried has its own.
    func startTimer(_ kind: ConnectionMachine.TimerKind) {
        timer?.set(kind, for: listener.settings.timeouts.duration(of: kind))
    }

    private func timerFired() {
        switch timer?.fired() {
        case nil: return
        case .routing: notRouted()
        case .connect: wentOn(upstream.connectTimedOut())
        case .handshake, .idle, .halfClosed, .shutdown:
            let wasHandshaking = machine.isHandshaking
            let waits =
                machine.client.phase == .discarding
                ? client.stream.unacknowledgedBytes() > 0 : !client.hasTakenAll || worker.buffers.output.count > 0
            let answer = machine.timedOut(downloadWaits: waits)
            if wasHandshaking { handshakeIsOver(.timeout) }
            leave(answer)
        }
    }

    // MARK: What others want of it

    /// The listener is drained and time is up.
    func drainIsOver() { turn { stop(.drain) } }

    /// The process ends at once.
    func kill() { turn { stop(.kill) } }

    /// Ends the handshake, because another client's was taken in instead.
    func makeWay(for limit: ListenerLimit) {
        turn {
            record.detail = limit.word
            isPlaceTaken = true
            stop(.limit)
        }
    }

    func stop(_ why: ConnectionMachine.Stop) {
        let wasHandshaking = machine.isHandshaking
        let answer = machine.stop(why)
        if wasHandshaking { handshakeIsOver(why == .limit ? .madeWay : .stopped) }
        leave(answer)
    }

    // MARK: The handshake's end

    /// - Parameter failure: why it failed; `nil` when it has succeeded.
    func handshakeIsOver(_ failure: HandshakeFailure?) {
        if let failure {
            record.failure = failure
            listener.metrics.handshakes.failed(failure)
            client.sessions.handshakeHasFailed()
        }
        if !isPlaceTaken { listener.admission.handshakeEnded(entry) }
        listener.metrics.handshakes.inProgress.subtract(1)
        record.times.handshakeEnded = worker.loop.now
    }

    // MARK: Noticing

    /// Has the sockets asked for an error a little later.
    ///
    /// libevent tells an error (EPOLLERR) as readable and writable, which bytes are as well. A reset that comes right
    /// behind bytes is one edge with them: a receive that empties the socket has used it up, and nothing else would
    /// tell of the reset before the idle timeout.
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
        // A client that was answered since would have refused the answer.
        case .handshaking: client.lastAnswered.map { $0 < client.lastReceived } ?? true
        case .closed: false
        }
    }

    private func probeSockets() {
        // What is still to be received comes first, and so does the news behind it.
        if !client.stream.isReadable || !clientIsReceivedFrom, client.stream.pendingError() != nil {
            clientBroke()
        } else if let stream = upstream.receiving, !stream.isReadable, let errno = stream.pendingError() {
            // Bytes may have come with it, which no event has told of yet.
            upstreamRefused(errno)
        }
        guard machine.client.phase == .discarding else { return }
        guard client.rests else { return probeLater() }
        if machine.clientRests() { closeClient(resetting: true) }
    }
}

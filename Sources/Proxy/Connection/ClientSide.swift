internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseResumption
internal import RepriseTLS
internal import RepriseVocabulary

/// A connection's client: its stream, its TLS, its sessions and its tickets. Confined to its worker's loop.
///
/// It moves bytes and keeps state; ``ConnectionMachine`` decides what follows from them, and ``Connection`` does it.
final class ClientSide {
    let stream: Stream
    let tls: ServerConnection
    let sessions: ConnectionResumption
    /// The number of the store's question that the handshake waits for.
    var question: (number: Int, waits: StoreQuestion)?
    /// When the client last sent bytes.
    private(set) var lastReceived: Instant
    /// When it was last sent bytes.
    private(set) var lastAnswered: Instant?
    /// How many bytes of plaintext have come and gone.
    private(set) var bytesReceived: UInt64 = 0
    private(set) var bytesSent: UInt64 = 0
    private(set) var tickets = HeldTickets()
    private(set) var hasSentCloseNotify = false
    private var keyUpdates = KeyUpdateBudget()
    private var shortRecords: ShortRecords
    private let listener: WorkerListener
    private let loop: EventLoop
    /// What this turn has for the client.
    private let output: OutputBuffer

    init(_ socket: Socket, from address: IPAddress?, of listener: WorkerListener, on worker: WorkerCore) {
        self.listener = listener
        (loop, output) = (worker.loop, worker.buffers.output)
        sessions = ConnectionResumption(listener.sessions, client: address)
        tls = ServerConnection(
            context: listener.context, output: worker.buffers.output, sessions: sessions,
            holdsTickets: listener.settings.ticketsWaitForUpstream)
        stream = Stream(socket, .tls(tls.stream, worker.buffers.output), with: worker.buffers, isConnected: true)
        lastReceived = worker.loop.now
        shortRecords = ShortRecords(listener.settings.shortRecords)
    }

    /// The socket failed: nothing more can be said to it.
    var isBroken: Bool { stream.failure != nil }
    /// Whether it has taken all that it was sent; held tickets wait for company, not for the socket.
    var hasTakenAll: Bool { !stream.hasPending || tickets.areHeld }
    /// Whether more may be written to it.
    var takesMore: Bool { hasTakenAll && stream.isWritable }

    func noteReceived() { lastReceived = loop.now }

    /// The socket failed: drops what waited for it.
    func broke() {
        loop.assertConfined()
        stream.broke()
        output.removeAll()
        tickets.areHeld = false
    }

    /// Takes back what a closed connection would have sent.
    func forget() {
        loop.assertConfined()
        output.removeAll()
        tickets.areHeld = false
        question?.waits.end()
        question = nil
    }

    // MARK: Plaintext

    /// Counts plaintext that came.
    func took(_ count: Int) {
        bytesReceived += UInt64(count)
        listener.metrics.relayed(count, .clientToUpstream)
    }

    /// Encrypts for the client; the records are sent at the end of the turn.
    ///
    /// - Returns: what broke the stream, if that shows now.
    func write(_ bytes: RawSpan) -> Stream.End? {
        loop.assertConfined()
        if tickets.areHeld { listener.metrics.sessions.ticketsLeft(.withData) }
        bringHeldTickets()
        if let lastAnswered {
            shortRecords.rested(since: lastAnswered, until: loop.now, atStart: listener.settings.shortRecords)
        }
        var written = 0
        defer {
            bytesSent += UInt64(written)
            listener.metrics.relayed(written, .upstreamToClient)
        }
        while written < bytes.byteCount {
            let count = shortRecords.next(of: bytes.byteCount - written)
            if let end = stream.write(bytes.extracting(written..<written + count)) { return end }
            written += count
        }
        return nil
    }

    /// Puts a close_notify behind what the client still gets; once.
    func sendCloseNotify() {
        loop.assertConfined()
        guard !hasSentCloseNotify, !isBroken else { return }
        issueHeldTickets()
        if tickets.areHeld { listener.metrics.sessions.ticketsLeft(.withData) }
        bringHeldTickets()
        hasSentCloseNotify = true
        stream.endWriting()
    }

    /// Whether the client's KeyUpdates are no more than are allowed (RFC 8446 §4.6.3 sets no bound).
    func keyUpdatesAreInBounds() -> Bool {
        let received = tls.keyUpdatesReceived
        guard received != keyUpdates.seen else { return true }
        listener.metrics.handshakes.keyUpdates.add(UInt64(received - keyUpdates.seen))
        return keyUpdates.allow(
            upTo: received, perSecond: listener.settings.keyUpdatesPerSecond, at: loop.now)
    }

    // MARK: Records

    /// The result of offering records to the socket.
    enum Flushed {
        case nothing
        /// It took some.
        case sent
        /// It took the last of what had waited from an earlier turn.
        case sentWhatWaited
        /// Tickets are held back.
        case held
    }

    /// Sends what this turn has gathered, behind what still waits.
    ///
    /// - Parameter mayHold: hold tickets back when there is nothing else to send, because more may come.
    func flush(holdingTickets mayHold: Bool) -> Flushed {
        loop.assertConfined()
        // Also what a broken client should have got.
        defer { output.removeAll() }
        guard !isBroken else {
            tickets.areHeld = false
            return .nothing
        }
        if mayHold, ticketsMayWait() {
            hold()
            return .held
        }
        if tickets.areHeld {
            guard !mayHold || output.count > 0 else { return .nothing }
            tickets.areHeld = false
        }
        let waited = stream.hasPending
        guard let sent = stream.flush() else { return .nothing }
        if stream.hasPending { listener.metrics.pauses(.upstreamToClient) }
        guard sent > 0 else { return .nothing }
        lastAnswered = loop.now
        return waited && !stream.hasPending ? .sentWhatWaited : .sent
    }

    /// Whether a hold can begin or go on: it ends with the first byte of something else, and with the close_notify.
    private func ticketsMayWait() -> Bool {
        output.count > 0 && tls.ticketsAreWaiting && !stream.hasPending && listener.settings.ticketDelay > .zero
            && !hasSentCloseNotify
    }

    private func hold() {
        output.withBytes { stream.keep($0) }
        tickets.areHeld = true
        // Under Nagle's algorithm (RFC 896) a client that wrote its Finished alone waits for the ACK before it sends
        // anything else.
        if bytesReceived == 0 { stream.acknowledgeNow() }
    }

    /// Puts tickets that wait for company in front of what is about to be written.
    func bringHeldTickets() {
        guard tickets.areHeld else { return }
        tickets.areHeld = false
        stream.takeBack { output.append($0) }
    }

    /// Ends the wait of tickets that are held: they are sent at the end of the turn.
    func releaseHeldTickets() { tickets.areHeld = false }

    /// Makes the tickets that waited for the upstream.
    func issueHeldTickets() {
        loop.assertConfined()
        guard tls.holdsTickets, tls.isHandshakeDone else { return }
        tls.issueTickets()
        sessions.announceSessions(of: tls)
    }

    /// - Returns: whether the caller must arrange the end of the tickets' wait; it counts as arranged from now on.
    func queueTicketsEnd() -> Bool {
        guard tickets.areHeld, !tickets.endIsQueued else { return false }
        tickets.endIsQueued = true
        return true
    }

    /// The same for the acknowledgement of bytes that came while tickets are held.
    func queueAcknowledgement() -> Bool {
        guard tickets.areHeld, !tickets.acknowledgementIsQueued else { return false }
        tickets.acknowledgementIsQueued = true
        return true
    }

    /// Makes the kernel acknowledge what came, unless something was sent since: the held tickets would have carried the
    /// ACK, and the kernel waits for more to send.
    func acknowledgementIsDue() {
        tickets.acknowledgementIsQueued = false
        guard tickets.areHeld, lastAnswered.map({ $0 < lastReceived }) ?? true else { return }
        stream.acknowledgeNow()
    }

    // MARK: The end

    func close(resetting: Bool) {
        loop.assertConfined()
        if !hasSentCloseNotify { tls.markShutdown() }
        stream.close(resetting: resetting)
    }

    /// Whether the client has all that was sent, and is done sending. Its kernel has it then, and keeps it through a
    /// reset; but a client that goes on writing learns of the reset before it reads.
    var rests: Bool {
        guard stream.unacknowledgedBytes() == 0 else { return false }
        return stream.endIsKnown || loop.now - lastReceived >= Self.uploadRest
    }

    /// A client that has sent nothing for this long is not in the middle of an upload.
    static let uploadRest = Duration.milliseconds(500)
}

/// TLS 1.3 tickets that wait for company on their way to a client.
struct HeldTickets {
    /// All that waits for the client's socket is tickets.
    var areHeld = false
    /// The end of their wait has been arranged.
    var endIsQueued = false
    /// So has the acknowledgement of what came meanwhile, which they would have carried.
    var acknowledgementIsQueued = false
}

/// How many of a client's KeyUpdates were seen, and whether they come too fast.
struct KeyUpdateBudget: Sendable, Equatable {
    /// All seen so far.
    private(set) var seen = 0
    private var bucket: TokenBucket?

    init() {}

    /// Notes that there are `total` now; `false` when they are more than `perSecond` allows (0 allows any number).
    mutating func allow(upTo total: Int, perSecond: Int, at now: Instant) -> Bool {
        defer { seen = total }
        guard perSecond > 0 else { return true }
        var bucket = bucket ?? TokenBucket(rate: perSecond, at: now)
        defer { self.bucket = bucket }
        return (seen..<total).allSatisfy { _ in bucket.take(rate: perSecond, at: now) }
    }
}

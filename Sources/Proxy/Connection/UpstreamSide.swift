internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseRouting
internal import RepriseTLS
internal import RepriseVocabulary

/// A connection's upstream: which server, the way to it, and its stream. Confined to its worker's loop.
///
/// It moves bytes and keeps state; ``ConnectionMachine`` decides what follows from them, and ``Connection`` does it.
final class UpstreamSide {
    /// Where it is routed to, and the servers that are left to try there.
    var route: (upstream: WorkerUpstream, selection: UpstreamGroup.Selection)?
    /// The server and endpoint to try next, where they were chosen ahead.
    @Seldom var picked: Pick?
    /// The index of the server that has the connection, or is being tried.
    var index: Int?
    let loop: EventLoop
    let buffers: RelayBuffers
    var server: UpstreamServerMetrics?
    var state = State.none { didSet { noteState() } }
    /// The stream of the server that has taken the connection.
    private(set) var stream: Stream?
    /// The stream that bytes come from, those of TLS's handshake among them.
    private(set) var receiving: Stream?
    /// Whether TLS is negotiated.
    private(set) var isOpening = false
    /// Connects to other addresses of the server that are under way beside the one of the state.
    var race: ConnectRace?
    /// How many servers and addresses it has tried, and since when.
    var tries = (count: 0, first: Instant(nanoseconds: 0))
    /// TLS with the server that has taken the connection, after its end too, and how that side broke off, if it did.
    private(set) var encrypted: EncryptedWay?
    var broke: Ending?
    /// Its place in the group's queue, once it has had one.
    var place: WaitingRoom.Ticket?
    /// Plaintext that came before a server had taken the connection.
    private var early = PendingBytes()
    /// The client's stream is complete.
    private var clientHasEnded = false

    typealias Pick = (index: Int, endpoint: Endpoint)

    enum State {
        case none
        /// There is no server for it now, and it waits until there may be one.
        case waiting(WaitingRoom.Ticket)
        /// A connect to a server is under way.
        case connecting(Way)
        /// It has accepted, and TLS is negotiated.
        case opening(Way)
        /// It has the connection, and plaintext comes and goes.
        case connected(Way)

        var way: Way? {
            switch self {
            case .none, .waiting: nil
            case .connecting(let way), .opening(let way), .connected(let way): way
            }
        }
    }

    /// The way to one server.
    final class Way {
        let stream: Stream
        /// What negotiates TLS with it; `nil` where it is plain.
        let tls: EncryptedWay?
        /// What says who the client is, before all else.
        let introduction: [UInt8]
        let since: Instant
        /// When the server has taken the connection.
        var accepted: Instant
        /// Where it leads.
        let endpoint: Endpoint

        init(over stream: Stream, _ tls: EncryptedWay?, _ introduction: [UInt8], to endpoint: Endpoint, at now: Instant)
        {
            (self.stream, self.tls, self.introduction, self.endpoint) = (stream, tls, introduction, endpoint)
            (since, accepted) = (now, now)
        }
    }

    init(on worker: WorkerCore) {
        loop = worker.loop
        buffers = worker.buffers
    }

    /// Notes what every turn asks of the state: taking a way out of it counts the references of all that is in there.
    private func noteState() {
        (stream, receiving, isOpening) =
            switch state {
            case .none, .waiting, .connecting: (nil, nil, false)
            case .opening(let way): (nil, way.stream, true)
            case .connected(let way): (way.stream, way.stream, false)
            }
    }

    /// How many bytes wait for it.
    var waiting: Int {
        // What came early has gone to the stream.
        if let stream { return stream.pendingCount + stream.gathered }
        return early.count + (state.way.map { $0.stream.pendingCount + $0.stream.gathered } ?? 0)
    }

    // MARK: Connecting

    /// The result of a step on the way to a server.
    enum Connecting {
        /// The connect or the TLS handshake is under way; an event of the socket says when to go on.
        case underWay
        case connected
        /// - `another`: there is a server left to try.
        case failed(ConnectError, another: Bool)
        /// No server is left.
        case nobody
        /// It has waited for one in vain.
        case tooLate
    }

    /// The upstream that the connection goes to.
    ///
    /// - Parameter selection: the servers to try, in order.
    func go(to upstream: WorkerUpstream, _ selection: UpstreamGroup.Selection) {
        loop.assertConfined()
        route = (upstream, selection)
    }

    var isRouted: Bool { route != nil }

    /// Chooses the next server ahead of the connect.
    ///
    /// - Returns: its index.
    func pick() -> Int? {
        loop.assertConfined()
        picked = route?.selection.next(at: loop.now)
        return picked?.index
    }

    /// The group, and the index of the server that has the connection, or is being tried.
    var chosen: (group: UpstreamGroup, index: Int)? {
        guard let group = route?.upstream.group, let index else { return nil }
        return (group, index)
    }

    /// Where its group's connections wait for a server.
    var chosenRoom: WaitingRoom? { route?.upstream.group.loads.room }
    /// Whether no server of its group may have another connection now.
    var isExhausted: Bool { route?.upstream.group.isExhausted ?? true }

    /// Whether the server has asked for no more new keys than it may.
    func keyUpdatesAreInBounds(perSecond: Int) -> Bool {
        encrypted?.keyUpdatesAreInBounds(perSecond: perSecond, at: loop.now) ?? true
    }

    /// Whether servers are asked for what the client asks us for.
    var asksForClientsName: Bool { route?.upstream.asksForClientsName ?? false }

    /// The group's name, once the connection is routed.
    var group: String? { route?.upstream.group.name }

    func accepted(_ way: Way) -> Connecting {
        way.accepted = loop.now
        way.stream.connected()
        let introduction = way.introduction
        if !introduction.isEmpty { way.stream.keep(introduction.span.bytes) }
        (encrypted, broke) = (way.tls, nil)
        state = .opening(way)
        return open()
    }

    /// Goes on with the TLS handshake, by the bytes that have come.
    func open() -> Connecting {
        loop.assertConfined()
        guard case .opening(let way) = state else { return .underWay }
        switch way.tls?.handshake() {
        case .wantsInput, .wantsSession, .waitsBeforeFinished: return .underWay
        case .failed(let fault):
            server?.tls?.failed(fault.cause)
            return failed(way.tls?.connectError(fault) ?? .tls(fault.detail))
        // A plain server is ready when it has accepted.
        case .done, nil: return connected(way)
        }
    }

    /// The server's socket broke while TLS was negotiated.
    func openingBroke(_ errno: SystemErrno) -> Connecting {
        handshakeBroke(.clientReset, .system(errno))
        return failed(.system(errno))
    }

    /// The server has not gone through with TLS, of which libssl knows nothing.
    func handshakeBroke(_ cause: HandshakeFailure, _ why: ConnectError) {
        guard case .opening(let way) = state, let tls = way.tls else { return }
        tls.failed(HandshakeFault(cause: cause, detail: why.description))
        server?.tls?.failed(cause)
    }

    private func connected(_ way: Way) -> Connecting {
        guard early.withBytes({ way.stream.gather($0) }) == nil else {
            return failed(.tls("libssl does not take what the client has sent"))
        }
        state = .connected(way)
        early.removeAll()
        if clientHasEnded { way.stream.endBehindWhatWaits() }
        server?.connects.add(1)
        server?.open.add(1)
        if let result = way.tls?.result { server?.tls?.done(result, after: loop.now - way.accepted) }
        let time = loop.now - way.since
        route?.upstream.connectDuration.observe(seconds: time.inSeconds)
        if let index, let group = route?.upstream.group {
            group.servers[index].succeeded(way.endpoint)
            _ = group.connected(index, after: time, at: loop.now)
        }
        return .connected
    }

    /// The server did not take the connection, or an address of its that had accepted did not go through with it.
    func failed(_ why: ConnectError) -> Connecting {
        server?.failed(why.reason)
        for way in race?.rivals ?? [] { remember(way.endpoint, why) }
        if let way = state.way { remember(way.endpoint, why) }
        // What we lack is no fault of the server's, which has not failed while it has another address.
        if let index, !why.isOurs, !isByRoute(why), route?.selection.hasAnotherAddress != true {
            _ = route?.upstream.group.failed(index, why.reason, at: loop.now)
        }
        endRace()
        if let way = state.way { leave(way, .none) }
        state = .none
        // A name that one server does not have would use up what clients may retry at every other.
        guard !why.isAboutName, route?.selection.hasNext == true else {
            route?.selection.end()
            return .failed(why, another: false)
        }
        return .failed(why, another: true)
    }

    /// Whether it failed by the terms of a route: others get on with the server.
    private func isByRoute(_ why: ConnectError) -> Bool {
        guard case .tls = why else { return false }
        return route?.upstream.isByRoute ?? false
    }

    // MARK: Plaintext

    /// The result of handing plaintext on.
    enum Written {
        /// It is sent, gathered or kept.
        case taken
        /// The server takes no more; what it has sent may still be read.
        case refused(SystemErrno)
        /// TLS is broken.
        case broken
    }

    /// Hands plaintext on, or keeps what the server does not take yet.
    func write(_ bytes: RawSpan) -> Written {
        loop.assertConfined()
        guard let stream else {
            early.append(bytes)
            return .taken
        }
        guard stream.failure == nil else { return .taken }
        let end = stream.write(bytes)
        if let failure = stream.failure { return .refused(failure) }
        return end == nil ? .taken : .broken
    }

    /// The client's stream is complete: its end goes behind its bytes from now on.
    func clientEnded() {
        clientHasEnded = true
        stream?.endBehindWhatWaits()
    }

    /// The result of offering the bytes that wait.
    enum Flushed {
        case nothing
        /// Some bytes are left.
        case part
        case all
        case refused(SystemErrno)
    }

    /// Whether TLS has something to send that was not offered in this turn.
    var hasGathered: Bool { (receiving?.gathered ?? 0) > 0 }

    /// Offers what waits, and what TLS has gathered, to the server's socket.
    func flush() -> Flushed {
        loop.assertConfined()
        guard let stream = receiving, stream.hasPending || stream.gathered > 0, let sent = stream.flush()
        else { return .nothing }
        if let failure = stream.failure { return .refused(failure) }
        guard sent > 0 else { return .nothing }
        return !stream.hasPending ? .all : .part
    }

    // MARK: The end

    /// What the connection's ending means for the sessions that the server has given on it.
    ///
    /// - Parameter ending: the client's alert says nothing of the server's sessions.
    func apply(_ verdicts: EndingVerdicts, to ending: Ending) {
        let own = broke ?? (ending.kind.isFatalAlert ? .upstreamEnd : ending)
        if verdicts[own] == .drop { encrypted?.dropSessions() }
    }

    /// Closes the connection to the server, if there is one; no other is tried.
    ///
    /// - Parameter mode: with ``ExchangeMachine/UpstreamCloseMode/none``, the server's stream broke off, and it is sent
    ///   nothing.
    func close(_ mode: ExchangeMachine.UpstreamCloseMode) {
        loop.assertConfined()
        endRace()
        if let way = state.way { leave(way, mode) }
        if case .waiting(let ticket) = state { leaveRoom(ticket, nil) }
        if case .connected = state { server?.open.subtract(1) }
        route?.selection.end()
        state = .none
        early.removeAll()
    }

    func leave(_ way: Way, _ mode: ExchangeMachine.UpstreamCloseMode) {
        if let tls = way.tls {
            if mode == .close { tls.stream.sendCloseNotify() }
            // This includes an alert.
            if mode != .reset { way.stream.flush() }
            buffers.upstreamOutput.removeAll()
            tls.stream.markShutdown()
            tls.stream.close()
        }
        way.stream.close(resetting: mode == .reset)
    }
}

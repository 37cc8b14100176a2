internal import RepriseEventLoop
package import RepriseTLS
package import RepriseVocabulary

/// One connection of a simulated client: connect, handshake, its task, its ending. Confined to its desk's loop; it calls
/// back once.
///
/// A turn receives at most once and sends at most once, so that thousands of connections take turns.
package final class LoadConnection {
    enum Phase {
        case connecting(since: Instant)
        case handshaking(since: Instant)
        case working(Work)
        /// All is done but a session is to come, for those that follow.
        case awaitingSession
        /// What is left to send goes out; then the socket is closed.
        case leaving(isReset: Bool)
        /// We have ended, and the server has not.
        /// - `halfCloses`: a FIN is to follow our close_notify.
        case awaitingEnd(since: Instant, halfCloses: Bool)
        case over
    }

    /// What is under way of a task.
    enum Work {
        case request(HTTPReply, left: Int, since: Instant, hasBegun: Bool)
        case transfer(up: Int, down: Int)
        /// Until the next request.
        case pause(left: Int)
        /// Held open with nothing to do.
        case idle
    }

    let desk: LoadDesk
    let order: LoadOrder
    private var done: ((LoadConnection, LoadFailure?) -> Void)?
    var phase: Phase
    var socket: Socket?
    var event: LoopEvent?
    private var timer: LoopEvent?
    var tls: ClientConnection?
    /// Ciphertext that the kernel had no room for; at most ``LoadConnection/sendBytes`` and a little.
    var unsent: [UInt8] = []
    /// Whether the server's end has come, or is behind what waits in the kernel.
    private var peerClosed = false
    /// Whether the server has ended its side of TLS.
    var serverHasEnded = false
    private var offered: SessionReference?
    /// Sessions that the server has given, the newest last, at most ``ClientSessions/limit``.
    package private(set) var given: [(session: SessionReference, came: Instant)] = []

    /// How much plaintext is encrypted in one turn.
    static let sendBytes = 64 << 10

    /// A connection that has not begun.
    ///
    /// - Parameter done: gets it when it is over, and why it came to nothing; within ``start()`` or later.
    package init(
        _ desk: LoadDesk, _ order: LoadOrder, done: @escaping (LoadConnection, LoadFailure?) -> Void
    ) {
        (self.desk, self.order, self.done) = (desk, order, done)
        phase = .connecting(since: order.scheduled)
    }

    deinit { close() }

    /// The session that it has resumed; `nil` for a full handshake.
    package private(set) var resumed: ClientSessions.Kept?

    /// How it was ordered to end, and whom it speaks to.
    package var closeKind: CloseKind { order.close }
    package var place: ClientSessions.Place { order.place }

    /// Begins to connect.
    package func start() {
        let timer = LoopEvent.timer(on: desk.loop) { [unowned self] in timedOut() }
        self.timer = timer
        phase = .connecting(since: Clocks.monotonic())
        let made: (socket: Socket, isConnected: Bool)
        switch connect() {
        case .connected(let socket): made = (socket, true)
        case .inProgress(let socket): made = (socket, false)
        case .failed(let errno): return end(LoadFailure(connecting: errno))
        }
        socket = made.socket
        let event = LoopEvent(.edges(of: made.socket), on: desk.loop) { [unowned self] in ready($0) }
        self.event = event
        do throws(EventLoopError) {
            try event.start()
        } catch {
            return end(.localLimit)
        }
        wait(desk.errand.timeouts.connect)
        if made.isConnected {
            connected()
            flush()
        }
    }

    private func connect() -> Socket.Connecting {
        let server = desk.errand.servers[order.place.server]
        while true {
            var options = UpstreamTCPOptions()
            options.source = desk.sources.next()
            let result = Socket.connect(to: server, with: options)
            guard case .failed(let errno) = result, errno.isOutOfPorts, desk.sources.ranOut(towards: server) else {
                return result
            }
        }
    }

    /// Ends it without a result, as when the run is over.
    package func cancel() {
        done = nil
        close()
    }

    // MARK: Turns

    private func ready(_ readiness: Readiness) {
        if case .connecting = phase {
            if readiness.isReadable, let socket, case let number = socket.pendingError, number != 0 {
                return end(LoadFailure(connecting: SystemErrno(number)))
            }
            connected()
        }
        if readiness.isPeerClosed { peerClosed = true }
        if readiness.isReadable || readiness.isPeerClosed { receive() }
        if readiness.isWritable { transfer() }
        flush(hasRoom: readiness.isWritable)
    }

    private func connected() {
        guard case .connecting(let since) = phase else { return }
        let now = desk.loop.now
        desk.measured.record(.connect, since: since, until: now)
        phase = .handshaking(since: now)
        wait(desk.errand.timeouts.handshake)
        do throws(ClientError) {
            offered = order.offering?.kept.session
            // libssl would leave out what its lifetime is over of.
            if order.offering?.choice == .expired { offered?.setCreated(Clocks.wall()) }
            introduce()
            tls = try ClientConnection(
                context: order.context, output: desk.output, names: desk.errand.names[order.place.name],
                resuming: offered
            ) { [unowned self] in keep($0) }
        } catch {
            return end(.localLimit)
        }
        if let offering = order.offering, offered != nil { desk.measured.offered(offering.offer) }
        handshake()
    }

    /// Writes the header of the PROXY protocol, which has each simulated client come from an address of its own, out of those
    /// that are set aside for benchmarks (RFC 2544 appendix C.2.2).
    private func introduce() {
        guard desk.errand.header != .off else { return }
        let address = IPAddress(ipv4: 0xc612_0000 + UInt32(order.client % (1 << 17)))
        // Towards a Unix socket or over IPv6 there is no address of the same kind.
        let server = desk.errand.servers[order.place.server]
        let isIPv4 = server.address.map { !$0.isIPv6 } ?? false
        let origin: ProxyHeader.Origin =
            isIPv4 ? .client(.ip(address, port: UInt16(1024 + order.client % 64_000)), to: server) : .unknown
        let header = ProxyHeader(origin)
        let bytes = desk.errand.header == .v1 ? header.line : header.binary(summed: false)
        desk.output.append(bytes.span.bytes)
    }

    private func receive() {
        guard let socket, let stream = tls?.stream else { return }
        switch phase {
        // What comes is of no interest any more, and ends with the socket.
        case .leaving, .over: return
        case .connecting, .handshaking, .working, .awaitingSession, .awaitingEnd: break
        }
        switch socket.receive(into: desk.ciphertext) {
        case .bytes(let count):
            // More may wait, which raises no further edge.
            if count == desk.ciphertext.count || peerClosed { event?.activate(.readable) }
            stream.lend(UnsafeRawBufferPointer(rebasing: desk.ciphertext[..<count]))
            advance()
            stream.endTurn()
        case .end:
            stream.lend(UnsafeRawBufferPointer(start: nil, count: 0))
            stream.inputEnded()
            advance()
            stream.endTurn()
        case .wouldBlock: return
        case .failed: end(isHandshaking ? .handshakeClosed : .broken)
        }
    }

    private func advance() {
        if isHandshaking { handshake() }
        if !isHandshaking { read() }
        if case .awaitingSession = phase, !given.isEmpty { leave() }
    }

    private var isHandshaking: Bool { if case .handshaking = phase { true } else { false } }
    var isOver: Bool { if case .over = phase { true } else { false } }

    /// Bounds what follows.
    func wait(_ time: Duration) { timer?.schedule(after: time) }

    private func timedOut() {
        switch phase {
        case .connecting: end(.connectTimeout)
        case .handshaking: end(.handshakeTimeout)
        case .working(.idle), .working(.pause):
            rested()
            flush()
        case .working: end(.answerTimeout)
        case .leaving, .awaitingEnd: end(.closeTimeout)
        case .over: break
        case .awaitingSession:
            // None need come.
            leave()
            flush()
        }
    }

    // MARK: Handshake

    private func handshake() {
        guard let tls, case .handshaking(let since) = phase else { return }
        switch tls.handshake() {
        case .wantsInput, .wantsSession, .waitsBeforeFinished: return
        case .failed(let fault): end(LoadFailure(handshake: fault.cause))
        case .done:
            // Not the turn's time: our own part of a full handshake takes longer than the server's.
            let now = Clocks.monotonic()
            let kind = HandshakeKind(tls.summary.resumed)
            desk.measured.record(kind.measure, since: since, until: now)
            desk.measured.record(.ready, since: order.scheduled, until: now)
            if kind != .full { resumed = order.offering?.kept }
            desk.measured.handshake(kind, offered == nil ? nil : order.offering?.offer)
            keepRenewed(tls)
            work()
        }
    }

    private func keep(_ session: SessionReference) {
        desk.measured.received(sessions: 1)
        if given.count >= ClientSessions.limit { given.removeFirst() }
        given.append((session, desk.loop.now))
    }

    /// libssl does not tell of a TLS 1.2 ticket that comes in the stead of the one that was offered.
    private func keepRenewed(_ tls: ClientConnection) {
        guard tls.summary.resumed == .ticket, let offered, let session = tls.currentSession,
            session.ticket != offered.ticket
        else { return }
        keep(session)
    }

    // MARK: The end

    /// Ends it; an alert that waits in the output goes out before.
    func end(_ failure: LoadFailure?) {
        guard !isOver else { return }
        if failure != nil, tls != nil, let socket, !desk.output.isEmpty, unsent.isEmpty {
            _ = desk.output.withBytes { socket.send($0) }
        }
        close()
        desk.measured.end(failure)
        guard let done = done.take() else { return }
        done(self, failure)
    }

    private func close() {
        phase = .over
        timer?.close()
        event?.close()
        (timer, event) = (nil, nil)
        if let tls = tls.take() {
            desk.output.removeAll()
            tls.stream.markShutdown()
            tls.stream.close()
        }
        socket?.close()
        socket = nil
    }
}

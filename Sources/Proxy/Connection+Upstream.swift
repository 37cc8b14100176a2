internal import EventLoop
internal import Metrics
internal import Routing
internal import TLS
internal import Vocabulary

/// The upstream's side: connecting, failing over, plaintext in and out.
extension Connection {
    /// Begins to connect to the next server.
    ///
    /// - Returns: what is known at once: a Unix socket connects, or any connect fails, without waiting.
    func connectNext() -> ConnectionMachine.Event? {
        if selection == nil { selection = listener.upstream.group.begin() }
        guard let next = selection?.next() else { return .upstreamConnectFailed(another: false) }
        let metrics = listener.upstream.servers[next.index]
        server = (next.index, metrics)
        record.server = next.server.id
        record.connectStartedAt = worker.loop.now
        startTimer(.connect)
        switch Socket.connect(to: next.endpoint) {
        case .connected(let socket):
            return watch(socket) ?? connected()
        case .inProgress(let socket):
            return watch(socket)
        case .failed(let errno):
            return connectFailed(errno)
        }
    }

    private func watch(_ socket: Socket) -> ConnectionMachine.Event? {
        upstream = socket
        (upstreamIsReadable, upstreamHasEnded) = (false, false)
        let watch = LoopEvent(.edges(of: socket), on: worker.loop) { [unowned self] readiness in
            turn { upstreamReady(readiness) }
        }
        upstreamWatch = watch
        do {
            try watch.start()
            return nil
        } catch {
            return connectFailed(error.errno)
        }
    }

    private func connected() -> ConnectionMachine.Event {
        upstreamIsConnected = true
        record.connectedAt = worker.loop.now
        if let server {
            server.metrics.connects.add(1)
            server.metrics.open.add(1)
        }
        listener.upstream.connectDuration.observe(seconds: (worker.loop.now - record.connectStartedAt).inSeconds)
        if let observer = listener.observers.connections, let local = upstream?.localEndpoint {
            record.upstreamLocal = local
            observer.connected(record, tls.summary, from: local)
        }
        issueHeldTickets()
        return .upstreamConnected
    }

    private func connectFailed(_ errno: SystemErrno) -> ConnectionMachine.Event {
        server?.metrics.failed(ConnectFailure(errno))
        worker.log.connectFailed(listener, record, errno)
        abandonConnect()
        return .upstreamConnectFailed(another: selection?.hasNext ?? false)
    }

    func connectTimedOut() {
        server?.metrics.failed(.timeout)
        worker.log.connectFailed(listener, record, nil)
        abandonConnect()
        apply(.upstreamConnectFailed(another: selection?.hasNext ?? false))
    }

    private func abandonConnect() {
        // A client that no upstream is found for is not made to pay for that the next time.
        if selection?.hasNext != true { issueHeldTickets() }
        upstreamWatch?.close()
        upstreamWatch = nil
        upstream?.close()
        upstream = nil
    }

    func upstreamReady(_ readiness: Readiness) {
        guard upstream != nil else { return }
        if !upstreamIsConnected, !finishConnecting(readiness) { return }
        if readiness.contains(.peerClosed) { upstreamHasEnded = true }
        if !readiness.isDisjoint(with: [.readable, .peerClosed]) { upstreamIsReadable = true }
        if readiness.contains(.writable) { flushToUpstream() }
        if machine.readsUpstream, upstreamIsReadable { readUpstream() }
    }

    /// - Returns: whether there is a connected upstream now.
    private func finishConnecting(_ readiness: Readiness) -> Bool {
        // A connect that failed reports readable as well; one that succeeded does so only with bytes already there,
        // and asking the socket is then one system call in a rare case.
        if readiness.contains(.readable), let upstream {
            let error = upstream.pendingError
            if error != 0 {
                apply(connectFailed(SystemErrno(error)))
                return false
            }
        }
        guard !readiness.isDisjoint(with: [.writable, .readable, .peerClosed]) else { return false }
        apply(connected())
        return upstreamIsConnected
    }

    /// Takes what one receive brings, when the client has taken what came before.
    func readUpstream() {
        while upstreamIsReadable, machine.readsUpstream, let upstream {
            guard toClient.isEmpty || ticketsAreHeld, clientIsWritable, !clientIsBroken else { return }
            let target = worker.buffers.target(room: listener.settings.relayBuffer)
            switch upstream.receive(into: target) {
            case .bytes(let count):
                noteActivity()
                let emptied = count < target.count
                if emptied, !upstreamHasEnded {
                    upstreamIsReadable = false
                    probeLater()
                }
                sendToClient(UnsafeRawBufferPointer(rebasing: target[..<count]))
                guard emptied, upstreamHasEnded else {
                    if upstreamIsReadable { upstreamWatch?.activate(.readable) }
                    return
                }
            case .end:
                upstreamIsReadable = false
                // The kernel reports a reset once, and the send has had the report: what follows it looks like an end.
                let wasReset = upstreamFailure == .connectionReset
                apply(wasReset ? .upstreamReset : .upstreamEnd)
                // It takes no more bytes, and has no more: what the client still sends would go nowhere.
                if upstreamFailure != nil, !wasReset { apply(.upstreamReset) }
            case .wouldBlock:
                upstreamIsReadable = false
            case .failed:
                upstreamIsReadable = false
                apply(.upstreamReset)
            }
        }
    }

    /// Hands the client's plaintext on, or keeps what the upstream does not take yet.
    func sendToUpstream(_ bytes: UnsafeRawBufferPointer) {
        guard upstreamIsConnected, upstreamFailure == nil, toUpstream.isEmpty, let upstream else {
            if upstreamFailure == nil { toUpstream.append(bytes) }
            return
        }
        switch upstream.send(bytes) {
        case .bytes(let count): toUpstream.append(UnsafeRawBufferPointer(rebasing: bytes[count...]))
        case .wouldBlock, .end: toUpstream.append(bytes)
        case .failed(let errno): upstreamRefused(errno)
        }
    }

    func flushToUpstream() {
        guard upstreamIsConnected, !toUpstream.isEmpty, let upstream else { return }
        switch toUpstream.withBytes({ upstream.send($0) }) {
        case .bytes(let count):
            noteActivity()
            toUpstream.removeFirst(count)
        case .wouldBlock, .end: return
        case .failed(let errno):
            upstreamRefused(errno)
            // A client that waited for room goes on, until the upstream's answer is complete.
            if clientIsReadable, machine.readsClient { readClient() }
            return
        }
        guard toUpstream.isEmpty else { return }
        apply(.flushed)
        if clientIsReadable, machine.readsClient { readClient() }
    }

    /// The upstream takes no more bytes; what it had sent before is still there to be read, and the client's.
    ///
    /// EPIPE says that its FIN came before its reset (its stream is complete), ECONNRESET that it broke off.
    func upstreamRefused(_ errno: SystemErrno) {
        guard machine.phase == .relaying else { return }
        upstreamFailure = errno
        toUpstream.removeAll()
        guard !upstreamEnded else { return apply(.upstreamReset) }
        // Nothing waits for the upstream any more: a client that has ended is not owed more than that.
        apply(.flushed)
        upstreamIsReadable = true
        upstreamHasEnded = true
        readUpstream()
    }

    private var upstreamEnded: Bool { machine.upstreamEnded }
}

internal import RepriseEventLoop
internal import RepriseRouting
internal import RepriseTLS
internal import RepriseVocabulary

/// The upstream's events: connecting, failing over, plaintext in and out.
extension Connection {
    /// Tries one server after the other until one is under way, has accepted, or none is left.
    func connect() {
        wentOn(askNextServer())
    }

    private func askNextServer() -> UpstreamSide.Connecting {
        startTimer(.connect)
        record.times.connectStarted = worker.loop.now
        return upstream.connectNext(
            for: UpstreamSide.Client(
                address: claimedClient, serverName: upstream.asksForClientsName ? askedName : nil),
            {
                record.server = $0.id
                return introduction(to: $0)
            },
            UpstreamSide.Calls(
                ready: { [unowned self] stream, readiness in turn { upstreamReady(stream, readiness) } },
                slow: { [unowned self] in turn { wentOn(upstream.tryAnotherAddress()) } }))
    }

    /// Whose address a transparent connect takes; `nil` for a client that nobody has named.
    private var claimedClient: IPAddress? {
        switch record.proxy?.origin {
        case .local, .unknown: nil
        case .client, nil: record.client.address
        }
    }

    /// What the client asks for, as a server may be asked for it: no address (RFC 6066 §3), in lower case, without a last dot.
    private var askedName: String? {
        guard let name = serverName.flatMap({ ServerName($0) })?.text, IPAddress(parsing: name) == nil else {
            return nil
        }
        return name
    }

    /// Goes on after a step of connecting.
    func wentOn(_ step: UpstreamSide.Connecting) {
        var step = step
        while wantsNextServer(after: step) { step = askNextServer() }
    }

    private func wantsNextServer(after step: UpstreamSide.Connecting) -> Bool {
        switch step {
        case .underWay: return false
        case .connected:
            record.times.connected = worker.loop.now
            record.upstreamTLS = upstream.encrypted?.result.map(ConnectionRecord.UpstreamTLS.init)
            if waitEnds != nil { upstream.wasServed() }
            rememberUpstream()
            listener.observers.connections?.connected(ConnectionView(self))
            asked?.router.connected(ConnectionView(self))
            // Nobody reads its TLVs any more.
            if asked == nil, listener.observers.connections == nil { record.proxy?.bytes = [] }
            client.issueHeldTickets()
            if machine.connected(uploadWaits: upstream.waiting > 0) == .endUpstreamWrite {
                upstream.stream?.endWriting()
            }
            return false
        case .failed(let why, let another):
            worker.log.connectFailed(listener, record, upstream.group ?? "-", why)
            asked?.router.failed(ConnectionView(self), why.reason)
            // A client without an upstream gets its tickets all the same, so that its next handshake costs no more.
            if another, upstream.mayRetry() { return machine.connectFailed(another: true) == .tryNext }
            if waitForServer(hasTried: true) { return false }
            client.issueHeldTickets()
            return giveUp()
        case .nobody:
            if waitForServer(hasTried: false) { return false }
            client.issueHeldTickets()
            return giveUp()
        case .tooLate:
            client.issueHeldTickets()
            return giveUp()
        }
    }

    /// Waits until there may be a server, if the group lets it.
    private func waitForServer(hasTried: Bool) -> Bool {
        let (id, home, room) = (id, WeakWorker(worker), upstream.chosenRoom)
        let wake: @Sendable () -> Void = {
            home.execute { core in
                // The call must not be lost with a connection that has gone.
                if core.connection(id)?.serverMayBeThere() != true { room?.wake(1) }
            }
        }
        guard let time = upstream.wait(hasTried: hasTried, wake) else { return false }
        let end = waitEnds ?? worker.loop.now + time
        waitEnds = end
        startTimer(.connect, for: max(end - worker.loop.now, .milliseconds(1)))
        // One may have come just before.
        if !upstream.isExhausted { room?.wake(1) }
        return true
    }

    /// - Returns: whether it has waited for one.
    private func serverMayBeThere() -> Bool {
        guard upstream.waitIsOver() else { return false }
        turn { connect() }
        return true
    }

    /// There is no server for the client.
    private func giveUp() -> Bool {
        // It was called for a server that did not take it; the next may have more luck.
        if waitEnds != nil, !upstream.isExhausted { upstream.chosenRoom?.wake(1) }
        switch upstream.farewell {
        case .reset: return machine.connectFailed(another: false) == .tryNext
        case .alert where client.tls.refuse(with: .internalError): machine.connectFailed(another: false, isTold: true)
        case .alert, .close:
            machine.connectFailed(another: false, isTold: true)
            client.sendCloseNotify()
        }
        return false
    }

    private func upstreamReady(_ stream: Stream, _ readiness: Readiness) {
        if let step = upstream.goOn(stream, readiness) {
            wentOn(step)
        } else if upstream.receiving === stream {
            stream.note(readiness)
        }
        guard upstream.receiving != nil else { return }
        mayReceive(from: .upstream)
    }

    /// Takes what one receive brings, when the client has taken what came before.
    func receiveFromUpstream() {
        guard let stream = upstream.receiving, stream.isReadable else { return }
        guard upstream.isOpening || stance.readsUpstream && client.takesMore else { return }
        // Do not read from an upstream that takes none of TLS's own answers.
        guard stream.pendingCount <= listener.settings.relayBuffer + RelayBuffers.answerBytes else { return }
        let receipt = stream.receive(
            room: listener.settings.relayBuffer, opening: { openUpstream() },
            while: { stance.readsUpstream }, { takeFromUpstream($0, $1, stream) })
        arrangeNext(receipt, from: stream, .upstream)
    }

    /// Drives the TLS handshake with the upstream, if it is not done.
    ///
    /// - Returns: whether plaintext may have come.
    private func openUpstream() -> Bool {
        guard upstream.isOpening else { return true }
        let step = upstream.open()
        wentOn(step)
        if case .connected = step { return true }
        return false
    }

    /// Hands the upstream's plaintext on, and handles its end.
    private func takeFromUpstream(_ bytes: RawSpan, _ end: Stream.End?, _ stream: Stream) {
        guard !upstream.isOpening else { return wentOn(upstream.openingBroke(.connectionReset)) }
        guard upstream.keyUpdatesAreInBounds(perSecond: listener.settings.keyUpdatesPerSecond) else {
            record.detail = "the upstream sent more KeyUpdates than limits.key_updates"
            upstream.broke = .refused
            return upstreamBroke()
        }
        if !bytes.isEmpty, case .broken(let fault)? = client.write(bytes) { return clientFailed(fault) }
        switch end {
        case nil: break
        case .inOrder: upstreamEnded(stream)
        case .broken(let fault):
            record.detail = "the upstream's TLS: \(fault)"
            upstream.broke = fault.ending
            upstreamBroke()
        case .truncated, .reset:
            upstream.broke = .upstreamReset
            upstreamBroke()
        }
    }

    private func upstreamEnded(_ stream: Stream) {
        switch machine.upstreamEnded() {
        case .goOn:
            client.sendCloseNotify()
            // The upstream takes no more bytes and has no more: what the client still sends has nowhere to go.
            if stream.failure != nil { upstreamBroke() }
        case .complete:
            upstream.close(.close)
            client.sendCloseNotify()
        }
    }

    func upstreamBroke() {
        machine.upstreamBroke()
        upstream.close(.none)
        // Discard what the client still sends: it may read only after it has written.
        mayReceive(from: .client)
    }

    /// Sends what waits for the upstream, and what TLS has gathered for it in this turn.
    func flushUpstream() {
        switch upstream.flush() {
        case .nothing: return
        case .part: noteActivity()
        case .all:
            noteActivity()
            sayAfterUpload(machine.uploaded())
            bothGoOn()
        case .refused(let errno):
            upstreamRefused(errno)
            // Only until the upstream's answer is complete.
            bothGoOn()
        }
    }

    /// Both sides go on, now that there is room, in a turn of their own: this one has sent to the upstream.
    private func bothGoOn() {
        if client.stream.isReadable { client.stream.again() }
        // We did not read from it while it took none of TLS's answers.
        if let stream = upstream.receiving, stream.isReadable { stream.again() }
    }

    /// The upstream takes no more bytes; what it and the client had sent before can still be read.
    ///
    /// EPIPE says that its FIN came before its reset (its stream is complete), ECONNRESET that it broke off.
    func upstreamRefused(_ errno: SystemErrno) {
        guard !upstream.isOpening else { return wentOn(upstream.openingBroke(errno)) }
        guard let stream = upstream.stream, let exchange = machine.exchange else { return }
        guard !exchange.hasUpstreamEnded else { return upstreamBroke() }
        stream.refused(errno)
        // Nothing waits for the upstream now: a client that has ended its stream is owed no more than that.
        sayAfterUpload(machine.uploaded())
        // Receive what the upstream has sent before the client's end (``holdEnd(_:)``), even if it had a receive in
        // this turn.
        mayReceiveAgain(from: .upstream)
    }

    /// Does what the machine answers to the end of the upload.
    func sayAfterUpload(_ answer: ExchangeMachine.AfterUpload) {
        switch answer {
        case .goOn: break
        case .endUpstreamWrite: upstream.stream?.endWriting()
        case .complete: upstream.close(.close)
        }
    }
}

internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseResumption
internal import RepriseRouting
internal import RepriseTLS
internal import RepriseVocabulary

/// The client's events: bytes and ends in, the handshake, and bytes out.
extension Connection {
    /// What the queue must know of a handshake that may have to make way; `nil` once it is over.
    ///
    /// - Parameter isAwaitingHeader: asks about the wait for a proxy's header instead.
    func handshake(awaitingHeader isAwaitingHeader: Bool = false) -> HandshakeQueue.Handshake? {
        guard machine.isHandshaking, machine.isAwaitingHeader == isAwaitingHeader, !isPlaceTaken, !isBeingNamed else {
            return nil
        }
        return HandshakeQueue.Handshake(
            client: entry.client, waitsSince: client.lastAnswered ?? record.times.handshakeBegan,
            hasHello: client.tls.hasReadHello,
            // A client that waits for us is not one that stands still.
            hasUnreadBytes: { [client, handshakeWaits] in handshakeWaits || client.stream.hasUnreadBytes() },
            roundTrip: { [client] in client.stream.roundTrip() })
    }

    func clientReady(_ readiness: Readiness) {
        // An error makes the socket readable and writable at once, without a FIN, and only once. Asking costs a system
        // call, so we ask only where no receive would tell.
        let mayBeError =
            readiness.isReadable && readiness.isWritable && !readiness.isPeerClosed && !clientIsReceivedFrom
        client.stream.note(readiness)
        if mayBeError, client.stream.pendingError() != nil { return clientBroke() }
        mayReceive(from: .client)
    }

    /// Whether a receive, and so the news of a reset, can be expected.
    var clientIsReceivedFrom: Bool {
        if stance.isServing { return stance.readsClient && upstream.waiting < listener.settings.relayBuffer }
        return switch machine.client.phase {
        case .closing: machine.client.discardsClient
        case .awaitingHeader, .handshaking: !handshakeWaits
        case .serving, .lingering, .discarding, .closed: true
        }
    }

    /// Whether the handshake waits for a session store or a router: what the client sends then waits, too.
    private var handshakeWaits: Bool {
        client.question != nil || isBeingNamed || stance.isHandshaking && routing != nil
    }

    /// Takes what one receive brings, if there is room for it.
    func receiveFromClient() {
        if stance.discardsClient { return discardFromClient() }
        guard client.stream.isReadable else { return }
        guard stance.readsClient, !handshakeWaits else { return }
        let room = listener.settings.relayBuffer - upstream.waiting
        guard room > 0, client.stream.pendingCount <= listener.settings.relayBuffer + RelayBuffers.answerBytes else {
            listener.metrics.pauses(.clientToUpstream)
            // A reset that came with the bytes before raises no further event.
            return probeLater()
        }
        let receipt = client.stream.receive(
            room: room, preamble: { readHeader($0) },
            opening: { driveHandshake() }, while: { stance.readsClient },
            { takeFromClient($0, $1) })
        if case .bytes = receipt { client.noteReceived() }
        acknowledgeLater()
        arrangeNext(receipt, from: client.stream, .client)
    }

    /// Reads and discards what the client still sends, until its FIN.
    private func discardFromClient() {
        guard client.stream.isReadable || client.stream.endIsKnown, !client.isBroken else { return }
        switch client.stream.discard() {
        case .bytes(let endIsBehind):
            client.noteReceived()
            if endIsBehind || client.stream.isReadable { client.stream.again() } else { probeLater() }
        case .nothing: break
        case .reset: clientBroke()
        case .fin: leave(machine.clientBroke(.truncation))
        }
    }

    /// Drives the handshake, if it is not done.
    ///
    /// - Returns: whether plaintext may have come.
    func driveHandshake() -> Bool {
        client.bringHeldTickets()
        guard stance.isHandshaking else { return true }
        guard !machine.isAwaitingHeader else {
            headerWasCutOff()
            return false
        }
        while true {
            switch client.tls.handshake() {
            case .wantsInput: return false
            case .wantsSession:
                if client.question == nil { askStore() }
                return false
            case .waitsBeforeFinished: guard routeBeforeFinished() else { return false }
            case .failed(let fault):
                handshakeFailed(fault)
                return false
            case .done:
                handshakeSucceeded()
                return true
            }
        }
    }

    /// Hands the client's plaintext on, and handles its end.
    func takeFromClient(_ bytes: RawSpan, _ end: Stream.End?) {
        var isRefused = false
        if !bytes.isEmpty {
            client.took(bytes.byteCount)
            switch upstream.write(bytes) {
            case .taken: break
            case .refused(let errno):
                isRefused = true
                upstreamRefused(errno)
            case .broken: upstreamBroke()
            }
        }
        checkKeyUpdates()
        guard let end else { return }
        if isRefused { holdEnd(end) } else { clientEnded(end) }
    }

    /// Handles the end of the client's stream.
    func clientEnded(_ end: Stream.End) {
        guard machine.client.readsClient else { return }
        switch end {
        case .inOrder:
            upstream.clientEnded()
            sayAfterUpload(machine.clientEnded(uploadWaits: upstream.waiting > 0))
        case .truncated: leave(machine.clientBroke(.truncation))
        case .reset: clientBroke()
        case .broken(let fault): clientFailed(fault)
        }
    }

    /// libssl has ended the connection after the handshake.
    func clientFailed(_ fault: ConnectionFault) {
        record.detail = fault.description
        leave(machine.clientBroke(.fault(fault.ending)))
    }

    private func handshakeSucceeded() {
        let summary = client.tls.summary
        listener.metrics.handshakes.completed(summary, took: worker.loop.now - record.times.handshakeBegan)
        record.resumption = client.sessions.outcome.result
        record.refusedSession = client.sessions.refusedSession
        listener.metrics.sessions.offered(client.sessions.outcome.result)
        client.sessions.announceSessions(of: client.tls)
        machine.handshakeDone()
        handshakeIsOver(nil)
        listener.observers.connections?.established(ConnectionView(self))
        route()
    }

    func handshakeFailed(_ fault: HandshakeFault) {
        record.detail = fault.detail
        record.resumption = client.sessions.resultOfFailure
        record.refusedSession = client.sessions.refusedSession
        if fault.cause == .resumptionDefect { worker.log.resumptionDefect(listener, record) }
        if fault.cause == .truncated {
            let answer = machine.clientBroke(.truncation)
            handshakeIsOver(fault.cause)
            return leave(answer)
        }
        if fault.cause.isPlainHTTP { worker.buffers.output.append(PlainAnswer.badRequest.span.bytes) }
        let closes = machine.handshakeFailed(
            fault.ending, answered: worker.buffers.output.count > 0 && fault.isAnswered)
        handshakeIsOver(headerFromStranger(fault.cause) ?? fault.cause)
        if closes { closeClient(resetting: false) }
    }

    /// Refuses a client that floods us with KeyUpdates.
    private func checkKeyUpdates() {
        guard !client.keyUpdatesAreInBounds(), machine.client.readsClient else { return }
        listener.metrics.refused(.keyUpdates)
        record.detail = ListenerLimit.keyUpdates.word
        stop(.limit)
    }

    /// The client's socket failed.
    ///
    /// If the client has sent close_notify before, all it sent must still reach the upstream, with its end; the
    /// connection closes after that.
    func clientBroke() {
        client.broke()
        guard !machine.isClosed, !machine.deliversUpload else { return }
        let wasHandshaking = machine.isHandshaking
        let answer = machine.clientBroke(.reset)
        if wasHandshaking { handshakeIsOver(.clientReset) }
        leave(answer)
    }
}

/// Bytes to the client.
extension Connection {
    /// Sends what has gathered, and arranges the end of the wait of tickets that are held back.
    func flushClient(holdingTickets: Bool) {
        switch client.flush(holdingTickets: holdingTickets && stance.isServing) {
        case .nothing: break
        case .sent: noteActivity()
        case .sentWhatWaited:
            noteActivity()
            // What had stopped because of that goes on in turns of its own.
            if client.stream.isReadable { client.stream.again() }
            if let stream = upstream.receiving, stream.isReadable { stream.again() }
        case .held:
            if client.bytesReceived > 0 { acknowledgeLater() }
            guard client.queueTicketsEnd() else { return }
            listener.ticketQueue.append(self, due: worker.loop.now + listener.settings.ticketDelay)
        }
    }

    /// The tickets have waited long enough for company.
    func ticketDelayIsOver() {
        turn {
            guard client.tickets.areHeld else { return }
            listener.metrics.sessions.ticketsLeft(.alone)
            client.releaseHeldTickets()
        }
    }

    /// Makes the kernel acknowledge what came in a moment, unless something is sent by then.
    private func acknowledgeLater() {
        guard client.queueAcknowledgement() else { return }
        worker.acknowledgements.append(self, due: worker.loop.now + WorkerCore.acknowledgementDelay)
    }

    func acknowledgementIsDue() {
        turn { client.acknowledgementIsDue() }
    }

}

/// The session store, when it answers later.
extension Connection {
    /// Asks the session store, and lets the handshake wait for it until `sessions.store_deadline`.
    private func askStore() {
        let (id, home, domain) = (id, WeakWorker(worker), listener.domain)
        let (keys, taking) = (client.sessions.wanted, client.sessions.takesWhatItWants)
        // After a HelloRetryRequest it may be asked again.
        let number = worker.nextQuestion()
        let loop = worker.loop
        let asking = domain.ask(keys, taking: taking, at: Clocks.wall(), on: loop) { found in
            home.execute { worker in
                let isTaken = worker.connection(id)?.storeAnswered(found, to: number) ?? false
                // The handshake no longer waits for it.
                guard taking, !isTaken else { return }
                var wire = Telling(on: loop)
                domain.giveBack(found ?? [:], at: Clocks.wall(), &wire)
            }
        }
        // A session taken for a single use must arrive, so that it can be given back.
        let waits = StoreQuestion(taking ? nil : asking, deadline: listener.settings.storeDeadline, on: worker.loop) {
            [unowned self] in storeAnswered(nil, to: number)
        }
        client.question = (number, waits)
    }

    /// The session store has answered, or is too late (`nil`): the handshake goes on.
    ///
    /// - Returns: whether the handshake still waited for it.
    @discardableResult
    private func storeAnswered(_ found: [SessionKey: StoredSession]?, to number: Int) -> Bool {
        guard let question = client.question, question.number == number, machine.isHandshaking else { return false }
        question.waits.end()
        client.question = nil
        turn {
            if let found { client.sessions.storeAnswered(found) } else { client.sessions.storeWasSilent() }
            client.tls.lookupFinished()
            client.stream.goOn(
                opening: { driveHandshake() }, while: { stance.readsClient },
                { takeFromClient($0, $1) })
            mayReceive(from: .client)
        }
        return true
    }
}

/// The answer to a client that speaks plain HTTP to a TLS port.
enum PlainAnswer {
    /// A short HTTP/1.1 400 that says what is wrong and closes.
    static let badRequest: [UInt8] = {
        let body = "This port speaks TLS: use https:// instead of http://.\n"
        let head = [
            "HTTP/1.1 400 Bad Request", "Content-Type: text/plain; charset=utf-8", "Content-Length: \(body.utf8.count)",
            "Connection: close", "", "",
        ]
        return Array((head.joined(separator: "\r\n") + body).utf8)
    }()
}

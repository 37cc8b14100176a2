internal import EventLoop
internal import Metrics
internal import Resumption
internal import TLS
internal import Vocabulary

/// The client's side: records in, plaintext out, and back.
extension Connection {
    func clientReady(_ readiness: Readiness) {
        if readiness.contains(.writable) {
            clientIsWritable = true
            if !toClient.isEmpty, !ticketsAreHeld {
                flushToClient(holdingTickets: true)
                clientTookBytes()
            }
        }
        if readiness == [.readable, .writable], !clientIsReceivedFrom, client.pendingError != 0 {
            return clientBroke()
        }
        if readiness.contains(.peerClosed) { clientHasEnded = true }
        if !readiness.isDisjoint(with: [.readable, .peerClosed]) { clientIsReadable = true }
        guard machine.phase != .closed, clientIsReadable else { return }
        if machine.discardsClient {
            discardInput()
        } else {
            readClient()
        }
    }

    /// Whether a receive, and so the news of a reset, can be expected. An error of the socket makes it readable and
    /// writable at once, without a FIN, and just this once; asking costs a system call, so only then.
    var clientIsReceivedFrom: Bool {
        switch machine.phase {
        case .connecting, .relaying: machine.readsClient && toUpstream.count < listener.settings.relayBuffer
        case .closing: machine.discardsClient
        case .handshaking, .lingering, .discarding, .closed: true
        }
    }

    /// Takes what one receive brings, if there is room for it.
    ///
    /// A short receive has emptied the socket, unless the client's FIN is known to be behind it.
    func readClient() {
        while clientIsReadable, machine.readsClient, !waitsForStore {
            let room = listener.settings.relayBuffer - toUpstream.count
            guard room > 0, toClient.count <= listener.settings.relayBuffer + RelayBuffers.answerBytes else {
                listener.metrics.pauses(.clientToUpstream)
                // A reset that came with the bytes before is no news any more.
                probeLater()
                return
            }
            let target = worker.buffers.target(room: room)
            switch client.receive(into: target) {
            case .bytes(let count):
                noteActivity()
                lastReceived = worker.loop.now
                let emptied = count < target.count
                if emptied, !clientHasEnded {
                    clientIsReadable = false
                    probeLater()
                }
                tls.lend(UnsafeRawBufferPointer(rebasing: target[..<count]))
                takeFromClient()
                tls.endTurn()
                if ticketsAreHeld { acknowledgeLater() }
                guard emptied, clientHasEnded else {
                    // There may be more: others' turns come first.
                    if clientIsReadable { clientWatch?.activate(.readable) }
                    return
                }
            case .end:
                clientIsReadable = false
                clientHasEnded = true
                tls.inputEnded()
                takeFromClient()
                tls.endTurn()
            case .wouldBlock:
                clientIsReadable = false
                return
            case .failed:
                clientIsReadable = false
                clientBroke()
            }
        }
    }

    /// Lets libssl work on what was received.
    func takeFromClient() {
        bringHeldTickets()
        if machine.phase == .handshaking {
            switch tls.handshake() {
            case .wantsInput: return
            case .wantsSession: return waitsForStore ? () : askStore()
            case .failed(let fault): return handshakeFailed(fault)
            case .done:
                handshakeSucceeded()
                apply(.handshakeDone)
            }
        }
        let (count, event) = decrypt()
        if count > 0 {
            record.bytesFromClient += UInt64(count)
            listener.metrics.bytesFromClient.add(UInt64(count))
            sendToUpstream(UnsafeRawBufferPointer(rebasing: worker.buffers.plaintext[..<count]))
        }
        checkKeyUpdates()
        if let event, machine.readsClient { apply(event) }
    }

    /// Reads all plaintext there is into the worker's buffer; the event is what stands behind it.
    private func decrypt() -> (count: Int, event: ConnectionMachine.Event?) {
        var count = 0
        let plaintext = worker.buffers.plaintext
        while machine.readsClient, count < plaintext.count {
            switch tls.read(into: UnsafeMutableRawBufferPointer(rebasing: plaintext[count...])) {
            case .bytes(let read): count += read
            case .wantsInput: return (count, nil)
            case .closeNotify: return (count, .clientCloseNotify)
            case .truncated: return (count, .clientTruncated)
            case .failed(let fault):
                record.detail = fault.description
                return (count, .clientFault(fault.ending))
            }
        }
        return (count, nil)
    }

    private func handshakeSucceeded() {
        let summary = tls.summary
        listener.metrics.handshakeCompleted(summary, took: worker.loop.now - record.acceptedAt)
        record.summary = summary
        record.resumption = sessions.outcome.result
        listener.metrics.offered(sessions.outcome.result)
        sessions.announceSessions(of: tls)
    }

    private func handshakeFailed(_ fault: HandshakeFault) {
        noteFailure(fault.cause)
        record.detail = fault.detail
        record.resumption = sessions.resultOfFailure
        if fault.cause == .resumptionDefect { worker.log.resumptionDefect(listener, record) }
        switch fault.cause {
        case .plainHTTP:
            PlainAnswer.badRequest.withUnsafeBytes { worker.buffers.output.append($0) }
            apply(.handshakeFailed(.refused, answered: true))
        case .clientWentAway: apply(.clientTruncated)
        case .alertReceived(let alert): apply(.handshakeFailed(.alertReceived(alert), answered: false))
        default:
            let ending = fault.alertSent.map(Ending.alertSent) ?? .refused
            apply(.handshakeFailed(ending, answered: worker.buffers.output.count > 0))
        }
    }

    /// Encrypts for the client; the records leave at the end of the turn.
    func sendToClient(_ bytes: UnsafeRawBufferPointer) {
        if ticketsAreHeld { listener.metrics.ticketsLeft(alone: false) }
        bringHeldTickets()
        switch tls.write(bytes) {
        case .done:
            record.bytesToClient += UInt64(bytes.count)
            listener.metrics.bytesToClient.add(UInt64(bytes.count))
        case .failed(let fault):
            record.detail = fault.description
            apply(.clientFault(fault.ending))
        }
    }

    func sendCloseNotify() {
        guard !closeNotifyIsSent, !clientIsBroken else { return }
        issueHeldTickets()
        if ticketsAreHeld { listener.metrics.ticketsLeft(alone: false) }
        bringHeldTickets()
        closeNotifyIsSent = true
        tls.sendCloseNotify()
    }

    /// Makes the tickets that waited for the upstream.
    func issueHeldTickets() {
        guard tls.holdsTickets, tls.isHandshakeDone else { return }
        tls.issueTickets()
        sessions.announceSessions(of: tls)
    }

    /// Puts tickets that wait for company in front of what is about to be written.
    private func bringHeldTickets() {
        guard ticketsAreHeld else { return }
        ticketsAreHeld = false
        toClient.withBytes { worker.buffers.output.append($0) }
        toClient.removeAll()
    }

    /// Sends what has come together in this turn, behind what still waits.
    ///
    /// - Parameter holdingTickets: keep tickets back when nothing else is there to send.
    func flushToClient(holdingTickets: Bool) {
        let output = worker.buffers.output
        defer { output.removeAll() }
        if holdingTickets, machine.phase != .closed, ticketsMayWait(output) {
            hold(output)
            return
        }
        if ticketsAreHeld {
            guard !holdingTickets || output.count > 0 else { return }
            ticketsAreHeld = false
        }
        guard !clientIsBroken else { return }
        if toClient.isEmpty {
            guard output.count > 0 else { return }
            guard clientIsWritable else { return output.withBytes { toClient.append($0) } }
            let sent = output.withBytes { send($0) }
            output.withBytes { toClient.append(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
        } else {
            output.withBytes { toClient.append($0) }
            guard clientIsWritable else { return }
            let sent = toClient.withBytes { send($0) }
            toClient.removeFirst(sent)
        }
        if !toClient.isEmpty { listener.metrics.pauses(.upstreamToClient) }
    }

    /// - Returns: how many bytes need not be kept: those that were taken, or all when the socket is broken.
    private func send(_ bytes: UnsafeRawBufferPointer) -> Int {
        switch client.send(bytes) {
        case .bytes(let count):
            noteActivity()
            lastAnswered = worker.loop.now
            if count < bytes.count { clientIsWritable = false }
            return count
        case .wouldBlock, .end:
            clientIsWritable = false
            return 0
        case .failed:
            clientIsBroken = true
            return bytes.count
        }
    }

    /// Has what came acknowledged in a moment, unless something is sent by then: the held tickets would have carried the
    /// ACK, and the kernel waits for more to send.
    private func acknowledgeLater() {
        guard !acknowledgementIsQueued else { return }
        acknowledgementIsQueued = true
        worker.acknowledgements.append(self, due: worker.loop.now + WorkerCore.acknowledgementDelay)
    }

    func acknowledgementIsDue() {
        acknowledgementIsQueued = false
        guard ticketsAreHeld, machine.phase != .closed, lastAnswered.map({ $0 < lastReceived }) ?? true else { return }
        client.acknowledgeNow()
    }

    private func ticketsMayWait(_ output: OutputBuffer) -> Bool {
        output.count > 0 && tls.ticketsAreWaiting && toClient.isEmpty && listener.settings.ticketDelay > .zero
            && !closeNotifyIsSent && (machine.phase == .connecting || machine.phase == .relaying)
    }

    private func hold(_ output: OutputBuffer) {
        output.withBytes { toClient.append($0) }
        ticketsAreHeld = true
        // Under Nagle's algorithm (RFC 896) a client that wrote its Finished alone waits for the ACK with what it has to say.
        record.bytesFromClient == 0 ? client.acknowledgeNow() : acknowledgeLater()
        guard !ticketsAreQueued else { return }
        ticketsAreQueued = true
        listener.ticketQueue.append(self, due: worker.loop.now + listener.settings.ticketDelay)
    }

    /// The tickets have waited long enough for company.
    func ticketDelayIsOver() {
        guard ticketsAreHeld, machine.phase != .closed else { return }
        listener.metrics.ticketsLeft(alone: true)
        flushToClient(holdingTickets: false)
        clientTookBytes()
        settle()
    }

    /// Goes on with what had stopped because bytes for the client were waiting.
    func clientTookBytes() {
        if clientIsBroken { return clientBroke() }
        guard toClient.isEmpty else { return }
        apply(.flushed)
        if machine.readsUpstream, upstreamIsReadable { readUpstream() }
        if machine.readsClient, clientIsReadable { readClient() }
    }

    /// The client's socket failed.
    ///
    /// A client that has said close_notify before is owed one thing more: that all it sent reaches the upstream, with its
    /// end. The connection goes when that is done.
    func clientBroke() {
        clientIsBroken = true
        worker.buffers.output.removeAll()
        toClient.removeAll()
        ticketsAreHeld = false
        guard machine.phase != .closed, !machine.deliversUpload else { return }
        if machine.phase == .handshaking { noteFailure(.clientReset) }
        apply(.clientReset)
    }

    /// Reads and forgets what the client still sends, until its FIN.
    func discardInput() {
        guard clientIsReadable || clientHasEnded, !clientIsBroken else { return }
        switch client.receive(into: worker.buffers.received) {
        case .bytes(let count):
            lastReceived = worker.loop.now
            if count == worker.buffers.received.count || clientHasEnded {
                clientWatch?.activate(.readable)
            } else {
                clientIsReadable = false
                probeLater()
            }
        case .wouldBlock: clientIsReadable = false
        case .end:
            (clientIsReadable, clientHasEnded) = (false, true)
            apply(.clientTruncated)
        case .failed: clientBroke()
        }
    }
}

internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseResumption
internal import RepriseTLS
internal import RepriseVocabulary

/// Closes both sides as the machine has decided, and closes the books.
extension Connection {
    /// Does what the machine answers to a client that broke off.
    func leave(_ answer: ConnectionMachine.AfterClientBreak) {
        switch answer {
        case .goOn: break
        case .close(let mode):
            leaveUpstream(mode)
            closeClient(resetting: false)
        case .closeNotifyAndClose(let mode):
            leaveUpstream(mode)
            client.sendCloseNotify()
            closeClient(resetting: false)
        }
    }

    func leave(_ answer: ConnectionMachine.AfterStop) {
        switch answer {
        case .goOn: break
        case .closeNotify(let mode):
            leaveUpstream(mode)
            client.sendCloseNotify()
        case .closeNotifyAndClose(let mode):
            leaveUpstream(mode)
            client.sendCloseNotify()
            closeClient(resetting: false)
        case .close: closeClient(resetting: false)
        case .reset: closeClient(resetting: true)
        }
    }

    func leave(_ answer: ConnectionMachine.AfterTimeout) {
        switch answer {
        case .goOn: break
        case .closeNotify(let mode):
            leaveUpstream(mode)
            client.sendCloseNotify()
        case .close: closeClient(resetting: false)
        case .reset(let mode):
            leaveUpstream(mode)
            closeClient(resetting: true)
        }
    }

    private func leaveUpstream(_ mode: ExchangeMachine.UpstreamCloseMode) {
        forgetRouter()
        if mode != .none { upstream.close(mode) }
    }

    /// Does what follows the last bytes for the client.
    func closeAfterFlush(_ answer: ClientMachine.AfterFlush) {
        switch answer {
        case .none: break
        case .close: closeClient(resetting: false)
        case .reset: closeClient(resetting: true)
        case .linger, .discard:
            guard !client.isBroken else { return clientBroke() }
            if answer == .linger { client.stream.shutdownSocket() }
            mayReceive(from: .client)
            // The probe asks whether the client has all that it is to get.
            if answer == .discard { probeLater() }
        }
    }

    func closeClient(resetting: Bool) {
        flushClient(holdingTickets: false)
        client.close(resetting: resetting)
        finish()
    }

    private func finish() {
        clearTimer()
        client.forget()
        forgetRouter()
        upstream.close(.none)
        record.bytesFromClient = client.bytesReceived
        record.bytesToClient = client.bytesSent
        record.times.ended = worker.loop.now
        record.book = machine.book
        record.summary = client.tls.summary
        record.certificate = client.tls.shownCertificate
        applyEndingPolicy()
        client.tls.close()
        if !isBeingNamed { listener.admission.connectionEnded(entry) }
        listener.domain.connectionEnded()
        worker.connectionEnded(self)
    }

    /// What the ending means for the sessions of this connection.
    private func applyEndingPolicy() {
        // A handshake that has failed has given none to anyone.
        if record.failure == nil { record.lineage = client.sessions.lineage }
        guard let ending = machine.book.ending else { return }
        upstream.apply(listener.sessions.policy.verdicts, to: ending)
        let outcome = client.sessions.connectionEnded(ending)
        guard outcome != .kept else { return }
        guard outcome != .notDenied else { return listener.metrics.sessions.lineagesNotDenied.add(1) }
        listener.metrics.sessions.lineagesDropped.add(1)
        if case .droppedWithOthers(let moment, let isFirst) = outcome {
            listener.metrics.sessions.denyListOverflows.add(1)
            if isFirst { worker.log.denyListIsFull(listener, upTo: moment) }
        }
    }
}

internal import Vocabulary

extension ConnectionMachine {
    /// Takes in one event.
    ///
    /// - Parameter backlog: what waits for the sockets at this moment, this event's own bytes included.
    package mutating func handle(_ event: Event, backlog: Backlog) -> Actions {
        switch phase {
        case .handshaking: handshaking(event)
        case .connecting: connecting(event, backlog)
        case .relaying: relaying(event, backlog)
        case .closing(let farewell): closing(event, farewell, backlog)
        case .lingering: lingering(event)
        case .discarding: discarding(event)
        case .closed: []
        }
    }

    private mutating func handshaking(_ event: Event) -> Actions {
        switch event {
        case .handshakeDone:
            phase = .connecting
            return .connect
        case .handshakeFailed(let ending, let answered):
            note(ending, .clientFault)
            guard answered else { return closeNow(.closeClient) }
            phase = .closing(afterwards: .linger)
            return []
        case .clientReset:
            note(.clientReset, .clientReset)
            return closeNow(.closeClient)
        case .clientTruncated:
            note(.clientFIN, .clientFIN)
            return closeNow(.closeClient)
        case .timeout:
            note(.timeoutHandshake, [])
            return closeNow(.closeClient)
        case .refused:
            note(.refused, .refused)
            return closeNow(.closeClient)
        case .drain:
            note(.drain, .drain)
            return closeNow(.closeClient)
        case .kill:
            note(.killed, .killed)
            return closeNow(.closeClient)
        case .flushed:
            return []
        case .clientCloseNotify, .clientFault, .upstreamConnected, .upstreamConnectFailed, .upstreamEnd,
            .upstreamReset, .clientRests:
            preconditionFailure("\(event) in phase \(phase)")
        }
    }

    private mutating func connecting(_ event: Event, _ backlog: Backlog) -> Actions {
        switch event {
        case .upstreamConnected:
            phase = .relaying
            upstreamIsOpen = true
            return clientEnded ? passOnClientEnd(backlog) : []
        case .upstreamConnectFailed(another: true):
            return .connect
        case .upstreamConnectFailed(another: false):
            note(.upstreamUnreachable, .upstreamUnreachable)
            phase = .closing(afterwards: .reset)
            return []
        case .clientCloseNotify:
            note(.clientCloseNotify, .clientCloseNotify)
            clientEnded = true
            return []
        case .timeout:
            preconditionFailure("a connect timeout is the shell's upstreamConnectFailed")
        case .handshakeDone, .handshakeFailed, .upstreamEnd, .upstreamReset, .clientRests:
            preconditionFailure("\(event) in phase \(phase)")
        case .clientTruncated, .clientReset, .clientFault, .refused, .drain, .kill, .flushed:
            return brokenOff(event)
        }
    }

    private mutating func relaying(_ event: Event, _ backlog: Backlog) -> Actions {
        switch event {
        case .clientCloseNotify:
            note(.clientCloseNotify, .clientCloseNotify)
            clientEnded = true
            return passOnClientEnd(backlog)
        case .upstreamEnd:
            note(.upstreamEnd, .upstreamEnd)
            upstreamEnded = true
            return clientEnded && !owesUpstreamEnd ? endInOrder().union(.sendCloseNotify) : .sendCloseNotify
        case .upstreamReset:
            return upstreamBroke()
        case .flushed:
            return owesUpstreamEnd ? passOnClientEnd(backlog) : []
        case .timeout:
            let wasHalfClosed = clientEnded || upstreamEnded
            remember(ending)
            ending = wasHalfClosed ? .timeoutHalfClosed : .timeoutIdle
            return closeAfterTimeout(backlog)
        case .clientTruncated, .clientReset, .clientFault, .refused, .drain, .kill:
            return brokenOff(event)
        case .handshakeDone, .handshakeFailed, .upstreamConnected, .upstreamConnectFailed, .clientRests:
            preconditionFailure("\(event) in phase \(phase)")
        }
    }

    private mutating func closing(_ event: Event, _ farewell: Farewell, _ backlog: Backlog) -> Actions {
        switch event {
        case .flushed:
            guard !backlog.toClient else { return [] }
            return sayFarewell(farewell)
        case .timeout:
            switch ending {
            case .upstreamEnd, .clientCloseNotify, .upstreamReset, .upstreamUnreachable:
                remember(ending)
                ending = .timeoutShutdown
            default: detail.insert(.timeoutShutdown)
            }
            return closeNow(.resetClient)
        case .clientTruncated:
            switch farewell {
            // What it is waited for after the goodbye has come before.
            case .linger: phase = .closing(afterwards: .closeSoon)
            // It sends nothing more, and may read on.
            case .discard: break
            case .close, .closeSoon, .reset:
                detail.insert(.clientFIN)
                return closeNow(.closeClient)
            }
            return []
        case .clientReset:
            detail.insert(.clientReset)
            return closeNow(.closeClient)
        case .clientFault:
            detail.insert(.clientFault)
            return closeNow(.closeClient)
        case .clientCloseNotify:
            detail.insert(.clientCloseNotify)
            return []
        case .kill:
            detail.insert(.killed)
            return closeNow(.resetClient)
        case .drain:
            // A client that reads slowly is not waited for any longer.
            guard farewell == .close else { return [] }
            detail.insert(.drain)
            phase = .closing(afterwards: .closeSoon)
            return []
        case .refused, .upstreamEnd, .upstreamReset, .upstreamConnected, .upstreamConnectFailed, .clientRests:
            return []
        case .handshakeDone, .handshakeFailed:
            preconditionFailure("\(event) in phase \(phase)")
        }
    }

    private mutating func lingering(_ event: Event) -> Actions {
        switch event {
        case .clientTruncated, .clientReset, .clientCloseNotify, .clientFault, .timeout, .kill:
            return closeNow(.closeClient)
        case .flushed, .drain, .refused, .upstreamEnd, .upstreamReset, .upstreamConnected, .upstreamConnectFailed,
            .handshakeDone, .handshakeFailed, .clientRests:
            return []
        }
    }

    private mutating func discarding(_ event: Event) -> Actions {
        switch event {
        case .clientRests, .timeout, .kill: return closeNow(.resetClient)
        case .clientReset, .clientFault: return closeNow(.closeClient)
        // Its upload is over, but not what it has to read.
        case .clientTruncated, .clientCloseNotify: return []
        case .flushed, .drain, .refused, .upstreamEnd, .upstreamReset, .upstreamConnected, .upstreamConnectFailed,
            .handshakeDone, .handshakeFailed:
            return []
        }
    }
}

extension ConnectionMachine {
    /// The client has ended its stream: tell the upstream as soon as it has all the bytes.
    private mutating func passOnClientEnd(_ backlog: Backlog) -> Actions {
        guard !backlog.toUpstream else {
            owesUpstreamEnd = true
            return []
        }
        owesUpstreamEnd = false
        return upstreamEnded ? endInOrder() : .endUpstreamWrite
    }

    /// Both streams have ended in order, and the upstream has everything.
    private mutating func endInOrder() -> Actions {
        upstreamIsOpen = false
        phase = .closing(afterwards: .close)
        return .closeUpstream
    }

    /// The client, a limit or the operator ended the connection before its streams were complete.
    private mutating func brokenOff(_ event: Event) -> Actions {
        switch event {
        case .clientTruncated:
            note(.clientFIN, .clientFIN)
            return closeNow([.sendCloseNotify, .closeClient])
        case .clientReset:
            note(.clientReset, .clientReset)
            return closeNow(.closeClient)
        case .clientFault(let fault):
            note(fault, .clientFault)
            return closeNow(.closeClient)
        case .refused:
            note(.refused, .refused)
            return closeWithNotify()
        case .drain:
            note(.drain, .drain)
            return closeWithNotify()
        case .kill:
            note(.killed, .killed)
            return closeNow([.sendCloseNotify, .closeClient])
        default:
            return []
        }
    }

    private mutating func upstreamBroke() -> Actions {
        note(.upstreamReset, .upstreamReset)
        upstreamIsOpen = false
        // An upstream that has ended its stream and then refuses the client's bytes owes the client nothing more.
        phase = .closing(afterwards: upstreamEnded ? .linger : .discard)
        return [.closeUpstream, .discard]
    }

    private mutating func closeAfterTimeout(_ backlog: Backlog) -> Actions {
        backlog.toClient ? closeNow(.resetClient) : closeWithNotify()
    }

    /// Says goodbye to the client in the way of TLS, and drops the upstream.
    private mutating func closeWithNotify() -> Actions {
        let upstream = dropUpstream()
        phase = .closing(afterwards: clientEnded ? .closeSoon : .linger)
        return upstream.union(.sendCloseNotify)
    }

    private mutating func dropUpstream() -> Actions {
        guard upstreamIsOpen || phase == .connecting else { return [] }
        upstreamIsOpen = false
        return clientEnded && !owesUpstreamEnd && phase == .relaying ? .closeUpstream : .resetUpstream
    }

    private mutating func sayFarewell(_ farewell: Farewell) -> Actions {
        switch farewell {
        case .close, .closeSoon: return closeNow(.closeClient)
        case .reset: return closeNow(.resetClient)
        case .linger:
            phase = .lingering
            return .linger
        case .discard:
            phase = .discarding
            return .discard
        }
    }

    private mutating func closeNow(_ client: Actions) -> Actions {
        let upstream = dropUpstream()
        phase = .closed
        return client.union(upstream).union(.finish)
    }

    private mutating func remember(_ earlier: Ending?) {
        switch earlier {
        case .clientCloseNotify: detail.insert(.clientCloseNotify)
        case .upstreamEnd: detail.insert(.upstreamEnd)
        case .upstreamReset: detail.insert(.upstreamReset)
        case .upstreamUnreachable: detail.insert(.upstreamUnreachable)
        default: break
        }
    }

    private mutating func note(_ newEnding: Ending, _ later: Detail) {
        if ending == nil {
            ending = newEnding
        } else {
            detail.insert(later)
        }
    }
}

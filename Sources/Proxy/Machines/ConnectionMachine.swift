package import RepriseVocabulary

/// What one connection does next: its client with the exchange it is served, and the book of its ending. Events in,
/// answers out, no I/O and no clock.
///
/// The client's stream and the upstream's stream each end on their own. The first event that ends either of them
/// decides the ``Ending``; only a timeout that ends a half-closed or closing connection takes its place
/// (docs/decisions, 4). An upstream whose client did not close with close_notify is reset, because a FIN would say that
/// the client's stream is complete.
package struct ConnectionMachine: Sendable, Equatable {
    package private(set) var client: ClientMachine
    package private(set) var book = EndingBook()

    /// - Parameter awaitsHeader: whether a header of the PROXY protocol may come before TLS.
    package init(awaitsHeader: Bool = false) {
        client = ClientMachine(awaitsHeader: awaitsHeader)
    }

    package var isClosed: Bool { client.phase == .closed }
    /// Whether TLS is being negotiated, or is still to begin.
    package var isHandshaking: Bool { client.isBeforeService }
    package var isAwaitingHeader: Bool { client.phase == .awaitingHeader }
    package var isServing: Bool { if case .serving = client.phase { true } else { false } }
    /// The exchange that is served: from the handshake's end to the goodbye.
    package var exchange: ExchangeMachine? { client.exchange }
    package var readsUpstream: Bool { exchange?.readsUpstream ?? false }
    /// Whether the client's stream is complete, and parts of it are still on their way to the upstream.
    var deliversUpload: Bool { exchange?.deliversUpload ?? false }

    /// The timeout that is running.
    package enum TimerKind: Sendable, Equatable {
        case proxyHeader, handshake, routing, connect, idle, halfClosed, shutdown
    }

    /// Which timeout runs now; `nil` when closed. It begins anew when the kind changes and, for `idle` and
    /// `halfClosed`, whenever bytes move.
    package var timer: TimerKind? {
        switch client.phase {
        case .awaitingHeader: .proxyHeader
        case .handshaking: .handshake
        case .serving(let exchange):
            switch exchange.phase {
            case .routing: .routing
            case .connecting: .connect
            case .relaying: exchange.isHalfClosed ? .halfClosed : .idle
            case .finished: nil
            }
        // A client that reads slowly gets its last bytes; one that only gets a close_notify has less time.
        case .closing(afterwards: .close): .halfClosed
        case .closing, .lingering, .discarding: .shutdown
        case .closed: nil
        }
    }
}

// MARK: The handshake

extension ConnectionMachine {
    /// The header of the PROXY protocol has come, or none comes: TLS begins.
    package mutating func headerDone() { client.headerDone() }

    /// What came instead of a header is refused: the client's socket is to be closed.
    package mutating func headerRefused() {
        book.note(.refused)
        client.leave()
    }

    /// Begin to route.
    package mutating func handshakeDone() {
        client.handshakeDone()
    }

    /// - Parameter answered: an alert or a plain-text answer waits to be sent.
    /// - Returns: whether to close the client's socket at once.
    package mutating func handshakeFailed(_ ending: Ending, answered: Bool) -> Bool {
        book.note(ending)
        return client.handshakeFailed(answered: answered)
    }
}

// MARK: The exchange

extension ConnectionMachine {
    /// An upstream is chosen.
    ///
    /// - Returns: whether to connect: an answer that comes later may come too late.
    package mutating func routed() -> Bool { client.tellExchange { $0.routed() } ?? false }

    /// Why a connection is not routed.
    package enum NotRouted: Sendable, Equatable {
        /// The router has failed, was late, or has named what is not there.
        case noRoute
        /// The router refuses it, in order or without a word.
        case refused
        case refusedSilently
        /// The router refuses it by an alert, which waits to be sent.
        case refusedByAlert(TLSAlert)

        fileprivate var ending: Ending {
            switch self {
            case .noRoute: .upstreamUnreachable
            case .refused, .refusedSilently: .refused
            case .refusedByAlert(let alert): .alertSent(alert)
            }
        }
    }

    /// There is no upstream: the client's connection ends.
    ///
    /// - Returns: whether that changes anything: the answer may come too late.
    package mutating func notRouted(_ why: NotRouted = .noRoute) -> Bool {
        guard client.tellExchange({ $0.notRouted() }) == true else { return false }
        book.note(why.ending)
        switch why {
        case .noRoute, .refusedSilently: client.beginGoodbye(.reset)
        case .refused, .refusedByAlert: client.beginGoodbye(.linger)
        }
        return true
    }

    /// - Parameter uploadWaits: the client's bytes wait for the upstream.
    package mutating func connected(uploadWaits: Bool) -> ExchangeMachine.AfterConnect {
        served { $0.connected(uploadWaits: uploadWaits) }
    }

    /// - Parameters:
    ///   - another: there is a server left to try.
    ///   - isTold: where there is none, the client is told in order or by an alert.
    @discardableResult
    package mutating func connectFailed(another: Bool, isTold: Bool = false) -> ExchangeMachine.AfterConnectFailure {
        let answer = served { $0.connectFailed(another: another) }
        if answer == .giveUp {
            book.note(.upstreamUnreachable)
            client.beginGoodbye(isTold ? .linger : .reset)
        }
        return answer
    }

    /// The client has ended its stream with close_notify.
    package mutating func clientEnded(uploadWaits: Bool) -> ExchangeMachine.AfterUpload {
        book.note(.clientCloseNotify)
        return beginGoodbyeIfComplete(served { $0.clientEnded(uploadWaits: uploadWaits) })
    }

    /// The upstream has taken all bytes that waited for it.
    package mutating func uploaded() -> ExchangeMachine.AfterUpload {
        beginGoodbyeIfComplete(client.tellExchange { $0.uploaded() } ?? .goOn)
    }

    /// The upstream has ended its stream: send a close_notify.
    package mutating func upstreamEnded() -> ExchangeMachine.AfterDownload {
        book.note(.upstreamEnd)
        let answer = served { $0.upstreamEnded() }
        if answer == .complete { client.beginGoodbye(.close) }
        return answer
    }

    /// The upstream's connection broke: close it, and discard what the client still sends.
    package mutating func upstreamBroke() {
        book.note(.upstreamReset)
        let hadEnded = served { $0.upstreamBroke() }
        client.beginGoodbye(hadEnded ? .linger : .discard)
    }

    private mutating func beginGoodbyeIfComplete(_ answer: ExchangeMachine.AfterUpload) -> ExchangeMachine.AfterUpload {
        if answer == .complete { client.beginGoodbye(.close) }
        return answer
    }

    /// The exchange's answer to an event of its upstream, which can happen only while it is served.
    private mutating func served<Answer>(_ event: (inout ExchangeMachine) -> Answer) -> Answer {
        guard let answer = client.tellExchange(event) else {
            preconditionFailure("an upstream's event in phase \(client.phase)")
        }
        return answer
    }
}

// MARK: What ends it from outside

extension ConnectionMachine {
    /// How a client can break off.
    package enum ClientBreak: Sendable, Equatable {
        /// Its TCP stream ended without a close_notify.
        case truncation
        case reset
        /// libssl ended the connection after the handshake: an alert sent or received.
        case fault(Ending)

        /// The one word for it.
        var ending: Ending {
            switch self {
            case .truncation: .clientFIN
            case .reset: .clientReset
            case .fault(let ending): ending
            }
        }
    }

    /// The answer to a client that broke off.
    package enum AfterClientBreak: Sendable, Equatable {
        case goOn
        /// Close the upstream in that mode, and close the client's socket.
        case close(ExchangeMachine.UpstreamCloseMode)
        /// The same, with a close_notify before it: a client that has only ended its direction may still read.
        case closeNotifyAndClose(ExchangeMachine.UpstreamCloseMode)
    }

    package mutating func clientBroke(_ how: ClientBreak) -> AfterClientBreak {
        switch client.phase {
        case .awaitingHeader, .handshaking, .serving:
            book.note(how.ending)
            let wasServing = isServing
            let mode = client.leave()
            return wasServing && how == .truncation ? .closeNotifyAndClose(mode) : .close(mode)
        case .closing:
            guard how != .truncation || client.truncatedAtGoodbye() else { return .goOn }
            book.note(how.ending)
            client.leave()
            return .close(.none)
        case .discarding where how == .truncation: return .goOn
        case .lingering, .discarding:
            client.leave()
            return .close(.none)
        case .closed: return .goOn
        }
    }

    /// What can end a connection that its peers would continue.
    package enum Stop: Sendable, Equatable {
        /// A limit was passed, or another handshake has this one's place.
        case limit
        /// The time for draining is over.
        case drain
        /// The process ends now.
        case kill

        var ending: Ending {
            switch self {
            case .limit: .refused
            case .drain: .drain
            case .kill: .killed
            }
        }
    }

    /// The answer to a stop.
    package enum AfterStop: Sendable, Equatable {
        case goOn
        /// Close the upstream in that mode, and put a close_notify behind what the client still gets.
        case closeNotify(ExchangeMachine.UpstreamCloseMode)
        /// The same, and close the client's socket at once.
        case closeNotifyAndClose(ExchangeMachine.UpstreamCloseMode)
        /// Close the client's socket; there is no upstream.
        case close
        case reset
    }

    package mutating func stop(_ why: Stop) -> AfterStop {
        switch client.phase {
        case .awaitingHeader, .handshaking:
            book.note(why.ending)
            client.leave()
            return .close
        case .serving:
            book.note(why.ending)
            return why == .kill ? .closeNotifyAndClose(client.leave()) : .closeNotify(client.endServing())
        case .closing:
            switch why {
            case .kill:
                book.note(.killed)
                client.leave()
                return .reset
            case .drain: if client.hurry() { book.note(.drain) }
            case .limit: break
            }
            return .goOn
        case .lingering where why == .kill:
            client.leave()
            return .close
        case .discarding where why == .kill:
            client.leave()
            return .reset
        case .lingering, .discarding, .closed: return .goOn
        }
    }

    /// The answer to a timeout.
    package enum AfterTimeout: Sendable, Equatable {
        case goOn
        /// Close the upstream in that mode, and put a close_notify behind what the client still gets.
        case closeNotify(ExchangeMachine.UpstreamCloseMode)
        /// Close the client's socket; there is no upstream.
        case close
        /// Close the upstream in that mode, and reset the client.
        case reset(ExchangeMachine.UpstreamCloseMode)
    }

    /// The timer that ``timer`` names ran out; a router or a connect that takes too long has failed (``notRouted()``,
    /// ``connectFailed(another:)``).
    ///
    /// - Parameter downloadWaits: bytes wait for the client's socket, or in it.
    package mutating func timedOut(downloadWaits: Bool) -> AfterTimeout {
        switch client.phase {
        case .awaitingHeader:
            book.note(.timeoutProxyHeader)
            client.leave()
            return .close
        case .handshaking:
            book.note(.timeoutHandshake)
            client.leave()
            return .close
        case .serving:
            book.expire(isHalfClosed ? .timeoutHalfClosed : .timeoutIdle)
            return downloadWaits ? .reset(client.leave()) : .closeNotify(client.endServing())
        case .closing:
            book.expireGoodbye()
            client.leave()
            return .reset(.none)
        case .lingering:
            client.leave()
            return .close
        case .discarding:
            // What its kernel has not acknowledged by now is lost, and the log must show that.
            if downloadWaits { book.note(.timeoutShutdown) }
            client.leave()
            return .reset(.none)
        case .closed: return .goOn
        }
    }

    private var isHalfClosed: Bool { exchange?.isHalfClosed ?? false }
}

// MARK: The goodbye

extension ConnectionMachine {
    /// The client's socket has taken everything that waited for it.
    package mutating func flushed() -> ClientMachine.AfterFlush { client.flushed() }

    /// The client has acknowledged all that was sent, and sends nothing itself: a reset now loses nothing.
    ///
    /// - Returns: whether it is reset now.
    package mutating func clientRests() -> Bool {
        guard client.phase == .discarding else { return false }
        client.leave()
        return true
    }
}

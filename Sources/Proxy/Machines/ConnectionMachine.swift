package import Vocabulary

/// What one connection does next: its client, its exchange, and the book of its ending. Events in, answers out, no I/O and
/// no clock.
///
/// The client's stream and the upstream's stream end each on its own. The first event that ends either of them decides
/// the ``Ending``; only a timeout that ends a half-closed or closing connection takes its place (docs/decisions, 4).
/// An upstream whose client did not close with close_notify is reset, because a FIN would say that the client's stream
/// is complete.
package struct ConnectionMachine: Sendable, Equatable {
    package private(set) var client = ClientMachine()
    /// From the handshake's end on.
    package private(set) var exchange: ExchangeMachine?
    package private(set) var book = EndingBook()

    package init() {}

    package var isClosed: Bool { client.phase == .closed }
    package var isHandshaking: Bool { client.phase == .handshaking }
    package var isServing: Bool { if case .serving = client.phase { true } else { false } }
    package var readsUpstream: Bool { exchange?.readsUpstream ?? false }
    /// Whether the client's stream is complete, and parts of it are still on their way to the upstream.
    var deliversUpload: Bool { exchange?.deliversUpload ?? false }

    /// How both are left, at once.
    package struct Farewells: Sendable, Equatable {
        package var upstream: ExchangeMachine.UpstreamFarewell
        package var client: ClientMachine.Goodbye

        package init(upstream: ExchangeMachine.UpstreamFarewell = .none, client: ClientMachine.Goodbye) {
            self.upstream = upstream
            self.client = client
        }
    }

    /// The timeout that is running.
    package enum TimerKind: Sendable, Equatable {
        case handshake, connect, idle, halfClosed, shutdown
    }

    /// Which timeout runs now; `nil` when closed, or while a router has a deadline of its own. It begins anew when the kind
    /// changes and, for `idle` and `halfClosed`, whenever bytes move.
    package var timer: TimerKind? {
        switch client.phase {
        case .handshaking: .handshake
        case .serving:
            switch exchange?.phase {
            case .connecting: .connect
            case .relaying: exchange?.isHalfClosed == true ? .halfClosed : .idle
            case .routing, .finished, nil: nil
            }
        // A client that reads slowly gets its last bytes; one that is only told goodbye has less time.
        case .closing(afterwards: .close): .halfClosed
        case .closing, .lingering, .discarding: .shutdown
        case .closed: nil
        }
    }
}

// MARK: The handshake

extension ConnectionMachine {
    /// Begin to route.
    package mutating func handshakeDone() {
        client.handshakeDone()
        exchange = ExchangeMachine()
    }

    /// - Parameter answered: an alert or a plain-text answer waits to be sent.
    package mutating func handshakeFailed(_ ending: Ending, answered: Bool) -> ClientMachine.Goodbye {
        book.note(ending)
        return client.handshakeFailed(answered: answered)
    }
}

// MARK: The exchange

extension ConnectionMachine {
    /// An upstream is chosen.
    ///
    /// - Returns: whether to connect: an answer that comes later may come too late.
    package mutating func routed() -> Bool { exchange?.routed() ?? false }

    /// - Parameter uploadWaits: the client's bytes wait for the upstream.
    package mutating func connected(uploadWaits: Bool) -> ExchangeMachine.AfterUpload {
        settle(exchange?.connected(uploadWaits: uploadWaits))
    }

    /// - Parameter another: there is a server left to try.
    package mutating func connectFailed(another: Bool) -> ExchangeMachine.AfterConnectFailure {
        let answer = exchange?.connectFailed(another: another) ?? .giveUp
        if answer == .giveUp {
            book.note(.upstreamUnreachable)
            client.beginGoodbye(.reset)
        }
        return answer
    }

    /// The client has ended its stream with close_notify.
    package mutating func clientEnded(uploadWaits: Bool) -> ExchangeMachine.AfterUpload {
        book.note(.clientCloseNotify)
        client.ended()
        return settle(exchange?.clientEnded(uploadWaits: uploadWaits))
    }

    /// The upstream has taken all bytes that waited for it.
    package mutating func uploaded() -> ExchangeMachine.AfterUpload {
        settle(exchange?.uploaded())
    }

    /// The upstream has ended its stream: send a close_notify.
    package mutating func upstreamEnded() -> ExchangeMachine.AfterDownload {
        book.note(.upstreamEnd)
        let answer = exchange?.upstreamEnded() ?? .goOn
        if answer == .complete { client.beginGoodbye(.close) }
        return answer
    }

    /// The upstream's connection broke: close it, and discard what the client still sends.
    package mutating func upstreamBroke() {
        book.note(.upstreamReset)
        let hadEnded = exchange?.upstreamBroke() ?? false
        client.beginGoodbye(hadEnded ? .linger : .discard)
    }

    private mutating func settle(_ answer: ExchangeMachine.AfterUpload?) -> ExchangeMachine.AfterUpload {
        if answer == .complete { client.beginGoodbye(.close) }
        return answer ?? .goOn
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

    package mutating func clientBroke(_ how: ClientBreak) -> Farewells {
        switch client.phase {
        case .handshaking:
            book.note(how.ending)
            return Farewells(client: client.leave(.close))
        case .serving:
            book.note(how.ending)
            let upstream = abandon()
            return Farewells(
                upstream: upstream, client: client.leave(how == .truncation ? .closeNotifyAndClose : .close))
        case .closing:
            guard how == .truncation else {
                book.note(how.ending)
                return Farewells(client: client.leave(.close))
            }
            let goodbye = client.truncatedAtGoodbye()
            if goodbye != .none { book.note(how.ending) }
            return Farewells(client: goodbye)
        case .lingering: return Farewells(client: client.leave(.close))
        case .discarding: return Farewells(client: how == .truncation ? .none : client.leave(.close))
        case .closed: return Farewells(client: .none)
        }
    }

    /// What can end a connection that its peers would go on with.
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

    package mutating func stop(_ why: Stop) -> Farewells {
        switch client.phase {
        case .handshaking:
            book.note(why.ending)
            return Farewells(client: client.leave(.close))
        case .serving:
            book.note(why.ending)
            let upstream = abandon()
            return Farewells(
                upstream: upstream, client: why == .kill ? client.leave(.closeNotifyAndClose) : client.endServing())
        case .closing:
            switch why {
            case .kill:
                book.note(.killed)
                return Farewells(client: client.leave(.reset))
            case .drain: if client.hurry() { book.note(.drain) }
            case .limit: break
            }
            return Farewells(client: .none)
        case .lingering: return Farewells(client: why == .kill ? client.leave(.close) : .none)
        case .discarding: return Farewells(client: why == .kill ? client.leave(.reset) : .none)
        case .closed: return Farewells(client: .none)
        }
    }

    /// The timer that ``timer`` names ran out; a connect that takes too long has failed (``connectFailed(another:)``).
    ///
    /// - Parameter downloadWaits: bytes wait for the client's socket, or in it.
    package mutating func timedOut(downloadWaits: Bool) -> Farewells {
        switch client.phase {
        case .handshaking:
            book.note(.timeoutHandshake)
            return Farewells(client: client.leave(.close))
        case .serving:
            book.expire(exchange?.isHalfClosed == true ? .timeoutHalfClosed : .timeoutIdle)
            let upstream = abandon()
            return Farewells(upstream: upstream, client: downloadWaits ? client.leave(.reset) : client.endServing())
        case .closing:
            book.expireGoodbye()
            return Farewells(client: client.leave(.reset))
        case .lingering: return Farewells(client: client.leave(.close))
        case .discarding:
            // What its kernel has not acknowledged by now is lost, and that is to be seen.
            if downloadWaits { book.note(.timeoutShutdown) }
            return Farewells(client: client.leave(.reset))
        case .closed: return Farewells(client: .none)
        }
    }

    private mutating func abandon() -> ExchangeMachine.UpstreamFarewell { exchange?.abandon() ?? .none }
}

// MARK: The goodbye

extension ConnectionMachine {
    /// The client's socket has taken everything that waited for it.
    package mutating func flushed() -> ClientMachine.AfterFlush { client.flushed() }

    /// The client has acknowledged all that was sent, and sends nothing itself: nothing is lost by a reset any more.
    ///
    /// - Returns: whether it is reset now.
    package mutating func clientRests() -> Bool {
        guard client.phase == .discarding else { return false }
        _ = client.leave(.reset)
        return true
    }
}

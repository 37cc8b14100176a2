/// The client's side of a connection, from the handshake to the goodbye. Events in, answers out, no I/O and no clock.
///
/// What is relayed meanwhile is the ``ExchangeMachine``'s, which there is while the client is served, and at no other time.
package struct ClientMachine: Sendable, Equatable {
    /// Where it stands.
    package enum Phase: Sendable, Equatable {
        /// TLS is being negotiated. Next: any but ``lingering`` and ``discarding``.
        case handshaking
        /// The client is served. Next: ``closing(afterwards:)``, ``closed``.
        case serving(ExchangeMachine)
        /// The last bytes are on their way to the client. Next: ``lingering``, ``discarding``, ``closed``.
        case closing(afterwards: CloseMode)
        /// All is said; the client's FIN is awaited, so that a reset does not overtake our last bytes. Next: ``closed``.
        case lingering
        /// The upstream broke off, and what it had sent has left: the client takes it while its upload is discarded, and is
        /// reset then. Next: ``closed``.
        case discarding
        /// The socket is closed. Final.
        case closed
    }

    /// What follows when the last bytes for the client have left.
    package enum CloseMode: Sendable, Equatable {
        /// Close at once: the client has ended its stream too.
        case close
        /// The same, when a limit, a timeout or the operator wants it over: in `timeouts.shutdown`.
        case closeSoon
        /// Close our direction and await the client's FIN.
        case linger
        /// Reset: there is no upstream, and the client must not take what it has for the whole.
        case reset
        /// Reset, because the upstream's stream broke off, when the client has what came before. A client that is still
        /// uploading, and is reset at once, never reads why.
        case discard
    }

    package private(set) var phase = Phase.handshaking

    package init() {}

    /// The exchange that is served.
    var exchange: ExchangeMachine? { if case .serving(let exchange) = phase { exchange } else { nil } }

    /// Tells the exchange that is served of an event.
    ///
    /// - Returns: its answer; `nil` when none is served.
    mutating func tellExchange<Answer>(_ event: (inout ExchangeMachine) -> Answer) -> Answer? {
        guard case .serving(var exchange) = phase else { return nil }
        let answer = event(&exchange)
        phase = .serving(exchange)
        return answer
    }

    /// Whether bytes of the client are still wanted (to be relayed, or for the handshake).
    package var readsClient: Bool {
        switch phase {
        case .handshaking: true
        case .serving(let exchange): exchange.readsClient
        case .closing, .lingering, .discarding, .closed: false
        }
    }

    /// Whether what the client still sends is read and forgotten: one that writes before it reads must get to reading.
    package var discardsClient: Bool {
        switch phase {
        case .closing(let mode): mode == .linger || mode == .discard
        case .lingering, .discarding: true
        case .handshaking, .serving, .closed: false
        }
    }

    /// Whether the last bytes for the client are still to be decided.
    var isBeforeGoodbye: Bool {
        switch phase {
        case .handshaking, .serving: true
        case .closing, .lingering, .discarding, .closed: false
        }
    }
}

extension ClientMachine {
    mutating func handshakeDone() {
        guard phase == .handshaking else { preconditionFailure("a handshake's end in phase \(phase)") }
        phase = .serving(ExchangeMachine())
    }

    /// - Parameter answered: an alert or a plain-text answer waits to be sent.
    /// - Returns: whether to close its socket at once.
    mutating func handshakeFailed(answered: Bool) -> Bool {
        guard phase == .handshaking else { preconditionFailure("a handshake's end in phase \(phase)") }
        phase = answered ? .closing(afterwards: .linger) : .closed
        return !answered
    }

    /// Nothing more is relayed: what is left goes to the client, and then `mode` follows.
    mutating func beginGoodbye(_ mode: CloseMode) {
        guard case .serving = phase else { preconditionFailure("a goodbye in phase \(phase)") }
        phase = .closing(afterwards: mode)
    }

    /// A limit, a timeout or the operator ends what is served; the client is told by close_notify, and the rest follows when
    /// that has left.
    ///
    /// - Returns: how the upstream is left.
    mutating func endServing() -> ExchangeMachine.UpstreamCloseMode {
        guard case .serving(var exchange) = phase else { preconditionFailure("an end of serving in phase \(phase)") }
        phase = .closing(afterwards: exchange.readsClient ? .linger : .closeSoon)
        return exchange.abandon()
    }

    /// The client's socket is closed at once.
    ///
    /// - Returns: how the upstream is left.
    @discardableResult
    mutating func leave() -> ExchangeMachine.UpstreamCloseMode {
        defer { phase = .closed }
        return tellExchange { $0.abandon() } ?? .none
    }

    /// The client's TCP stream has ended, while it was no longer read or only to be forgotten.
    ///
    /// - Returns: whether to close its socket.
    mutating func truncatedAtGoodbye() -> Bool {
        switch phase {
        // What is awaited after the goodbye has come before.
        case .closing(.linger):
            phase = .closing(afterwards: .closeSoon)
            return false
        // It sends nothing more, and may read on.
        case .closing(.discard), .discarding: return false
        case .handshaking, .serving, .closing, .lingering, .closed:
            phase = .closed
            return true
        }
    }

    /// A client that reads slowly is not waited for any longer.
    ///
    /// - Returns: whether that changes anything.
    mutating func hurry() -> Bool {
        guard phase == .closing(afterwards: .close) else { return false }
        phase = .closing(afterwards: .closeSoon)
        return true
    }

    /// What follows when the last bytes have left.
    package enum AfterFlush: Sendable, Equatable {
        case none
        case close
        case reset
        /// Half-close the socket and discard what still comes.
        case linger
        /// Discard what still comes.
        case discard
    }

    /// The socket has taken everything that waited.
    mutating func flushed() -> AfterFlush {
        guard case .closing(let mode) = phase else { return .none }
        switch mode {
        case .close, .closeSoon: phase = .closed
        case .reset:
            phase = .closed
            return .reset
        case .linger:
            phase = .lingering
            return .linger
        case .discard:
            phase = .discarding
            return .discard
        }
        return .close
    }
}

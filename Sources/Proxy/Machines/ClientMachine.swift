/// The client's side of a connection, from the handshake to the goodbye. Events in, answers out, no I/O and no clock.
///
/// The ``ExchangeMachine`` handles what is relayed; it exists only while the client is served.
package struct ClientMachine: Sendable, Equatable {
    /// Where it stands.
    package enum Phase: Sendable, Equatable {
        /// A header of the PROXY protocol is awaited, or bytes that show that none comes; TLS has not begun. Next:
        /// ``handshaking``, ``closed``.
        case awaitingHeader
        /// TLS is being negotiated. Next: any but ``lingering`` and ``discarding``.
        case handshaking
        /// The client is served. Next: ``closing(afterwards:)``, ``closed``.
        case serving(ExchangeMachine)
        /// The last bytes are on their way to the client. Next: ``lingering``, ``discarding``, ``closed``.
        case closing(afterwards: CloseMode)
        /// All is sent; we await the client's FIN, so that a reset does not overtake our last bytes. Next: ``closed``.
        case lingering
        /// The upstream broke off, and the client was sent what it had sent: the client takes that while we discard its
        /// upload, and is reset then. Next: ``closed``.
        case discarding
        /// The socket is closed. Final.
        case closed
    }

    /// What follows when the last bytes for the client were sent.
    package enum CloseMode: Sendable, Equatable {
        /// Close at once: the client has ended its stream too.
        case close
        /// The same, when a limit, a timeout or the operator ends it: within `timeouts.shutdown`.
        case closeSoon
        /// Close our direction and await the client's FIN.
        case linger
        /// Reset: there is no upstream, and the client must not take what it has for a complete stream.
        case reset
        /// Reset, because the upstream's stream broke off, once the client has what came before: a client that is reset
        /// at once in the middle of an upload never reads why.
        case discard
    }

    package private(set) var phase: Phase

    /// - Parameter awaitsHeader: whether a header of the PROXY protocol may come first.
    package init(awaitsHeader: Bool = false) {
        phase = awaitsHeader ? .awaitingHeader : .handshaking
    }

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

    /// Whether TLS is being negotiated, or is still to begin.
    var isBeforeService: Bool { phase == .handshaking || phase == .awaitingHeader }

    /// Whether bytes of the client are still wanted (to be relayed, or for the handshake).
    package var readsClient: Bool {
        switch phase {
        case .awaitingHeader, .handshaking: true
        case .serving(let exchange): exchange.readsClient
        case .closing, .lingering, .discarding, .closed: false
        }
    }

    /// Whether to read and discard what the client still sends: one that writes before it reads must get to reading.
    package var discardsClient: Bool {
        switch phase {
        case .closing(let mode): mode == .linger || mode == .discard
        case .lingering, .discarding: true
        case .awaitingHeader, .handshaking, .serving, .closed: false
        }
    }

    /// Whether the end of the client's stream is still undecided.
    var isBeforeGoodbye: Bool {
        switch phase {
        case .awaitingHeader, .handshaking, .serving: true
        case .closing, .lingering, .discarding, .closed: false
        }
    }
}

extension ClientMachine {
    /// The header has come, or none comes.
    mutating func headerDone() {
        guard phase == .awaitingHeader else { preconditionFailure("a header's end in phase \(phase)") }
        phase = .handshaking
    }

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

    /// Nothing more is relayed: the rest goes to the client, and then `mode` follows.
    mutating func beginGoodbye(_ mode: CloseMode) {
        guard case .serving = phase else { preconditionFailure("a goodbye in phase \(phase)") }
        phase = .closing(afterwards: mode)
    }

    /// A limit, a timeout or the operator ends the exchange; the client gets a close_notify, and the rest follows when
    /// that is sent.
    ///
    /// - Returns: how to close the upstream.
    mutating func endServing() -> ExchangeMachine.UpstreamCloseMode {
        guard case .serving(var exchange) = phase else { preconditionFailure("an end of serving in phase \(phase)") }
        phase = .closing(afterwards: exchange.readsClient ? .linger : .closeSoon)
        return exchange.abandon()
    }

    /// The client's socket is closed at once.
    ///
    /// - Returns: how to close the upstream.
    @discardableResult
    mutating func leave() -> ExchangeMachine.UpstreamCloseMode {
        defer { phase = .closed }
        return tellExchange { $0.abandon() } ?? .none
    }

    /// The client's TCP stream has ended, while we no longer read it, or only discard it.
    ///
    /// - Returns: whether to close its socket.
    mutating func truncatedAtGoodbye() -> Bool {
        switch phase {
        // The FIN that we would await after our last bytes has come already.
        case .closing(.linger):
            phase = .closing(afterwards: .closeSoon)
            return false
        // It sends nothing more, and may read on.
        case .closing(.discard), .discarding: return false
        case .awaitingHeader, .handshaking, .serving, .closing, .lingering, .closed:
            phase = .closed
            return true
        }
    }

    /// Stops waiting for a client that reads slowly.
    ///
    /// - Returns: whether that changes anything.
    mutating func hurry() -> Bool {
        guard phase == .closing(afterwards: .close) else { return false }
        phase = .closing(afterwards: .closeSoon)
        return true
    }

    /// What follows when the last bytes were sent.
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

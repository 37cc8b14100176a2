package import RepriseVocabulary

/// How clients of a listener may resume their sessions, as far as libssl must know.
package struct SessionSettings: Sendable {
    package var mode: SessionMode
    /// NewSessionTickets after a full TLS 1.3 handshake, 0 to ``TLSLimits/ticketsAtOnce``.
    package var ticketsFull: Int
    /// The same after a resumed one.
    package var ticketsResumed: Int
    /// Whether TLS 1.3 sessions resume only once, so that their tickets are only keys of the store.
    package var isSingleUse: Bool
    /// The session domain: its listeners accept each other's sessions, host by host.
    package var domain: String

    /// - Precondition: the counts are in their range.
    package init(
        mode: SessionMode, ticketsFull: Int, ticketsResumed: Int, isSingleUse: Bool, domain: String
    ) {
        let range = 0...TLSLimits.ticketsAtOnce
        precondition(range.contains(ticketsFull) && range.contains(ticketsResumed), "\(ticketsFull), \(ticketsResumed)")
        self.mode = mode
        self.ticketsFull = ticketsFull
        self.ticketsResumed = ticketsResumed
        self.isSingleUse = isSingleUse
        self.domain = domain
    }

    /// Whether anything may come out of a store.
    var keepsSessions: Bool { mode == .both || mode == .stateful }

    /// Whether clients of that version get keys of the store, and resume by them.
    package func usesStore(isTLS13: Bool) -> Bool {
        isTLS13 ? mode == .stateful || (isSingleUse && keepsSessions) : keepsSessions
    }

    /// Whether clients of that version get tickets that hold the session, and resume by them.
    package func usesTickets(isTLS13: Bool) -> Bool {
        mode != .off && mode != .stateful && !(isTLS13 && usesStore(isTLS13: true))
    }

    /// How many tickets a TLS 1.3 handshake ends with, given what the client asks for; of stored ones there may be
    /// fewer.
    func tickets(resumed: Bool, for request: ResumptionRequest) -> Int {
        guard mode != .off, request.takesKeyWithExchange else { return 0 }
        let ours = resumed ? ticketsResumed : ticketsFull
        guard ours > 0, let wish = request.ticketCount else { return ours }
        let most = max(ours, resumed ? TLSLimits.wishedTicketsResumed : TLSLimits.wishedTickets)
        return min(resumed ? wish.resumed : wish.full, most)
    }
}

/// The TLS settings of one listener, apart from its hosts.
package struct ListenerTLSSettings: Sendable {
    package var tls: TLSSettings
    /// Application protocols in order of preference; empty: the extension is ignored (RFC 7301).
    package var alpn: [String]
    /// Whether a name no host answers to is refused with `unrecognized_name` (RFC 6066 §3) instead of getting the
    /// first host's certificate. A client that sends no name at all always gets the first host.
    package var rejectsUnknownNames: Bool
    package var sessions: SessionSettings

    package init(
        tls: TLSSettings, alpn: [String], rejectsUnknownNames: Bool, sessions: SessionSettings
    ) {
        self.tls = tls
        self.alpn = alpn
        self.rejectsUnknownNames = rejectsUnknownNames
        self.sessions = sessions
    }
}

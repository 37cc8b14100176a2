import CRepriseOpenSSL

/// Keeps the sessions of one connection (the store, the ticket keys and the policy in one interface): libssl's
/// callbacks end here.
///
/// Called during the connection's own calls only.
package protocol ConnectionSessions: AnyObject {
    /// A ClientHello was read and its host chosen; twice after a HelloRetryRequest.
    ///
    /// - Parameter clients: what the host demands of clients' certificates.
    /// - Returns: whether the handshake must wait, because the store answers later.
    func begin(_ offer: SessionOffer, clients: ClientAuthentication?) -> Bool
    /// Looks for a stored session; lends its DER to `body` if it is there.
    func find(_ id: UnsafeRawBufferPointer, isTLS13: Bool, _ body: (UnsafeRawBufferPointer) -> Void)
    /// The key that a ticket names.
    func openingKey(named name: UnsafeRawBufferPointer) -> TicketKeyAnswer
    /// A ticket could not be opened (its key is not there, or the key did not seal it), or the bytes found in the store
    /// are no session.
    func ticketDidNotOpen()
    /// Whether a session that was found or opened, and is whole, may be resumed here and now.
    func judge(_ session: OpenedSession) -> SessionAnswer
    /// Whether the state in the resumed session has to change.
    var wantsRenewal: Bool { get }
    /// A full TLS 1.2 handshake pauses before its last flight: decides what its session carries, which can still be
    /// changed.
    func prepare(_ session: NewSession)
    /// The key that seals new tickets; `nil`: none are given.
    func sealingKey() -> TicketSecrets?
    /// What a session about to be handed out carries; `nil`: it must not be resumed.
    func mark(_ session: NewSession) -> SessionMark?
    /// Keeps a stateful session, marked before.
    func store(_ id: UnsafeRawBufferPointer, _ der: UnsafeRawBufferPointer)
    /// Whether to call ``established(_:)``.
    var observesSessions: Bool { get }
    /// The client has been handed a session, or something more to resume one with: an id, or a ticket that was sealed
    /// or stored just before. In the order of the wire.
    func established(_ session: SessionReference)
    /// The ServerHello will say that a session is resumed; if that is not allowed, an alert takes its place.
    func checkResumption() -> ResumptionCheck
    /// How many of the extra stored sessions that the client asks for it gets, beyond the configured number.
    func grantWishes(_ count: Int) -> Int
    /// The client has proved that it knows the secret of the session that was judged good last.
    func resumptionIsProved()
    /// libssl has returned from a call of the handshake.
    func callIsOver()
    /// The handshake is done; if its outcome is not allowed, the connection ends with an alert.
    func handshakeIsDone(resumed: Bool) -> ResumptionCheck
}

/// What to do with a session that a client offers, once it is opened or found.
package enum SessionAnswer: Sendable, Hashable {
    case resume
    /// Make a full handshake, without an alert.
    case refuse
}

/// Whether a resumption that libssl has decided on is allowed.
package enum ResumptionCheck: Sendable, Hashable {
    case inOrder
    /// Its lineage was denied during the handshake.
    case denied
    /// The policy forbids it, and should have been refused earlier: a defect of ours.
    case defect
}

/// A session that is about to be handed out or stored: the facts for its keeper's decision.
package struct NewSession: Sendable, Hashable {
    package var isTLS13: Bool
    /// Whether this connection resumed one: then it is a renewal.
    package var isRenewal: Bool
    /// The client's certificate, when this handshake verified one.
    package var peer: PeerChain?
}

/// What a new session carries: bytes of ours, and how long libssl may resume it.
package struct SessionMark: Sendable, Hashable {
    /// Authenticated, and confidential in a ticket.
    package var state: [UInt8]
    /// Whole seconds from now, at least one; also the lifetime hint that the client is given.
    package var seconds: Int

    package init(state: [UInt8], seconds: Int) {
        self.state = state
        self.seconds = seconds
    }
}

/// A session that a client offers, restored by libssl but not resumed yet. Its bytes are lent for the call that gets
/// it.
package struct OpenedSession {
    /// The state that we put into it (its application data); authenticated, since it came out of our ticket or store.
    package var state: UnsafeRawBufferPointer
    /// Its session-id context.
    package var sessionIDContext: UnsafeRawBufferPointer
    package var isTLS13: Bool
    /// Whether its host takes its cipher now: for a TLS 1.2 session, libssl checks only the client's list. For a TLS
    /// 1.3 session, whether the chosen suite has its digest.
    package var isCipherAllowed = true

    /// Lends the bytes of a session of libssl's; `nil` for one without any of ours.
    init?(_ session: OpaquePointer) {
        var bytes: UnsafeMutableRawPointer?
        var count = 0
        var contextBytes: CUnsignedInt = 0
        guard SSL_SESSION_get0_ticket_appdata(session, &bytes, &count) == 1,
            let context = SSL_SESSION_get0_id_context(session, &contextBytes)
        else { return nil }
        self.state = UnsafeRawBufferPointer(start: bytes, count: count)
        sessionIDContext = UnsafeRawBufferPointer(start: context, count: Int(contextBytes))
        isTLS13 = SSL_SESSION_get_protocol_version(session) == TLS1_3_VERSION
    }
}

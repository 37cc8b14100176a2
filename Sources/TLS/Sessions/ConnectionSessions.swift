/// Whoever keeps the sessions of one connection (the store, the ticket keys and the policy behind one door): libssl's
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
    /// A ticket could not be opened: its key is not there, or it is not what the key sealed. Or what was found in the
    /// store is no session.
    func ticketDidNotOpen()
    /// Whether a session that was found or opened, and is whole, may be resumed here and now.
    func judge(_ session: OpenedSession) -> SessionAnswer
    /// Whether what the resumed session remembers has to change.
    var wantsRenewal: Bool { get }
    /// The key that seals new tickets; `nil`: none are given.
    func sealingKey() -> TicketSecrets?
    /// What a session about to be handed out carries; `nil`: it shall not be resumed.
    func mark(_ session: NewSession) -> SessionMark?
    /// Keeps a stateful session, marked before.
    func store(_ id: UnsafeRawBufferPointer, _ der: UnsafeRawBufferPointer)
    /// Whether ``established(_:)`` is to be called.
    var observesSessions: Bool { get }
    /// The client has been handed a session, or something more to resume one with: an id, or a ticket that was sealed or
    /// stored just before. In the order of the wire.
    func established(_ session: SessionReference)
    /// The ServerHello will say that a session is resumed; if that is not in order, an alert takes its place.
    func checkResumption() -> ResumptionCheck
    /// How many stored sessions the client is given beyond those that are set, of those that it asks for.
    func grantWishes(_ count: Int) -> Int
    /// The client has proved that it knows the secret of the session that was judged good last.
    func resumptionIsProved()
    /// libssl has returned from a call of the handshake.
    func callIsOver()
    /// The handshake is done; if its outcome is not in order, the connection ends by an alert.
    func handshakeIsDone(resumed: Bool) -> ResumptionCheck
}

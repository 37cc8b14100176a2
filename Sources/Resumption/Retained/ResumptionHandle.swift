/// What a client was handed to resume a session with.
package enum ResumptionHandle: Sendable, Hashable {
    /// A ticket that holds the session, sealed by the key of that name.
    case ticket(TicketKeyName)
    /// A key of the store: a TLS 1.2 session id, or a TLS 1.3 ticket that is no more than that.
    case stored(SessionKey)
}

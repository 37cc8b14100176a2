/// Where sessions are kept, and what clients resume them with.
package enum SessionMode: String, Sendable, Hashable, CaseIterable {
    /// Tickets, and ids for TLS 1.2 clients without tickets.
    case both
    /// Tickets only.
    case stateless
    /// Our store only: session ids, and tickets that are only a key of the store.
    case stateful
    /// No resumption, and nothing on the wire that promises it.
    case off
}

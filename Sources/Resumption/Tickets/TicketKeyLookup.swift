/// What a ring says of the key that a ticket names.
package enum TicketKeyLookup: Sendable {
    /// The key; where it is not the newest, a ticket that it opened should be sealed anew.
    case found(TicketKey, isNewest: Bool)
    /// The ring had that key, and its tickets are too old.
    case expired
    /// The ring knows of no such key, or no longer.
    case unknown
}

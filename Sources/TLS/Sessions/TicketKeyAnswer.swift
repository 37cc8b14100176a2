/// Whether there is a key that opens a ticket.
package enum TicketKeyAnswer: Sendable {
    /// The key that seals new tickets too.
    case newest(TicketSecrets)
    /// A key that only opens: the ticket is worth renewing.
    case older(TicketSecrets)
    /// No key of that name, or none whose time is not over.
    case none
}

/// What a TLS 1.3 NewSessionTicket left together with.
package enum TicketDelivery: String, Sendable, Hashable, CaseIterable {
    /// In one send with bytes for the client.
    case withData = "with_data"
    /// In one send with our close_notify.
    case withClose = "with_close"
    /// In a send of its own, after `tickets.delay`.
    case alone
}

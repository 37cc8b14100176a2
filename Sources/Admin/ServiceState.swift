/// What the process says of itself to those who ask whether to send it clients.
package enum ServiceState: String, Sendable, Hashable, CaseIterable {
    /// The listeners are not open yet.
    case starting
    /// Clients are accepted.
    case serving
    /// No new clients are accepted; what runs is finished.
    case draining
}

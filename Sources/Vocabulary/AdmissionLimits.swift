/// How many connections a listener takes; 0 sets no limit, except for `connections`, which always has one.
package struct AdmissionLimits: Sendable, Hashable {
    /// Open connections.
    package var connections = 20_000
    /// Handshakes at once.
    package var handshakes = 1000
    /// Handshakes at once of one client address; `nil` for half of ``handshakes``.
    package var handshakesPerClient: Int?
    /// New handshakes in a second.
    package var handshakeRate = 0
    /// Open connections of one client address.
    package var perClient = 0

    /// How many handshakes one client address may have at once; `nil` for any number.
    package var handshakeShare: Int? {
        let share = handshakesPerClient ?? (handshakes + 1) / 2
        return share > 0 ? share : nil
    }

    package init() {}
}

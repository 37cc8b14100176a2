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

/// How long a connection may take for each part of its life.
package struct ConnectionTimeouts: Sendable, Hashable {
    package var handshake: Duration = .seconds(10)
    /// For each server that is tried.
    package var connect: Duration = .seconds(5)
    /// Without a byte in either direction.
    package var idle: Duration = .seconds(300)
    /// Without a byte in the direction that is left, when the other has ended.
    package var halfClosed: Duration = .seconds(30)
    /// For the client to take our goodbye and close.
    package var shutdown: Duration = .seconds(2)

    package init() {}

    /// Every one of them, for the loop's common-timeout queues.
    package var all: [Duration] { [handshake, connect, idle, halfClosed, shutdown] }
}

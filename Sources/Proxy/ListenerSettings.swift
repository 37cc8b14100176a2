internal import RepriseVocabulary

/// What an operator sets for one listener, as far as its connections are concerned.
package struct ListenerSettings: Sendable, Equatable {
    /// The listener's name in logs and metrics.
    package var name: String
    package var timeouts: Timeouts
    package var limits: AdmissionLimits
    /// The most bytes held for one connection and direction, beside what one TLS record holds (16 KiB).
    package var relayBuffer: Int
    /// How many KeyUpdates a client may send in a second; 0 sets no limit.
    package var keyUpdatesPerSecond: Int
    /// How long a NewSessionTicket waits for other bytes to the client before it leaves alone.
    package var ticketDelay: Duration
    /// TLS 1.3 tickets are made when the upstream has taken the connection, and not before.
    package var ticketsWaitForUpstream: Bool
    /// How long a handshake waits for a session store that answers later.
    package var storeDeadline: Duration

    package init(
        name: String, timeouts: Timeouts = Timeouts(), limits: AdmissionLimits = AdmissionLimits(),
        relayBuffer: Int = 64 << 10, keyUpdatesPerSecond: Int = 100,
        ticketDelay: Duration = .milliseconds(20), ticketsWaitForUpstream: Bool = false,
        storeDeadline: Duration = .milliseconds(20)
    ) {
        self.name = name
        self.timeouts = timeouts
        self.limits = limits
        self.relayBuffer = relayBuffer
        self.keyUpdatesPerSecond = keyUpdatesPerSecond
        self.ticketDelay = ticketDelay
        self.ticketsWaitForUpstream = ticketsWaitForUpstream
        self.storeDeadline = storeDeadline
    }

    /// How long a connection may take for each part of its life.
    package struct Timeouts: Sendable, Equatable {
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

        func duration(of kind: ConnectionMachine.TimerKind) -> Duration {
            switch kind {
            case .handshake: handshake
            case .routing, .connect: connect
            case .idle: idle
            case .halfClosed: halfClosed
            case .shutdown: shutdown
            }
        }
    }
}

/// How many connections a listener takes; 0 sets no limit, except for `connections`, which always has one.
package struct AdmissionLimits: Sendable, Equatable {
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
    var handshakeShare: Int? {
        let share = handshakesPerClient ?? (handshakes + 1) / 2
        return share > 0 ? share : nil
    }

    package init() {}
}

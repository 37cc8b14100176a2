package import RepriseVocabulary

/// What an operator sets for one listener, as far as its connections are concerned.
package struct ListenerSettings: Sendable, Equatable {
    /// The listener's name in logs and metrics.
    package var name: String
    package var timeouts: ConnectionTimeouts
    package var limits: AdmissionLimits
    /// The most bytes held for one connection and direction, beside what one TLS record holds (16 KiB).
    package var relayBuffer: Int
    /// How many bytes of an answer go in records that fit into one packet; 0 for none.
    package var shortRecords: Int
    /// How many KeyUpdates a client may send in a second; 0 sets no limit.
    package var keyUpdatesPerSecond: Int
    /// How long a NewSessionTicket waits for other bytes to the client before it is sent alone.
    package var ticketDelay: Duration
    /// Whether TLS 1.3 tickets are made only when the upstream has taken the connection.
    package var ticketsWaitForUpstream: Bool
    /// How long a handshake waits for a session store that answers later.
    package var storeDeadline: Duration
    /// Whose word about its clients is taken.
    package var proxyProtocol: ProxyAcceptance
    /// Whether a client that left without a byte leaves a line in the log.
    package var logsProbes: Bool

    package init(
        name: String, timeouts: ConnectionTimeouts, limits: AdmissionLimits, relayBuffer: Int, shortRecords: Int = 0,
        keyUpdatesPerSecond: Int, ticketDelay: Duration, ticketsWaitForUpstream: Bool, storeDeadline: Duration,
        logsProbes: Bool = true, proxyProtocol: ProxyAcceptance = ProxyAcceptance()
    ) {
        self.name = name
        self.timeouts = timeouts
        self.limits = limits
        self.relayBuffer = relayBuffer
        self.shortRecords = shortRecords
        self.keyUpdatesPerSecond = keyUpdatesPerSecond
        self.ticketDelay = ticketDelay
        self.ticketsWaitForUpstream = ticketsWaitForUpstream
        self.storeDeadline = storeDeadline
        self.logsProbes = logsProbes
        self.proxyProtocol = proxyProtocol
    }
}

extension ConnectionTimeouts {
    func duration(of kind: ConnectionMachine.TimerKind) -> Duration {
        switch kind {
        case .proxyHeader: proxyHeader
        case .handshake: handshake
        case .routing: route
        case .connect: connect
        case .idle: idle
        case .halfClosed: halfClosed
        case .shutdown: shutdown
        }
    }
}

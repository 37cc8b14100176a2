/// Why a connection came to nothing: a closed list, so that two reports can be compared.
package enum LoadFailure: String, Sendable, Hashable, CaseIterable {
    /// The server's machine said no.
    case connectRefused = "connect_refused"
    case connectTimeout = "connect_timeout"
    /// It was reset before it was connected.
    case connectReset = "connect_reset"
    /// Any other error of connecting: no route, no such network.
    case connectFailed = "connect_failed"
    /// This machine ran out of ports, descriptors or memory: it says nothing of the server.
    case localLimit = "local_limit"
    /// The server's certificate leads to nobody who is trusted, or is another's.
    case certificateRefused = "certificate_refused"
    case handshakeFailed = "handshake_failed"
    case handshakeTimeout = "handshake_timeout"
    /// The end or a reset came within the handshake.
    case handshakeClosed = "handshake_closed"
    /// An answer did not come in time.
    case answerTimeout = "answer_timeout"
    /// An answer is not HTTP, or longer than is read.
    case answerMalformed = "answer_malformed"
    /// The server ended the connection before all was done.
    case closedEarly = "closed_early"
    /// A reset, or a record that does not decrypt, after the handshake.
    case broken
    /// We ended, and the server did not in time.
    case closeTimeout = "close_timeout"
}

/// What became of the session that a connection offered.
package struct LoadOffer: Sendable, Hashable {
    /// How it was to be resumed.
    package let kind: OfferedKind
    /// How the connection ended that it came from, or that has resumed it last.
    package let origin: CloseKind
    /// Which of the client's sessions it was.
    package let choice: SessionChoice

    package init(_ kind: OfferedKind, from origin: CloseKind, _ choice: SessionChoice = .newest) {
        (self.kind, self.origin, self.choice) = (kind, origin, choice)
    }
}

/// What a client holds of a session, as the server sees it.
package enum OfferedKind: String, Sendable, Hashable, CaseIterable {
    /// TLS 1.2: a session's id.
    case id
    /// TLS 1.2: a ticket (RFC 5077).
    case ticket
    /// TLS 1.3: an identity that is a handle to what the server keeps, or all that the server needs.
    case statefulPSK = "psk_stateful"
    case statelessPSK = "psk_stateless"

    /// The kind of handshake that it makes.
    package var handshake: HandshakeKind {
        switch self {
        case .id: .id
        case .ticket: .ticket
        case .statefulPSK, .statelessPSK: .psk
        }
    }
}

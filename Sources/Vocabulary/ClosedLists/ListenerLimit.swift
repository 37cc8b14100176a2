/// The limits of a listener that turn clients away, in the words of the configuration's `limits`.
package enum ListenerLimit: Int, ClosedList {
    case connections, handshakes, handshakesPerClient, handshakeRate, perClient, keyUpdates

    package static let title = "Limits of a listener"

    package var text: (word: String, meaning: String) {
        switch self {
        case .connections: ("connections", "As many connections were open as `limits.connections` allows.")
        case .handshakes:
            ("handshakes", "`limits.handshakes` was used up, and no handshake could make way.")
        case .handshakesPerClient:
            (
                "handshakes_per_client",
                "The client's share of the handshakes, `limits.handshakes_per_client`, was used up."
            )
        case .handshakeRate:
            ("handshake_rate", "More handshakes began in a second than `limits.handshake_rate` allows.")
        case .perClient: ("per_client", "The client had as many connections as `limits.per_client` allows.")
        case .keyUpdates:
            ("key_updates", "The client sent more KeyUpdate messages in a second than `limits.key_updates` allows.")
        }
    }
}

/// Which way relayed bytes go.
package enum RelayDirection: Int, ClosedList {
    case clientToUpstream, upstreamToClient

    package static let title = "Directions"

    package var text: (word: String, meaning: String) {
        switch self {
        case .clientToUpstream: ("client_to_upstream", "From the client to the upstream.")
        case .upstreamToClient: ("upstream_to_client", "From the upstream to the client.")
        }
    }
}

/// What TLS 1.3 tickets were sent together with.
package enum TicketCompany: Int, ClosedList {
    case alone, withData

    package static let title = "Company of tickets"

    package var text: (word: String, meaning: String) {
        switch self {
        case .alone: ("alone", "Nothing else was to be sent for as long as `tickets.delay`.")
        case .withData: ("with_data", "Other bytes for the client took the tickets along.")
        }
    }
}

/// The result of reading a file again.
package enum ReloadResult: Int, ClosedList {
    case applied, refused

    package static let title = "Results of a reload"

    package var text: (word: String, meaning: String) {
        switch self {
        case .applied: ("applied", "What the file says now is in force.")
        case .refused: ("refused", "The file is wrong or cannot be read; what was in force before stays.")
        }
    }
}

/// Why an upstream server did not take a connection.
///
/// ```swift
/// let isOurs = ConnectFailure.timeout.origin == .proxy
/// print(ConnectFailure.refused.meaning, isOurs)
/// ```
public enum ConnectFailure: Int, FailureList {
    case refused, timeout, unreachable, reset, other, tls

    public static let title = "Failures to connect"

    public var row: FailureRow {
        switch self {
        case .refused: FailureRow("refused", "Nobody listens there (ECONNREFUSED, ENOENT).", .upstream, retry: true)
        case .timeout:
            FailureRow(
                "timeout", "The server did not answer in `timeouts.connect`, or the system gave up before.", .upstream,
                retry: true)
        case .unreachable:
            FailureRow(
                "unreachable", "There is no way to its address (ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL).", .upstream,
                retry: true)
        case .reset:
            FailureRow(
                "reset", "The connection was reset while it was made (ECONNRESET, EPIPE).", .upstream, retry: true)
        case .other:
            FailureRow(
                "other", "Any other error.", .upstream, retry: false)
        case .tls:
            FailureRow(
                "tls", "The TLS handshake with the server failed; its cause is counted, and the log has the words.",
                .upstream,
                retry: false)
        }
    }
}

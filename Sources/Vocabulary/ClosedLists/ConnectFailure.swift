/// Why an upstream server did not take a connection.
package enum ConnectFailure: Int, ClosedList {
    case refused, timeout, unreachable, reset, other

    package static let title = "Failures to connect"

    package var text: (word: String, meaning: String) {
        switch self {
        case .refused: ("refused", "Nobody listens there (ECONNREFUSED, ENOENT).")
        case .timeout: ("timeout", "The server did not answer in `timeouts.connect`, or the system gave up before.")
        case .unreachable: ("unreachable", "There is no way to its address (ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL).")
        case .reset: ("reset", "The connection was reset while it was made (ECONNRESET, EPIPE).")
        case .other: ("other", "Any other error, and TLS with the upstream that came to nothing.")
        }
    }
}

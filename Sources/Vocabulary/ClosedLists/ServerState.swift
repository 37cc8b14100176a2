/// The result of a health check.
package enum CheckResult: Int, ClosedList {
    case good, bad

    package static let title = "Results of health checks"

    package var text: (word: String, meaning: String) {
        switch self {
        case .good: ("good", "The server has done what the check asks for.")
        case .bad: ("bad", "It has not, or not in time.")
        }
    }

    package var advice: String? { self == .bad ? "The log says why when the server goes down." : nil }
}

/// Where an upstream server stands: whether new connections go to it.
///
/// ```swift
/// let stays = ServerState.allCases.filter { $0 != .up }
/// print(stays.map(\.word))  // ["down", "ejected", "drained"]
/// ```
public enum ServerState: Int, ClosedList {
    case up, down, ejected, drained

    /// The heading of its words.
    public static let title = "States of an upstream server"

    /// Its word in logs, metrics and the admin endpoint, and what it means.
    public var text: (word: String, meaning: String) {
        switch self {
        case .up: ("up", "It gets its share of the connections.")
        case .down: ("down", "Its health checks fail: it gets none.")
        case .ejected:
            ("ejected", "Connecting to it has failed: for a while it gets none, unless no other server is left.")
        case .drained: ("drained", "An operator has drained it: what has its session there goes on, and nobody else.")
        }
    }

    /// What an operator can do about it, in Markdown.
    public var advice: String? {
        switch self {
        case .up: nil
        case .down: "See the check's reason, and the server."
        case .ejected: "See `reprise_upstream_connect_failures_total` for the reason, and the server."
        case .drained: "Put it back when its work is done."
        }
    }
}

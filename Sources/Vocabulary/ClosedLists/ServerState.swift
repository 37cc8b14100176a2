/// Whether a connection whose server did not take it tried another.
package enum RetryResult: Int, ClosedList {
    case allowed, tooMany, tooLate, overBudget

    package static let title = "Results of asking for another try"

    package var text: (word: String, meaning: String) {
        switch self {
        case .allowed: ("allowed", "It went on to another server, or another address.")
        case .tooMany: ("too_many", "It had as many tries as `retries.connects` allows.")
        case .tooLate: ("too_late", "`retries.time` was over.")
        case .overBudget: ("over_budget", "The group's connections had used up `retries.budget`.")
        }
    }

    package var advice: String? {
        switch self {
        case .allowed: nil
        case .tooMany, .tooLate:
            "See why servers do not take connections; lower `timeouts.connect` before you raise the limit."
        case .overBudget: "Most servers fail: look at those first. More tries would load the rest."
        }
    }
}

/// What came of a connection's wait for a server.
package enum QueueResult: Int, ClosedList {
    case served, late, refused

    package static let title = "Results of waiting for a server"

    package var text: (word: String, meaning: String) {
        switch self {
        case .served: ("served", "A server had room, or came back.")
        case .late: ("late", "None did in `queue.time`.")
        case .refused: ("refused", "As many waited as `queue.connections` allows.")
        }
    }

    package var advice: String? {
        switch self {
        case .served: nil
        case .late: "See why the servers are down or full; raise `queue.time` if they come back later than that."
        case .refused: "Add servers, or raise `queue.connections`: clients that come again add to the load."
        }
    }
}

/// How a client is left for whom no server is there.
package enum UnreachableFarewell: Int, ClosedList {
    case reset, close, alert

    package static let title = "Farewells without a server"

    package var text: (word: String, meaning: String) {
        switch self {
        case .reset: ("reset", "By a reset: it cannot take what it has for a complete answer.")
        case .close: ("close", "In order, by a close_notify.")
        case .alert: ("alert", "By the alert internal_error; to a TLS 1.2 client, where libssl sends none, as close.")
        }
    }
}

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

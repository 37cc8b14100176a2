/// What became of a question to a router.
package enum RouteResult: Int, ClosedList {
    case routed, refused, failed, late, unknown

    package static let title = "Results of routing"

    package var text: (word: String, meaning: String) {
        switch self {
        case .routed: ("routed", "The router has named an upstream.")
        case .refused: ("refused", "The router has refused the connection.")
        case .failed: ("failed", "The router has failed, and the client was reset.")
        case .late: ("late", "The router did not answer in `timeouts.route`, and the client was reset.")
        case .unknown:
            (
                "unknown",
                "The router has named an upstream that the configuration does not have, and the client was reset."
            )
        }
    }
}

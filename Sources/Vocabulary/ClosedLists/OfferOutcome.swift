/// Whether a handshake offered a session, and what came of it.
package enum OfferOutcome: Int, ClosedList {
    case notOffered, resumed, refused

    package static let title = "Offers of a session"

    package var text: (word: String, meaning: String) {
        switch self {
        case .notOffered: ("not_offered", "The client offered no session.")
        case .resumed: ("resumed", "The session that the client offered was resumed.")
        case .refused: ("refused", "The client offered a session, and there was a full handshake instead.")
        }
    }
}

/// How a session came to be resumed.
public enum ResumptionMeans: Int, ClosedList {
    case no, sessionID, ticket, psk

    public static let title = "Ways of resumption"

    public var text: (word: String, meaning: String) {
        switch self {
        case .no: ("no", "It was not resumed: a full handshake.")
        case .sessionID: ("id", "TLS 1.2 and older: by the session's id.")
        case .ticket: ("ticket", "TLS 1.2 and older: by a ticket (RFC 5077).")
        case .psk: ("psk", "TLS 1.3: by a pre-shared key (RFC 8446 §2.2).")
        }
    }
}

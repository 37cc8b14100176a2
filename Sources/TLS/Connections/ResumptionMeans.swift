/// How a session came to be resumed.
public enum ResumptionMeans: String, Sendable, Hashable {
    /// It was not: a full handshake.
    case no
    /// TLS 1.2 and older, by the session's id.
    case sessionID = "session_id"
    /// TLS 1.2 and older, by a ticket (RFC 5077).
    case ticket
    /// TLS 1.3, by a pre-shared key (RFC 8446 §2.2).
    case psk
}

/// What was asked for and agreed in a handshake, as far as it is known.
package struct HandshakeSummary: Sendable, Hashable {
    /// How a session came to be resumed.
    package enum Resumption: String, Sendable, Hashable {
        case no
        /// TLS 1.2 and older, by the session's id.
        case sessionID = "session_id"
        /// TLS 1.2 and older, by a ticket (RFC 5077).
        case ticket
        /// TLS 1.3, by a pre-shared key (RFC 8446 §2.2).
        case psk
    }

    /// What the client asked for in server_name, escaped to printable ASCII; `nil` when it named none.
    package var serverName: String?
    /// The host that was chosen.
    package var hostID: String?
    package var version: TLSVersion?
    /// OpenSSL's name of the cipher or suite.
    package var cipher: String?
    /// The key-exchange group; `nil` where there was none.
    package var group: String?
    /// What the server signed with; `nil` for a resumed session, which needs no signature.
    package var signatureAlgorithm: String?
    /// The application protocol, escaped to printable ASCII.
    package var alpn: String?
    package var resumed = Resumption.no

    package init() {}
}

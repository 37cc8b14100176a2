/// What a ClientHello offers to resume, and where it wants to.
package struct SessionOffer: Sendable, Hashable {
    /// The host that was chosen.
    package var hostID: String
    /// A digest of it, which sessions carry.
    package var hostDigest: UInt64
    /// The session-id context of that host and its policy (SSL_set_session_id_context(3)).
    package var sessionIDContext: [UInt8]
    /// The name that the client asked for, as it came.
    package var serverName: [UInt8]?
    /// Whether TLS 1.3 will be spoken: then only pre-shared keys count, since its clients send random session ids.
    package var speaksTLS13: Bool
    /// The session id of the ClientHello: 0 to 32 bytes.
    package var sessionID: [UInt8]
    /// Whether a TLS 1.2 ticket came along (RFC 5077 §3.2).
    package var carriesTicket: Bool
    /// The pre-shared keys' identities that can name a stored session, at most ``TLSLimits/identities``.
    package var identities: [[UInt8]]
    /// How many identities came in all.
    package var identityCount: Int

    /// Whether there is anything to resume.
    package var isOffer: Bool {
        speaksTLS13 ? identityCount > 0 : carriesTicket || !sessionID.isEmpty
    }
}

/// What a ClientHello offers to resume, and for which host.
package struct SessionOffer: Sendable, Hashable {
    /// The host that was chosen.
    package var hostID: String
    /// A digest of it, which sessions carry.
    package var hostDigest: HostDigest
    /// The session-id context of that host and its policy (SSL_set_session_id_context(3)).
    package var sessionIDContext: [UInt8]
    /// The name that the client asked for, as it came.
    package var serverName: [UInt8]?
    /// The version that will be spoken.
    package var version: Version
    /// Whether the listener looks for sessions of that version in its store.
    package var usesStore: Bool
    /// The session id of the ClientHello: 0 to 32 bytes.
    package var sessionID: [UInt8]
    /// Whether a TLS 1.2 ticket came along (RFC 5077 §3.2).
    package var carriesTicket: Bool
    /// The pre-shared keys' identities that can name a stored session, at most ``TLSLimits/identities``.
    package var identities: [[UInt8]]
    /// How many identities came in all.
    package var identityCount: Int

    /// The version that will be spoken, as far as sessions are concerned.
    package enum Version: Sendable, Hashable {
        /// Only pre-shared keys count, since its clients send random session ids.
        case tls13
        /// TLS 1.2, with a client that would speak TLS 1.3 as well.
        case tls12OfNewerClient
        case tls12
    }

    package var speaksTLS13: Bool { version == .tls13 }

    /// Whether there is anything to resume, as far as we can tell: the session id of a client that speaks TLS 1.3 may
    /// be one of ours, and is most often a random one (RFC 8446 §D.4).
    package var isOffer: Bool { carriesTicket || identityCount > 0 || version == .tls12 && !sessionID.isEmpty }

    /// Drops what is of no use after the handshake: ``isOffer`` and its like stay as they are.
    package mutating func handshakeIsDone() {
        identities = []
        if speaksTLS13 { sessionID = [] }
    }

    /// Whether all that is offered is for a version that will not be spoken.
    package var isOfAnotherVersion: Bool { speaksTLS13 ? identityCount == 0 : identityCount > 0 && !carriesTicket }
}

/// What the TLS side of one listener is built from, apart from its hosts.
package struct ListenerTLSSettings: Sendable {
    package var tls: TLSSettings
    /// Application protocols in order of preference; empty: the extension is ignored (RFC 7301).
    package var alpn: [String]
    /// Whether a name no host answers to is refused with `unrecognized_name` (RFC 6066 §3) instead of getting the
    /// first host's certificate. A client that sends no name at all always gets the first host.
    package var rejectsUnknownNames: Bool
    package var sessions: SessionSettings

    package init(
        tls: TLSSettings = .intermediate, alpn: [String] = [], rejectsUnknownNames: Bool = false,
        sessions: SessionSettings
    ) {
        self.tls = tls
        self.alpn = alpn
        self.rejectsUnknownNames = rejectsUnknownNames
        self.sessions = sessions
    }
}

/// All that TLS needs to know of a listener, beside its hosts.
package struct ListenerTLSSettings: Sendable {
    package var tls: TLSSettings
    /// Application protocols in the order of preference; empty for no ALPN.
    package var alpn: [String]
    /// A name that no host answers to is refused with unrecognized_name, not served by the default host.
    package var rejectsUnknownNames: Bool
    package var sessions: SessionSettings

    package init(tls: TLSSettings, alpn: [String], rejectsUnknownNames: Bool, sessions: SessionSettings) {
        self.tls = tls
        self.alpn = alpn
        self.rejectsUnknownNames = rejectsUnknownNames
        self.sessions = sessions
    }
}

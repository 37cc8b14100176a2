/// What the client of a TLS connection offers and demands.
package struct ClientSettings: Sendable {
    /// Who may vouch for a server.
    package enum Trust: Sendable {
        /// Any certificate will do: whoever is on the path can be the server.
        case anybody
        /// A chain must lead to one of these certificates, in PEM, and its leaf be for the name that is asked for.
        case authorities([UInt8])
    }

    /// Versions, ciphers, groups and signature algorithms. Empty `ciphersuites` and `groups` leave libssl's own, and
    /// ``TLSSettings/serverPrefersOrder`` means nothing to a client.
    package var tls: TLSSettings
    /// The application protocols it offers (RFC 7301), the dearest first.
    package var alpn: [String] = []
    package var trust: Trust
    /// What it shows when it is asked for a certificate.
    package var certificate: ServerCertificate?

    package init(tls: TLSSettings, trust: Trust) {
        (self.tls, self.trust) = (tls, trust)
    }
}

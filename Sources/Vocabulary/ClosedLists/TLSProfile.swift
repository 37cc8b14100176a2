/// A ready-made choice of versions, ciphers and groups: Mozilla's Server Side TLS configurations.
package enum TLSProfile: String, Sendable, Hashable, CaseIterable {
    /// TLS 1.3 only.
    case modern
    /// TLS 1.2 and 1.3 with forward secrecy and AEAD: the default.
    case intermediate
    /// TLS 1.0 to 1.3 at security level 0, for very old clients. Weak, and never the default.
    case old
}

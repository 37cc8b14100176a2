/// What TLS is spoken with: versions, ciphers, groups, signatures.
package struct TLSSettings: Sendable, Hashable {
    package var minimumVersion: TLSVersion
    package var maximumVersion: TLSVersion
    /// Ciphers of TLS 1.2 and before, as OpenSSL's list (ciphers(1)), `@SECLEVEL` included; empty for none.
    package var ciphers: String
    /// Cipher suites of TLS 1.3, separated by colons.
    package var ciphersuites: String
    /// Key-exchange groups in the order of preference, separated by colons.
    package var groups: String
    /// Signature algorithms (SSL_CTX_set1_sigalgs_list(3)); `nil` for libssl's own list.
    package var signatureAlgorithms: String?
    /// The server's order of ciphers counts, not the client's.
    package var serverPrefersOrder: Bool

    /// A profile of the Mozilla Server Side TLS guideline.
    package enum Profile: String, Sendable, CaseIterable {
        /// TLS 1.3 only (guideline 6.0).
        case modern
        /// TLS 1.2 and 1.3 with forward secrecy and AEAD only (guideline 6.0).
        case intermediate
        /// TLS 1.0 to 1.3 at security level 0 (guideline 5.8; 6.0 no longer has it).
        case old

        /// The guideline's version that the profile is taken from.
        package var guidelineVersion: String { self == .old ? "5.8" : "6.0" }
    }

    /// The settings of a profile, without the groups that this libssl lacks.
    package init(profile: Profile) {
        maximumVersion = .tls1_3
        ciphersuites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
        groups = ["X25519MLKEM768", "X25519", "prime256v1", "secp384r1"].filter(Library.knows(group:))
            .joined(separator: ":")
        switch profile {
        case .modern:
            minimumVersion = .tls1_3
            ciphers = ""
            serverPrefersOrder = false
        case .intermediate:
            minimumVersion = .tls1_2
            ciphers = Self.intermediateCiphers
            serverPrefersOrder = false
        case .old:
            minimumVersion = .tls1_0
            ciphers = Self.intermediateCiphers + ":" + Self.oldCiphers + ":@SECLEVEL=0"
            serverPrefersOrder = true
        }
    }

    private static let intermediateCiphers =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"
        + ":ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

    private static let oldCiphers =
        "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA"
        + ":ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA"
        + ":AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA256:AES256-SHA256:AES128-SHA:AES256-SHA:DES-CBC3-SHA"

    /// A part of the settings that an operator writes.
    package enum Part: String, Sendable, CaseIterable {
        case versions, ciphers, ciphersuites, groups, signatureAlgorithms
    }
}

package import RepriseVocabulary

/// What a listener negotiates: the parts of a profile, each of which a user may replace.
package struct TLSSettings: Sendable, Equatable {
    package var minimumVersion: TLSVersion
    package var maximumVersion: TLSVersion
    /// OpenSSL's cipher list for TLS 1.2 and older, `@SECLEVEL` too (openssl-ciphers(1)). Unused from TLS 1.3 on.
    package var ciphers: String
    /// TLS 1.3 ciphersuites, separated by colons.
    package var ciphersuites: String
    /// Key-exchange groups in order of preference, separated by colons; OpenSSL's and NIST's names both work.
    package var groups: String
    /// Signature algorithms separated by colons (SSL_CTX_set1_sigalgs_list(3)); `nil` leaves libssl's own.
    package var signatureAlgorithms: String?
    /// Whether the server's order of ciphers decides, not the client's.
    package var serverPrefersOrder: Bool

    package init(
        minimumVersion: TLSVersion, maximumVersion: TLSVersion, ciphers: String, ciphersuites: String, groups: String,
        signatureAlgorithms: String? = nil, serverPrefersOrder: Bool = false
    ) {
        self.minimumVersion = minimumVersion
        self.maximumVersion = maximumVersion
        self.ciphers = ciphers
        self.ciphersuites = ciphersuites
        self.groups = groups
        self.signatureAlgorithms = signatureAlgorithms
        self.serverPrefersOrder = serverPrefersOrder
    }
}

/// The part of ``TLSSettings`` that a fault lies in.
package enum TLSSettingsPart: String, Sendable, Hashable {
    case versions
    case ciphers
    case ciphersuites
    case groups
    case signatureAlgorithms = "signature_algorithms"
}

/// Something in ``TLSSettings`` that this libssl does not know or cannot do.
package struct SettingFault: Sendable, Hashable, CustomStringConvertible {
    package let part: TLSSettingsPart
    /// What is wrong, naming the item, in words for the operator.
    package let message: String

    package init(part: TLSSettingsPart, message: String) {
        self.part = part
        self.message = message
    }

    package var description: String { "\(part.rawValue): \(message)" }
}

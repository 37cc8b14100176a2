package import RepriseVocabulary

/// The settings that each profile stands for.
///
/// `modern` and `intermediate` are those of version 6.0 (April 2026); `old` is of 5.8, the last one that had it. A
/// profile leaves out what this libssl lacks.
extension TLSProfile {
    /// The profile's settings, as far as this libssl can follow them.
    package var settings: TLSSettings {
        switch self {
        case .modern: .modern
        case .intermediate: .intermediate
        case .old: .old
        }
    }
}

extension TLSSettings {
    /// ``TLSProfile/modern``
    package static let modern = TLSSettings(
        minimumVersion: .tls1_3, maximumVersion: .tls1_3, ciphers: known(intermediateCiphers), ciphersuites: suites,
        groups: knownGroups)

    /// ``TLSProfile/intermediate``
    package static let intermediate = TLSSettings(
        minimumVersion: .tls1_2, maximumVersion: .tls1_3, ciphers: known(intermediateCiphers), ciphersuites: suites,
        groups: knownGroups)

    /// ``TLSProfile/old``
    package static let old = TLSSettings(
        minimumVersion: .tls1_0, maximumVersion: .tls1_3,
        ciphers: known(intermediateCiphers + oldCiphers) + ":@SECLEVEL=0", ciphersuites: suites, groups: knownGroups,
        serverPrefersOrder: true)

    private static let suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
    private static let groups = ["X25519MLKEM768", "X25519", "prime256v1", "secp384r1"]
    private static let intermediateCiphers = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
    ]
    private static let oldCiphers = [
        "ECDHE-ECDSA-AES128-SHA256", "ECDHE-RSA-AES128-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA",
        "ECDHE-ECDSA-AES256-SHA384", "ECDHE-RSA-AES256-SHA384", "ECDHE-ECDSA-AES256-SHA", "ECDHE-RSA-AES256-SHA",
        "AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA256", "AES256-SHA256", "AES128-SHA", "AES256-SHA",
        "DES-CBC3-SHA",
    ]

    private static func known(_ ciphers: [String]) -> String {
        // A libssl that makes no context serves no client, with any list.
        guard let scratch = try? ScratchContext() else { return ciphers.joined(separator: ":") }
        return ciphers.filter { scratch.selectsCiphers("\($0):@SECLEVEL=0") }.joined(separator: ":")
    }

    private static let knownGroups: String = {
        guard let scratch = try? ScratchContext() else { return groups.joined(separator: ":") }
        return groups.filter(scratch.takesGroups).joined(separator: ":")
    }()
}

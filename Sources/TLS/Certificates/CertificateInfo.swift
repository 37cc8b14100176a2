package import RepriseVocabulary

/// The kind and size of a public key.
package enum KeyKind: Sendable, Hashable {
    /// By NIST's name of the curve: `P-256`.
    case ecdsa(curve: String)
    case rsa(bits: Int)
    case rsaPSS(bits: Int)
    case ed25519
    case ed448

    /// The family of keys; libssl keeps one certificate of each in a context.
    package var family: String {
        switch self {
        case .ecdsa: "ECDSA"
        case .rsa: "RSA"
        case .rsaPSS: "RSA-PSS"
        case .ed25519: "Ed25519"
        case .ed448: "Ed448"
        }
    }
}

extension KeyKind: CustomStringConvertible {
    package var description: String {
        switch self {
        case .ecdsa(let curve): "ECDSA \(curve)"
        case .rsa(let bits), .rsaPSS(let bits): "\(family) \(bits)"
        case .ed25519, .ed448: family
        }
    }
}

/// What a certificate says of itself.
package struct CertificateInfo: Sendable, Hashable {
    /// The common name, or the whole subject where there is none, in one printable line.
    package let subject: String
    /// The same of the issuer.
    package let issuer: String
    /// dNSName entries, as written.
    package let dnsNames: [String]
    /// iPAddress entries.
    package let addresses: [IPAddress]
    package let notBefore: WallTime
    package let notAfter: WallTime
    package let keyKind: KeyKind
    /// Upper-case hexadecimal digits, as `openssl x509 -serial` prints them.
    package let serial: String
    /// SHA-256 of the DER form, lower-case hexadecimal.
    package let fingerprint: String
}

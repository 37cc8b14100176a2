package import Vocabulary

/// What a certificate says of itself.
package struct CertificateInfo: Sendable, Hashable {
    /// The subject's common name; `nil` when it has none.
    package let commonName: String?
    /// The DNS names it is made out to (subjectAltName), as written.
    package let dnsNames: [String]
    package let notBefore: WallTime
    package let notAfter: WallTime
    /// The kind and size of the key, such as `ECDSA P-256` or `RSA 2048`.
    package let key: String
    /// The serial number in hexadecimal.
    package let serial: String

    /// Whether it is made out to a name (RFC 6125 §6.4: a wildcard stands for one label).
    package func covers(_ name: ServerName) -> Bool {
        dnsNames.contains { pattern in
            switch NamePattern(pattern) {
            case .exact(let exact): exact == name
            case .wildcard(let parent): name.parent == parent.text
            case nil: false
            }
        }
    }
}

/// Something about a certificate that does not forbid to serve it.
package enum CertificateWarning: Sendable, Hashable {
    case expired(WallTime)
    case notYetValid(WallTime)
    /// Within ``soonDays``.
    case expiresSoon(days: Int, WallTime)
    /// The certificate at `position` (from 1) is not signed by the one behind it.
    case chainDoesNotBuild(position: Int, subject: String, next: String)

    /// How many days before its end a certificate is warned of.
    package static let soonDays = 14
}

extension CertificateWarning: CustomStringConvertible {
    package var description: String {
        switch self {
        case .expired(let time): "the certificate expired at \(time)"
        case .notYetValid(let time): "the certificate is not valid before \(time)"
        case .expiresSoon(let days, let time): "the certificate expires in \(days) days, at \(time)"
        case .chainDoesNotBuild(let position, let subject, let next):
            "the chain does not build: certificate \(position + 1) (\(next)) did not sign certificate \(position)"
                + " (\(subject))"
        }
    }
}

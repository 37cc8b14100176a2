package import RepriseVocabulary

/// Something about a certificate that works now, or for some clients, but that the operator should look at.
///
/// Certificates are counted from 1, as they stand in the file.
package enum CertificateWarning: Sendable, Hashable {
    case expired(certificate: Int, subject: String, since: WallTime)
    case notYetValid(certificate: Int, subject: String, until: WallTime)
    case expiresSoon(certificate: Int, subject: String, days: Int)
    /// The certificate behind it did not sign this one.
    case chainDoesNotBuild(certificate: Int, subject: String, next: String, reason: String)
    /// All links are there, but not in the order that TLS 1.2 asks for (RFC 5246 §7.4.2).
    case chainOutOfOrder
    /// A public authority's certificate stands alone: clients that know only the root cannot build the chain.
    case intermediateMissing(issuer: String)
    /// Below 112 bits, which security level 2 refuses.
    case keyTooSmall(KeyKind)
    /// Clients look at subjectAltName only (RFC 6125 §6.4.4).
    case noNames
    /// Whoever wrote the file believes that the key is protected.
    case passphraseUnused
    /// The OCSP response is not stapled, because its time is over.
    case stapleExpired(since: WallTime?)
    /// The same, because it is to come.
    case stapleNotYetValid(until: WallTime?)
    /// Clients that go by the certificate's feature (RFC 7633) demand a response, and there is none.
    case stapleRequired
    /// Whether its issuer has signed the OCSP response cannot be told, because the file lacks that.
    case stapleUnverified
}

extension CertificateWarning: CustomStringConvertible {
    package var description: String {
        switch self {
        case .expired(let number, let subject, let since): "certificate \(number) (\(subject)) expired on \(since)"
        case .notYetValid(let number, let subject, let until):
            "certificate \(number) (\(subject)) is not valid before \(until)"
        case .expiresSoon(let number, let subject, let days):
            "certificate \(number) (\(subject)) expires in \(days) days"
        case .chainDoesNotBuild(let number, let subject, let next, let reason):
            "the chain does not build: certificate \(number + 1) (\(next)) did not sign certificate \(number) "
                + "(\(subject)): \(reason)"
        case .chainOutOfOrder: "the chain is out of order: each certificate must be followed by its issuer's"
        case .intermediateMissing(let issuer):
            "the chain does not build: the file has no certificate of the issuer (\(issuer))"
        case .keyTooSmall(let kind): "the key (\(kind)) is too small for security level 2"
        case .noNames: "the certificate names no host in subjectAltName: clients will not accept it"
        case .passphraseUnused: "the key is not encrypted: the passphrase that is given for it protects nothing"
        case .stapleExpired(let since):
            "the OCSP response is not stapled: it expired" + (since.map { " on \($0)" } ?? "")
        case .stapleNotYetValid(let until):
            "the OCSP response is not stapled: it is not valid" + (until.map { " before \($0)" } ?? " at any time")
        case .stapleRequired:
            "the certificate demands an OCSP response in every handshake (must-staple), and there is none to staple: clients "
                + "that honour that refuse it"
        case .stapleUnverified:
            "the OCSP response is stapled unverified: the file has no certificate of the issuer, who must have signed it"
        }
    }
}

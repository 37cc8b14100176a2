/// Why a certificate or its key cannot be used. It never holds a byte of a key or a passphrase.
package enum CertificateError: Error, Sendable, Hashable {
    /// The chain's file is empty.
    case chainIsEmpty
    /// The chain's file holds no PEM certificate.
    case noCertificate
    /// The chain's file holds a PEM block that is no certificate, or a broken one; its place, from 1.
    case brokenCertificate(position: Int, reason: String)
    /// The key's file is empty.
    case keyIsEmpty
    /// The key's file holds no PEM private key.
    case noKey(reason: String)
    /// The key is encrypted, and no passphrase is given.
    case passphraseMissing
    /// The passphrase does not open the key.
    case passphraseWrong
    /// The key belongs to another certificate.
    case keyDoesNotMatch
    /// libssl does not use a key of this kind.
    case unsupportedKey(String)

    /// The file that is to blame.
    package enum File: Sendable { case chain, key, passphrase }

    package var file: File {
        switch self {
        case .chainIsEmpty, .noCertificate, .brokenCertificate: .chain
        case .keyIsEmpty, .noKey, .keyDoesNotMatch, .unsupportedKey, .passphraseMissing: .key
        case .passphraseWrong: .passphrase
        }
    }
}

extension CertificateError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .chainIsEmpty: "expected a PEM certificate chain, found an empty file"
        case .noCertificate: "expected a PEM certificate chain, found no certificate in the file"
        case .brokenCertificate(let position, let reason): "certificate \(position) of the chain is broken: \(reason)"
        case .keyIsEmpty: "expected a PEM private key, found an empty file"
        case .noKey(let reason): "expected a PEM private key, found none: \(reason)"
        case .passphraseMissing: "the private key is encrypted: its passphrase is needed (passphrase_file)"
        case .passphraseWrong: "the passphrase does not open the private key"
        case .keyDoesNotMatch: "the private key does not belong to the certificate"
        case .unsupportedKey(let kind): "a key of the kind \(kind) cannot serve TLS"
        }
    }
}

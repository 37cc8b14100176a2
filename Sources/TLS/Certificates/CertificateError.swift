/// Why a certificate, its chain or its key cannot be used. Never holds bytes of a key.
package enum CertificateError: Error, Sendable, Hashable {
    /// The file an error is about.
    package enum File: String, Sendable, Hashable {
        case chain
        case key
        case authorities

        /// The largest that is read.
        var mostBytes: Int { self == .authorities ? TLSLimits.authoritiesFileBytes : TLSLimits.pemFileBytes }

        /// The `openssl` command that converts DER to PEM.
        var command: String { self == .key ? "pkey" : "x509" }
    }

    case emptyFile(File)
    case tooLarge(File, bytes: Int)
    /// No PEM block at all: another format, or not a certificate.
    case notPEM(File)
    /// Malformed PEM, blocks that do not belong there, or another format that we know.
    case form(File, PEMFault)
    /// PEM, but no certificate among its blocks.
    case noCertificateInFile(found: [String])
    /// PEM, but no private key among its blocks.
    case noKeyInFile(found: [String])
    /// A block of the chain does not parse; counted from 1.
    case chainHasGarbage(certificate: Int, detail: String)
    /// More than are allowed.
    case tooManyCertificates(Int, most: Int)
    case keyEncrypted
    case wrongPassphrase
    case keyIsDamaged(detail: String)
    case keyDoesNotMatch(subject: String, matching: Int?)
    case unsupportedKey(String)
    case staple(StapleError)
    /// Out of memory, or a fault of libcrypto's.
    case internalFault([OpenSSLError])
}

extension CertificateError: CustomStringConvertible {
    /// What is wrong and what to do about it, for a line that names the file in front.
    package var description: String {
        switch self {
        case .emptyFile: "the file is empty"
        case .tooLarge(let file, let bytes):
            "the file has \(bytes) bytes: more than \(file.mostBytes) is no certificate or key"
        case .notPEM(let file):
            "the \(file.rawValue) file is not PEM: expected a line '-----BEGIN …-----' (DER is converted with "
                + "'openssl \(file.command) -inform DER')"
        case .form(_, let fault): fault.description
        case .noCertificateInFile(let found):
            "no certificate in the file, only \(Self.list(found)): are chain and key swapped?"
        case .noKeyInFile(let found): "no private key in the file, only \(Self.list(found)): are chain and key swapped?"
        case .chainHasGarbage(let number, let detail): "certificate \(number) of the file cannot be read: \(detail)"
        case .tooManyCertificates(let count, let most): "\(count) certificates in the file, more than \(most)"
        case .keyEncrypted: "the key is encrypted, and no passphrase file is given"
        case .wrongPassphrase: "the key cannot be decrypted: the passphrase is wrong"
        case .keyIsDamaged(let detail): "the key cannot be read: \(detail)"
        case .keyDoesNotMatch(let subject, let matching):
            "the key is not that of the first certificate (\(subject))"
                + (matching.map { "; it is that of certificate \($0): the server's own must come first" } ?? "")
        case .unsupportedKey(let kind): "a key of this kind cannot serve TLS: \(kind)"
        case .staple(let error): "the OCSP response: \(error)"
        case .internalFault(let errors): "libcrypto failed: \(errors.summary)"
        }
    }

    private static func list(_ labels: [String]) -> String {
        labels.isEmpty ? "damaged blocks" : labels.map { "'\($0)'" }.joined(separator: ", ")
    }
}

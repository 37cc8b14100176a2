/// Why clients' certificates cannot be verified with what the files hold.
package enum ClientAuthenticationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file with the authorities.
    case authorities(CertificateError)
    /// The file with the revocation lists has none.
    case noRevocationList
    /// One of them does not parse; counted from 1.
    case damagedRevocationList(list: Int, detail: String)

    package var description: String {
        switch self {
        case .authorities(let error): error.description
        case .noRevocationList:
            "the file holds no revocation list: expected a line '-----BEGIN X509 CRL-----' (DER is converted with "
                + "'openssl crl -inform DER')"
        case .damagedRevocationList(let list, let detail): "the revocation list number \(list) is damaged: \(detail)"
        }
    }
}

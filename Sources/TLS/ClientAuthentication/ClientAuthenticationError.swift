/// Why clients' certificates cannot be verified with what the files hold.
package enum ClientAuthenticationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file with the authorities.
    case authorities(CertificateError)
    /// The file with the revocation lists has none.
    case noRevocationList
    /// The file with the revocation lists is malformed PEM, holds something else, or is something else.
    case revocationForm(PEMFault)
    /// One of them does not parse; counted from 1.
    case damagedRevocationList(list: Int, detail: String)
    /// None of the authorities has signed it; one may have the same name.
    case foreignRevocationList(list: Int, issuer: String, hasNamesake: Bool)
    /// The authority that signed it has a certificate that does not allow it, or the list means another key.
    case unentitledRevocationList(list: Int, issuer: String)

    package var description: String {
        switch self {
        case .authorities(let error): error.description
        case .noRevocationList:
            "the file holds no revocation list: expected a line '-----BEGIN X509 CRL-----' (DER is converted with "
                + "'openssl crl -inform DER')"
        case .revocationForm(let fault): fault.description
        case .damagedRevocationList(let list, let detail): "the revocation list number \(list) is damaged: \(detail)"
        case .foreignRevocationList(let list, let issuer, false):
            "the revocation list number \(list), of '\(issuer)', is signed by none of the authorities in ca: add the "
                + "certificate of '\(issuer)' to that file, or remove the list"
        case .foreignRevocationList(let list, let issuer, true):
            "the revocation list number \(list), of '\(issuer)', does not verify under the key of any authority of that "
                + "name in ca: get the list anew, or add the certificate of the key that signed it to that file"
        case .unentitledRevocationList(let list, let issuer):
            "the revocation list number \(list), of '\(issuer)', is signed by a certificate in ca that does not allow it "
                + "(keyUsage without cRLSign), or names another key (authorityKeyIdentifier): have it signed by one that does"
        }
    }
}

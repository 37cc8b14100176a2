import CRepriseOpenSSL
package import RepriseVocabulary

extension CertificateName {
    /// Whether a certificate has it.
    func matches(_ leaf: OpaquePointer) -> Bool {
        defer { ErrorQueue.clear() }
        switch self {
        case .mail(let address):
            return X509_check_email(leaf, address, 0, CUnsignedInt(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)) == 1
        case .host(.exact(let name)): return X509Reading.hostNames(of: leaf).contains(name.text)
        case .host(.wildcard(let parent)):
            return X509Reading.hostNames(of: leaf).contains { ServerName($0)?.parent == parent.text }
        case .attribute(let attribute, let value): return X509Reading.has(leaf, attribute.rawValue, value)
        }
    }
}

extension ServerConnection {
    /// Whether the client has shown a certificate, in this handshake or in the session's first, that has the name.
    package func clientCertificateHas(_ name: CertificateName) -> Bool {
        guard let ssl, let session = SSL_get_session(ssl), let leaf = SSL_SESSION_get0_peer(session) else {
            return false
        }
        return name.matches(leaf)
    }
}

import CRepriseOpenSSL
package import RepriseVocabulary

/// A name that a client's certificate must have in its subjectAltName; the common name does not count.
package enum CertificateName: Sendable, Hashable, CustomStringConvertible {
    /// A dNSName, or a pattern that stands for one label.
    case host(NamePattern)
    /// An rfc822Name: compared as it stands.
    case mail(String)

    /// Reads a host name, a `*.` pattern or a mail address; `nil` for anything else.
    package init?(_ text: String) {
        if let at = text.firstIndex(of: "@") {
            guard at != text.startIndex, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return nil }
            self = .mail(text)
        } else {
            guard let pattern = NamePattern(text) else { return nil }
            self = .host(pattern)
        }
    }

    package var description: String {
        switch self {
        case .host(let pattern): pattern.description
        case .mail(let address): address
        }
    }

    func matches(_ leaf: OpaquePointer) -> Bool {
        defer { ErrorQueue.clear() }
        switch self {
        case .mail(let address):
            return X509_check_email(leaf, address, 0, CUnsignedInt(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)) == 1
        case .host(.exact(let name)): return X509Reading.hostNames(of: leaf).contains(name.text)
        case .host(.wildcard(let parent)):
            return X509Reading.hostNames(of: leaf).contains { ServerName($0)?.parent == parent.text }
        }
    }
}

import CRepriseOpenSSL

/// What a log says of a client's certificate, accepted or refused.
package struct ShownCertificate: Sendable, Hashable {
    /// Its whole subject, in one printable line (RFC 2253).
    package let subject: String
    /// Its subjectAltName, the first ``TLSLimits/loggedNames`` of it.
    package let names: [String]
    /// Its serial number, in hexadecimal.
    package let serial: String

    init(_ certificate: OpaquePointer) {
        defer { ErrorQueue.clear() }
        subject = X509Reading.whole(X509_get_subject_name(certificate))
        // One name must not look like two.
        names = X509Reading.alternativeNames(of: certificate, atMost: TLSLimits.loggedNames).map {
            $0.replacing("\\", with: "\\\\").replacing(",", with: "\\,")
        }
        serial = X509Reading.serial(of: certificate)
    }
}

extension ServerConnection {
    /// The client's certificate: the one that it was refused for, or the one of its session; `nil` when it has shown none.
    package var shownCertificate: ShownCertificate? {
        guard let ssl else { return nil }
        guard let session = SSL_get_session(ssl), let leaf = SSL_SESSION_get0_peer(session) else {
            return hello.refusedCertificate?.value
        }
        return ShownCertificate(leaf)
    }
}

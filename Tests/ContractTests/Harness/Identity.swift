import CRepriseOpenSSL

/// A key with a self-signed certificate.
final class Identity: @unchecked Sendable {
    // @unchecked: both are immutable after init, and counted atomically.
    let key: OpaquePointer
    let certificate: OpaquePointer

    static let server = Identity("a.test")
    static let other = Identity("b.test")
    static let client = Identity("client")

    init(_ name: String) {
        guard let key = reprise_generate_ec("P-256"), let certificate = X509_new() else {
            preconditionFailure("no key: \(Errors.drain())")
        }
        (self.key, self.certificate) = (key, certificate)
        X509_set_version(certificate, 2)
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1)
        X509_gmtime_adj(X509_getm_notBefore(certificate), -86_400)
        X509_gmtime_adj(X509_getm_notAfter(certificate), 86_400)
        let subject = X509_NAME_new()
        defer { X509_NAME_free(subject) }
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1, 0)
        X509_set_subject_name(certificate, subject)
        X509_set_issuer_name(certificate, subject)
        X509_set_pubkey(certificate, key)
        X509_sign(certificate, key, EVP_sha256())
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(key)
    }

    func show(in context: OpaquePointer) {
        SSL_CTX_use_certificate(context, certificate)
        SSL_CTX_use_PrivateKey(context, key)
    }
}

import CRepriseOpenSSL
package import RepriseVocabulary

/// A small authority for the demo and the tests: it signs what it is given, and keeps no records.
///
/// Immutable; safe to share.
// @unchecked: the pointers are written in init only, and libcrypto counts their references atomically.
package final class CertificateAuthority: @unchecked Sendable {
    private let certificate: OpaquePointer
    private let key: OpaquePointer
    private let chainPEM: [UInt8]

    /// The authority's own certificate, which clients trust.
    package let certificatePEM: [UInt8]
    /// Its key, for tools that answer in its name.
    package let keyPEM: Secret

    /// A root, or with `issuer` an intermediate authority.
    package init(
        name: String, kind: SelfSigned.KeyKind = .ecdsaP256, validFrom: WallTime, validUntil: WallTime,
        issuedBy issuer: CertificateAuthority? = nil
    ) throws(SelfSignedError) {
        ErrorQueue.clear()
        let key = try CertificateMaking.generateKey(kind)
        let certificate: OpaquePointer
        do throws(SelfSignedError) {
            let order = CertificateOrder(
                commonName: name, alternativeNames: nil, isAuthority: true, validFrom: validFrom,
                validUntil: validUntil, serial: nil, extraExtensions: [])
            certificate = try CertificateMaking.certificate(
                for: key, order: order, issuer: issuer.map { ($0.certificate, $0.key) })
        } catch {
            EVP_PKEY_free(key)
            throw error
        }
        (self.certificate, self.key) = (certificate, key)
        certificatePEM = CertificateMaking.pem(certificate: certificate)
        keyPEM = CertificateMaking.pem(key: key, passphrase: nil)
        // Servers send an intermediate along, but not a root.
        chainPEM = issuer == nil ? [] : certificatePEM + (issuer?.chainPEM ?? [])
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(key)
    }

    /// Signs a certificate for the order's key; the caller appends the chain.
    func sign(_ order: CertificateOrder, for key: OpaquePointer) throws(SelfSignedError) -> [UInt8] {
        let made = try CertificateMaking.certificate(for: key, order: order, issuer: (certificate, self.key))
        defer { X509_free(made) }
        return CertificateMaking.pem(certificate: made) + chainPEM
    }
}

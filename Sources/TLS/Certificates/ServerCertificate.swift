internal import CLibSSL
package import Vocabulary

/// A certificate with its chain and its private key, ready to serve. Immutable, shared by all workers.
// @unchecked: the C objects are never changed after init; libcrypto counts their references atomically.
package final class ServerCertificate: @unchecked Sendable {
    /// The most certificates a chain may have, the leaf included.
    package static let maximumChain = 16

    package let info: CertificateInfo
    /// The OCSP response that is stapled to it; its content may be replaced while it is in use.
    package let staple: Staple?

    let leaf: OpaquePointer
    let chain: OpaquePointer
    let key: OpaquePointer

    /// Reads a leaf with its chain, and the leaf's key.
    ///
    /// - Parameters:
    ///   - chainPEM: the leaf first, then what signed it, and so on.
    ///   - keyPEM: a private key in any PEM form that OpenSSL reads; wiping it is the caller's part.
    ///   - passphrase: what opens an encrypted key. Nobody is ever asked for one.
    package init(chainPEM: [UInt8], keyPEM: [UInt8], passphrase: Secret?) throws(CertificateError) {
        let certificates = try PEM.certificates(chainPEM)
        defer { for certificate in certificates { X509_free(certificate) } }
        let key = try PEM.privateKey(keyPEM, passphrase: passphrase)
        self.key = key
        leaf = certificates[0]
        chain = reprise_sk_X509_new()
        staple = nil
        info = CertificateInfo(leaf)
        X509_up_ref(leaf)
        for certificate in certificates.dropFirst() {
            X509_up_ref(certificate)
            _ = reprise_sk_X509_push(chain, certificate)
        }
        ErrorQueue.clear()
        defer { ErrorQueue.clear() }
        guard ["RSA", "EC", "RSA-PSS", "ED25519", "ED448"].contains(Self.kind(of: key)) else {
            throw .unsupportedKey(Self.kind(of: key))
        }
        guard X509_check_private_key(leaf, key) == 1 else { throw .keyDoesNotMatch }
    }

    private init(_ other: ServerCertificate, staple: Staple) {
        (info, leaf, key) = (other.info, other.leaf, other.key)
        chain = X509_chain_up_ref(other.chain)
        self.staple = staple
        X509_up_ref(leaf)
        EVP_PKEY_up_ref(key)
    }

    deinit {
        X509_free(leaf)
        EVP_PKEY_free(key)
        reprise_sk_X509_free_all(chain)
    }

    /// The same certificate with an OCSP response to staple.
    package func stapling(_ staple: Staple) -> ServerCertificate {
        ServerCertificate(self, staple: staple)
    }

    /// What an operator should know of the certificate at that time.
    package func warnings(at now: WallTime) -> [CertificateWarning] {
        var warnings: [CertificateWarning] = []
        let days = info.notAfter.days(since: now)
        if info.notAfter < now {
            warnings.append(.expired(info.notAfter))
        } else if days < CertificateWarning.soonDays {
            warnings.append(.expiresSoon(days: days, info.notAfter))
        }
        if now < info.notBefore { warnings.append(.notYetValid(info.notBefore)) }
        return warnings + brokenLinks()
    }

    private func brokenLinks() -> [CertificateWarning] {
        ErrorQueue.clear()
        defer { ErrorQueue.clear() }
        var certificates = [leaf]
        for index in 0..<reprise_sk_X509_num(chain) {
            if let certificate = reprise_sk_X509_value(chain, index) { certificates.append(certificate) }
        }
        return zip(certificates, certificates.dropFirst()).enumerated().compactMap { index, link in
            let (subject, issuer) = link
            let signed =
                X509_check_issued(issuer, subject) == X509_V_OK && X509_verify(subject, X509_get0_pubkey(issuer)) == 1
            guard !signed else { return nil }
            return .chainDoesNotBuild(position: index + 1, subject: subject.subject, next: issuer.subject)
        }
    }

    static func kind(of key: OpaquePointer) -> String {
        EVP_PKEY_get0_type_name(key).map { String(cString: $0) } ?? "unknown"
    }
}

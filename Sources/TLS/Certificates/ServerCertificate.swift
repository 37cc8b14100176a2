import CRepriseOpenSSL
package import RepriseVocabulary

/// A certificate that serves TLS: the leaf, the chain behind it and the private key.
///
/// Immutable, and shared by every context and worker; only what is in ``staple`` can change.
// @unchecked: the pointers are written in init only, and libcrypto counts their references atomically.
package final class ServerCertificate: @unchecked Sendable {
    let leaf: OpaquePointer
    /// The certificates behind the leaf, as STACK_OF(X509).
    let chain: OpaquePointer
    let key: OpaquePointer

    /// Whether a passphrase was given for a key that is not encrypted.
    let hasIdlePassphrase: Bool

    /// What the leaf says of itself.
    package let info: CertificateInfo
    /// The OCSP response that is stapled with this certificate.
    package let staple: Staple

    /// Loads the certificates of `chainPEM`, the server's own first, and the key of `keyPEM`.
    ///
    /// - Parameters:
    ///   - passphrase: what an encrypted key is decrypted with; libcrypto never asks on a terminal.
    ///   - ocspResponse: the DER form of an OCSP response to staple.
    ///   - reading: what is common to those that are read one after another.
    package init(
        chainPEM: [UInt8], keyPEM: Secret, passphrase: Secret? = nil, ocspResponse: [UInt8]? = nil,
        reading: CertificateReading = CertificateReading()
    ) throws(CertificateError) {
        let certificates = try PEMFile.certificates(in: chainPEM, reading: reading)
        let key: OpaquePointer
        let info: CertificateInfo
        let stack: OpaquePointer
        do throws(CertificateError) {
            let read = try PEMFile.privateKey(in: keyPEM, passphrase: passphrase, reading: reading)
            key = read.key
            hasIdlePassphrase = passphrase != nil && !read.wasEncrypted
        } catch {
            certificates.forEach(X509_free)
            throw error
        }
        do throws(CertificateError) {
            info = try Self.check(certificates, key)
            stack = try Self.stack(certificates.dropFirst())
        } catch {
            certificates.forEach(X509_free)
            EVP_PKEY_free(key)
            throw error
        }
        leaf = certificates[0]
        chain = stack
        self.key = key
        self.info = info
        let isOwnIssuer = X509_self_signed(certificates[0], 1) == 1
        staple = Staple(
            certificate: certificates[0],
            issuer: certificates.dropFirst().first ?? (isOwnIssuer ? certificates[0] : nil))
        // The stack took references of its own.
        certificates.dropFirst().forEach(X509_free)
        guard let ocspResponse else { return }
        do throws(StapleError) {
            try staple.replace(der: ocspResponse)
        } catch {
            throw .staple(error)
        }
    }

    deinit {
        X509_free(leaf)
        reprise_x509_stack_free(chain)
        EVP_PKEY_free(key)
    }

    /// Whether a client that asks for the name accepts this certificate: by subjectAltName, never by the common name
    /// (RFC 6125 §6.4.4).
    package func covers(_ name: ServerName) -> Bool {
        defer { ErrorQueue.clear() }
        let flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
        return X509_check_host(leaf, name.text, 0, CUnsignedInt(flags), nil) == 1
    }

    /// The same for every name that the pattern stands for.
    package func covers(_ pattern: NamePattern) -> Bool {
        switch pattern {
        case .exact(let name): covers(name)
        case .wildcard: info.dnsNames.contains { $0.lowercased() == pattern.description }
        }
    }

    private static func check(
        _ certificates: [OpaquePointer], _ key: OpaquePointer
    ) throws(CertificateError) -> CertificateInfo {
        ErrorQueue.clear()
        if case .failure(let unsupported) = X509Reading.keyKind(of: key) { throw .unsupportedKey(unsupported.name) }
        let matching = certificates.firstIndex { certificate in
            X509_get0_pubkey(certificate).map { EVP_PKEY_eq($0, key) == 1 } ?? false
        }
        ErrorQueue.clear()
        guard matching == 0 else {
            throw .keyDoesNotMatch(subject: X509Reading.subject(of: certificates[0]), matching: matching.map { $0 + 1 })
        }
        guard let info = X509Reading.info(of: certificates[0]) else { throw .unsupportedKey("unknown") }
        return info
    }

    private static func stack(_ certificates: ArraySlice<OpaquePointer>) throws(CertificateError) -> OpaquePointer {
        guard let stack = reprise_x509_stack_new() else { throw .internalFault(ErrorQueue.drain()) }
        for certificate in certificates {
            X509_up_ref(certificate)
            guard reprise_x509_stack_push(stack, certificate) > 0 else {
                X509_free(certificate)
                reprise_x509_stack_free(stack)
                throw .internalFault(ErrorQueue.drain())
            }
        }
        return stack
    }
}

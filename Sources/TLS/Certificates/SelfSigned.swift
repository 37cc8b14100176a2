import CRepriseOpenSSL
package import RepriseVocabulary

/// Makes certificates for the demo and the tests: self-signed, or signed by a ``CertificateAuthority``.
package enum SelfSigned {
    /// The keys it can make.
    package enum KeyKind: Sendable, Hashable, CaseIterable {
        case ecdsaP256
        case ecdsaP384
        case rsa2048
        /// Too small for security level 1 and above.
        case rsa1024
        case ed25519
        /// A curve that TLS 1.3 does not know.
        case ecdsaSecp256k1
    }

    /// A certificate with its chain, and its key, both PEM.
    package struct Made: Sendable {
        package let chainPEM: [UInt8]
        package let keyPEM: Secret

        /// A certificate and key that another program has made.
        package init(chainPEM: [UInt8], keyPEM: Secret) {
            (self.chainPEM, self.keyPEM) = (chainPEM, keyPEM)
        }
    }

    /// Makes a key and a certificate for it.
    ///
    /// - Parameters:
    ///   - names: host names, `*.` patterns and addresses; the first is the common name as well.
    ///   - validFrom: the first moment of validity.
    ///   - validUntil: the last moment of validity.
    ///   - serial: the serial number; without it a random one of 128 bits.
    ///   - issuer: the authority that signs; without it the certificate is self-signed.
    ///   - isForClient: for a client to show, rather than for a server.
    ///   - passphrase: encrypts the key; without it the key stays unencrypted.
    ///   - extraExtensions: more X.509 extensions, by their number and OpenSSL's text form (x509v3_config(5)).
    package static func make(
        names: [String], kind: KeyKind = .ecdsaP256, validFrom: WallTime, validUntil: WallTime, serial: UInt64? = nil,
        issuedBy issuer: CertificateAuthority? = nil, forClient isForClient: Bool = false, passphrase: Secret? = nil,
        extraExtensions: [(number: Int32, text: String)] = []
    ) throws(SelfSignedError) -> Made {
        ErrorQueue.clear()
        let order = CertificateOrder(
            commonName: names.first ?? "", alternativeNames: try alternativeNames(names), isAuthority: false,
            isForClient: isForClient, validFrom: validFrom, validUntil: validUntil, serial: serial,
            extraExtensions: extraExtensions)
        let key = try CertificateMaking.generateKey(kind)
        defer { EVP_PKEY_free(key) }
        let keyPEM = CertificateMaking.pem(key: key, passphrase: passphrase)
        if let issuer { return Made(chainPEM: try issuer.sign(order, for: key), keyPEM: keyPEM) }
        let made = try CertificateMaking.certificate(for: key, order: order, issuer: nil)
        defer { X509_free(made) }
        return Made(chainPEM: CertificateMaking.pem(certificate: made), keyPEM: keyPEM)
    }

    /// The names in x509v3_config(5)'s form; checked, since a comma in a name would add entries to the list.
    private static func alternativeNames(_ names: [String]) throws(SelfSignedError) -> String? {
        var entries: [String] = []
        for name in names {
            if IPAddress(parsing: name) != nil {
                entries.append("IP:\(name)")
            } else if let pattern = NamePattern(name) {
                entries.append("DNS:\(pattern)")
            } else {
                throw .notAName(name)
            }
        }
        return entries.isEmpty ? nil : entries.joined(separator: ",")
    }
}

/// Why a certificate could not be made.
package enum SelfSignedError: Error, Sendable, Hashable, CustomStringConvertible {
    case notAName(String)
    case failed([OpenSSLError])

    package var description: String {
        switch self {
        case .notAName(let name): "'\(name)' is neither a host name nor an address"
        case .failed(let errors): "libcrypto failed: \(errors.summary)"
        }
    }
}

import CRepriseOpenSSL
import RepriseVocabulary

/// What a certificate is made from, apart from its key and its issuer.
struct CertificateOrder {
    let commonName: String
    /// In x509v3_config(5)'s form.
    let alternativeNames: String?
    let isAuthority: Bool
    /// For a client to show, rather than for a server.
    var isForClient = false
    let validFrom: WallTime
    let validUntil: WallTime
    let serial: UInt64?
    let extraExtensions: [(number: Int32, text: String)]
}

/// The steps of making a certificate with libcrypto.
enum CertificateMaking {
    /// The longest common name of X.520 (ub-common-name, RFC 5280 appendix A).
    private static let commonNameBytes = 64

    /// A new key; the reference is the caller's.
    static func generateKey(_ kind: SelfSigned.KeyKind) throws(SelfSignedError) -> OpaquePointer {
        let key =
            switch kind {
            case .ecdsaP256: reprise_generate_ec("P-256")
            case .ecdsaP384: reprise_generate_ec("P-384")
            case .ecdsaSecp256k1: reprise_generate_ec("secp256k1")
            case .rsa2048: reprise_generate_rsa(2048)
            case .rsa1024: reprise_generate_rsa(1024)
            case .ed25519: reprise_generate_named("ED25519")
            }
        guard let key else { throw .failed(ErrorQueue.drain()) }
        return key
    }

    /// A signed certificate; the reference is the caller's. Without an issuer it is self-signed.
    static func certificate(
        for key: OpaquePointer, order: CertificateOrder, issuer: (certificate: OpaquePointer, key: OpaquePointer)?
    ) throws(SelfSignedError) -> OpaquePointer {
        guard let certificate = X509_new() else { throw .failed(ErrorQueue.drain()) }
        let signer = issuer?.key ?? key
        // Ed25519 hashes by itself.
        let digest = EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519 ? nil : EVP_sha256()
        guard fill(certificate, key, order),
            X509_set_issuer_name(certificate, X509_get_subject_name(issuer?.certificate ?? certificate)) == 1,
            extend(certificate, order, issuer: issuer?.certificate ?? certificate),
            X509_sign(certificate, signer, digest) > 0
        else {
            X509_free(certificate)
            throw .failed(ErrorQueue.drain())
        }
        return certificate
    }

    private static func fill(_ certificate: OpaquePointer, _ key: OpaquePointer, _ order: CertificateOrder) -> Bool {
        guard X509_set_version(certificate, 2) == 1, X509_set_pubkey(certificate, key) == 1,
            setSerial(certificate, order),
            ASN1_TIME_set(X509_getm_notBefore(certificate), Int(order.validFrom.secondsSinceEpoch)) != nil,
            ASN1_TIME_set(X509_getm_notAfter(certificate), Int(order.validUntil.secondsSinceEpoch)) != nil
        else { return false }
        guard (1...commonNameBytes).contains(order.commonName.utf8.count) else { return true }
        // A name of its own: from 4.0 on a certificate's is const.
        guard let name = X509_NAME_new() else { return false }
        defer { X509_NAME_free(name) }
        let count = CInt(order.commonName.utf8.count)
        return X509_NAME_add_entry_by_txt(name, "CN", CInt(MBSTRING_FLAG), order.commonName, count, -1, 0) == 1
            && X509_set_subject_name(certificate, name) == 1
    }

    private static func setSerial(_ certificate: OpaquePointer, _ order: CertificateOrder) -> Bool {
        let number = X509_get_serialNumber(certificate)
        if let serial = order.serial { return ASN1_INTEGER_set_uint64(number, serial) == 1 }
        guard let random = BN_new() else { return false }
        defer { BN_free(random) }
        // 127 bits: positive in sixteen bytes (RFC 5280 §4.1.2.2).
        return BN_rand(random, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1
            && BN_to_ASN1_INTEGER(random, number) != nil
    }

    private static func extend(_ certificate: OpaquePointer, _ order: CertificateOrder, issuer: OpaquePointer) -> Bool {
        var extensions: [(number: Int32, text: String)] = [
            (NID_basic_constraints, order.isAuthority ? "critical,CA:TRUE" : "critical,CA:FALSE"),
            (
                NID_key_usage,
                order.isAuthority
                    ? "critical,keyCertSign,cRLSign,digitalSignature" : "critical,digitalSignature,keyEncipherment"
            ),
            (NID_subject_key_identifier, "hash"),
        ]
        if certificate != issuer { extensions.append((NID_authority_key_identifier, "keyid")) }
        if !order.isAuthority {
            extensions.append((NID_ext_key_usage, order.isForClient ? "clientAuth" : "serverAuth"))
        }
        if let names = order.alternativeNames { extensions.append((NID_subject_alt_name, names)) }
        return (extensions + order.extraExtensions).allSatisfy { number, text in
            var context = X509V3_CTX()
            X509V3_set_ctx(&context, issuer, certificate, nil, nil, 0)
            guard let made = X509V3_EXT_conf_nid(nil, &context, number, text) else { return false }
            defer { X509_EXTENSION_free(made) }
            return X509_add_ext(certificate, made, -1) == 1
        }
    }

    static func pem(certificate: OpaquePointer) -> [UInt8] {
        written {
            PEM_write_bio_X509($0, certificate)
        } body: {
            [UInt8]($0)
        } ?? []
    }

    static func pem(key: OpaquePointer, passphrase: Secret?) -> Secret {
        // The memory BIO wipes what it frees.
        let secret = written { memory in
            guard let passphrase else { return PEM_write_bio_PrivateKey(memory, key, nil, nil, 0, nil, nil) }
            return passphrase.withBytes { bytes in
                PEM_write_bio_PrivateKey(
                    memory, key, EVP_aes_256_cbc(), bytes.bindMemory(to: UInt8.self).baseAddress, CInt(bytes.count),
                    nil,
                    nil)
            }
        } body: {
            Secret(copying: $0)
        }
        return secret ?? Secret(copying: UnsafeRawBufferPointer(start: nil, count: 0))
    }

    private static func written<Value>(
        by write: (OpaquePointer) -> CInt, body: (UnsafeRawBufferPointer) -> Value
    ) -> Value? {
        guard let memory = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(memory) }
        var data: UnsafeMutablePointer<CChar>?
        guard write(memory) == 1 else { return nil }
        let count = reprise_bio_mem_data(memory, &data)
        return body(UnsafeRawBufferPointer(start: data, count: count))
    }
}

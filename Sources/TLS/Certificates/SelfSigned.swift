internal import CLibSSL
internal import Vocabulary

/// Makes a self-signed certificate with a fresh P-256 key, for the demo and for tests.
package enum SelfSigned {
    /// A certificate and its key, both in PEM.
    package struct Pair: Sendable {
        package let chainPEM: [UInt8]
        package let keyPEM: [UInt8]
    }

    /// libcrypto could not make it.
    package struct Failure: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// Makes a certificate for those DNS names and the loopback addresses, valid from a minute ago.
    ///
    /// - Parameter days: how long it is valid.
    package static func make(names: [String], days: Int) throws(Failure) -> Pair {
        ErrorQueue.clear()
        guard let key = generateKey(), let certificate = X509_new() else { throw failure() }
        defer {
            EVP_PKEY_free(key)
            X509_free(certificate)
        }
        X509_set_version(certificate, 2)
        var serial: UInt64 = 0
        withUnsafeMutableBytes(of: &serial) { _ = RAND_bytes($0.baseAddress?.assumingMemoryBound(to: UInt8.self), 8) }
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1)
        X509_gmtime_adj(X509_getm_notBefore(certificate), -60)
        X509_gmtime_adj(X509_getm_notAfter(certificate), days * 86_400)
        X509_set_pubkey(certificate, key)
        let subject = X509_get_subject_name(certificate)
        let commonName = Array((names.first ?? "localhost").utf8)
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, commonName, CInt(commonName.count), -1, 0)
        X509_set_issuer_name(certificate, subject)
        let alternatives = names.map { "DNS:\($0)" } + ["IP:127.0.0.1", "IP:::1"]
        guard add(NID_subject_alt_name, alternatives.joined(separator: ","), to: certificate),
            add(NID_basic_constraints, "critical,CA:FALSE", to: certificate),
            X509_sign(certificate, key, EVP_sha256()) > 0,
            let chain = pem({ PEM_write_bio_X509($0, certificate) }),
            let keyPEM = pem({ PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) })
        else { throw failure() }
        return Pair(chainPEM: chain, keyPEM: keyPEM)
    }

    /// MBSTRING_FLAG | 0, a macro of an expression.
    private static let MBSTRING_UTF8: CInt = 0x1000

    private static func failure() -> Failure {
        Failure(description: "cannot make a certificate: \(ErrorQueue.drain().text)")
    }

    private static func generateKey() -> OpaquePointer? {
        guard let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
            EVP_PKEY_generate(context, &key) == 1
        else { return nil }
        return key
    }

    private static func add(_ nid: CInt, _ value: String, to certificate: OpaquePointer) -> Bool {
        guard let `extension` = X509V3_EXT_conf_nid(nil, nil, nid, value) else { return false }
        defer { X509_EXTENSION_free(`extension`) }
        return X509_add_ext(certificate, `extension`, -1) == 1
    }

    private static func pem(_ write: (OpaquePointer) -> CInt) -> [UInt8]? {
        guard let bio = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(bio) }
        guard write(bio) == 1 else { return nil }
        var bytes: UnsafeMutablePointer<CChar>?
        let count = reprise_BIO_get_mem_data(bio, &bytes)
        return Array(UnsafeRawBufferPointer(start: bytes, count: count))
    }
}

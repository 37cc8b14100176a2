import CRepriseOpenSSL
package import RepriseVocabulary

/// What a server behind us can be told of the client and of TLS with it.
extension ServerConnection {
    /// What the client asked for in server_name (RFC 6066 §3), as it came.
    package var requestedName: [UInt8]? { hello.requestedName }

    /// The application protocol that was agreed on, as it is on the wire.
    package var agreedProtocol: [UInt8]? {
        guard let ssl else { return nil }
        var start: UnsafePointer<UInt8>?
        var count: CUnsignedInt = 0
        SSL_get0_alpn_selected(ssl, &start, &count)
        guard let start, count > 0 else { return nil }
        return [UInt8](UnsafeBufferPointer(start: start, count: Int(count)))
    }

    /// What a PROXY protocol header says of the client's TLS.
    ///
    /// The client's name and certificate are said only of one that was verified: servers log users in by them.
    /// - Parameters:
    ///   - withCertificate: whether the client's certificate is part of it.
    ///   - room: how many bytes it may have. A part that does not fit is left out.
    /// - Returns: how many were, too.
    package func proxyTLS(withCertificate: Bool, room: Int) -> (tls: ProxyTLS, leftOut: Int) {
        var tls = ProxyTLS(verifyResult: UInt32(X509_V_ERR_UNSPECIFIED))
        var (left, leftOut) = (room - ProxyTLS.headBytes, 0)
        func add(_ part: ProxyTLS.Part, _ value: [UInt8]?) {
            guard let value, !value.isEmpty else { return }
            guard value.count + ProxyTLV.headBytes <= left else { return leftOut += 1 }
            left -= value.count + ProxyTLV.headBytes
            tls.parts.append(ProxyTLV(ProxyTLV.Kind(rawValue: part.rawValue), value))
        }
        func add(_ part: ProxyTLS.Part, _ text: String?) { add(part, text.map { Array($0.utf8) }) }
        let summary = summary
        add(.version, summary.version?.description)
        add(.cipher, summary.cipher)
        add(.group, summary.group)
        guard let ssl else { return (tls, leftOut) }
        defer { ErrorQueue.clear() }
        if let own = SSL_get_certificate(ssl) {
            add(.signatureAlgorithm, X509Reading.signatureAlgorithm(of: own))
            add(.keyAlgorithm, X509Reading.keyAlgorithm(of: own))
        }
        guard let certificate = SSL_get0_peer_certificate(ssl) else { return (tls, leftOut) }
        tls.hasCertificateInSession = true
        tls.hasCertificateOnConnection = SSL_session_reused(ssl) == 0
        tls.verifyResult = UInt32(clamping: SSL_get_verify_result(ssl))
        guard tls.verifyResult == 0 else { return (tls, leftOut) }
        add(.commonName, X509Reading.commonName(of: certificate))
        if withCertificate { add(.clientCertificate, X509Reading.der(of: certificate)) }
        return (tls, leftOut)
    }

    /// The client's certificate in PEM, where it was verified.
    package var clientCertificatePEM: [UInt8]? {
        guard let ssl, let certificate = SSL_get0_peer_certificate(ssl), SSL_get_verify_result(ssl) == Int(X509_V_OK)
        else { return nil }
        return CertificateMaking.pem(certificate: certificate)
    }
}

extension X509Reading {
    /// The first common name of its subject, in UTF-8.
    static func commonName(of certificate: OpaquePointer) -> [UInt8]? {
        guard let subject = X509_get_subject_name(certificate) else { return nil }
        let index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1)
        guard index >= 0, let value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)) else { return nil }
        var start: UnsafeMutablePointer<UInt8>?
        let count = ASN1_STRING_to_UTF8(&start, value)
        guard count >= 0, let start else { return nil }
        defer { CRYPTO_free(start, nil, 0) }
        return [UInt8](UnsafeBufferPointer(start: start, count: Int(count)))
    }

    static func der(of certificate: OpaquePointer) -> [UInt8]? {
        let count = Int(i2d_X509(certificate, nil))
        guard count > 0 else { return nil }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, made in
            var end = buffer.baseAddress
            made = Int(max(0, i2d_X509(certificate, &end)))
        }
    }

    /// What it is signed with, in OpenSSL's short words: `ecdsa-with-SHA256`.
    static func signatureAlgorithm(of certificate: OpaquePointer) -> String? {
        OBJ_nid2sn(X509_get_signature_nid(certificate)).map { String(cString: $0) }
    }

    /// Its kind of key with its size, in HAProxy's words: `EC256`, `RSA2048`, `ED25519`.
    static func keyAlgorithm(of certificate: OpaquePointer) -> String? {
        guard let key = X509_get0_pubkey(certificate) else { return nil }
        let bits = EVP_PKEY_get_bits(key)
        return switch EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_RSA: "RSA\(bits)"
        case EVP_PKEY_EC: "EC\(bits)"
        case let other: OBJ_nid2sn(other).map { String(cString: $0) }
        }
    }
}

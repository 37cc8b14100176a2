internal import CLibSSL
internal import Vocabulary

extension CertificateInfo {
    init(_ certificate: OpaquePointer) {
        commonName = Self.commonName(certificate)
        dnsNames = Self.dnsNames(certificate)
        notBefore = Self.time(X509_get0_notBefore(certificate))
        notAfter = Self.time(X509_get0_notAfter(certificate))
        key = Self.key(certificate)
        serial = Self.serial(certificate)
    }

    private static func commonName(_ certificate: OpaquePointer) -> String? {
        var buffer = [CChar](repeating: 0, count: 256)
        let length = X509_NAME_get_text_by_NID(
            X509_get_subject_name(certificate), NID_commonName, &buffer, CInt(buffer.count))
        guard length > 0 else { return nil }
        return String(decoding: buffer.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func dnsNames(_ certificate: OpaquePointer) -> [String] {
        guard let raw = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return [] }
        let names = OpaquePointer(raw)
        defer { GENERAL_NAMES_free(names) }
        return (0..<reprise_sk_GENERAL_NAME_num(names)).compactMap { index in
            guard let name = reprise_sk_GENERAL_NAME_value(names, index) else { return nil }
            var kind: CInt = 0
            guard let value = GENERAL_NAME_get0_value(name, &kind), kind == GEN_DNS else { return nil }
            let text = value.assumingMemoryBound(to: ASN1_STRING.self)
            let bytes = UnsafeBufferPointer(start: ASN1_STRING_get0_data(text), count: Int(ASN1_STRING_length(text)))
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    static func time(_ time: UnsafePointer<ASN1_TIME>?) -> WallTime {
        var days: CInt = 0
        var seconds: CInt = 0
        guard let epoch = ASN1_TIME_set(nil, 0) else { return WallTime(secondsSinceEpoch: 0) }
        defer { ASN1_STRING_free(epoch) }
        ASN1_TIME_diff(&days, &seconds, epoch, time)
        return WallTime(secondsSinceEpoch: Int64(days) * 86_400 + Int64(seconds))
    }

    private static func key(_ certificate: OpaquePointer) -> String {
        guard let key = X509_get0_pubkey(certificate) else { return "unknown" }
        let kind = ServerCertificate.kind(of: key)
        guard kind == "EC" else { return kind.hasPrefix("ED") ? kind : "\(kind) \(EVP_PKEY_get_bits(key))" }
        return "ECDSA P-\(EVP_PKEY_get_bits(key))"
    }

    private static func serial(_ certificate: OpaquePointer) -> String {
        guard let number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nil) else { return "" }
        defer { BN_free(number) }
        guard let text = BN_bn2hex(number) else { return "" }
        defer { CRYPTO_free(text, "", 0) }
        return String(cString: text)
    }
}

extension OpaquePointer {
    /// The subject of an X509 in one line, for messages.
    var subject: String {
        guard let text = X509_NAME_oneline(X509_get_subject_name(self), nil, 0) else { return "?" }
        defer { CRYPTO_free(text, "", 0) }
        return String(cString: text)
    }
}

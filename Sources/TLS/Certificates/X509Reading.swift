import CRepriseOpenSSL
import RepriseVocabulary

/// Reads values out of libcrypto's certificates. Every function leaves the error queue empty.
enum X509Reading {
    static func info(of certificate: OpaquePointer) -> CertificateInfo? {
        defer { ErrorQueue.clear() }
        guard let key = X509_get0_pubkey(certificate), case .success(let kind) = keyKind(of: key) else { return nil }
        let names = subjectNames(of: certificate)
        return CertificateInfo(
            subject: subject(of: certificate),
            issuer: name(X509_get_issuer_name(certificate)),
            dnsNames: names.dns,
            addresses: names.addresses,
            notBefore: time(reprise_seconds(X509_get0_notBefore(certificate))) ?? WallTime(secondsSinceEpoch: 0),
            notAfter: time(reprise_seconds(X509_get0_notAfter(certificate))) ?? WallTime(secondsSinceEpoch: 0),
            keyKind: kind,
            serial: serial(of: certificate),
            fingerprint: fingerprint(of: certificate))
    }

    static func subject(of certificate: OpaquePointer) -> String {
        name(X509_get_subject_name(certificate))
    }

    /// The common name, or the whole of a name without one, escaped to one printable line (RFC 2253).
    static func name(_ name: OpaquePointer?) -> String {
        guard let name, let memory = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(memory) }
        let index = X509_NAME_get_index_by_NID(name, NID_commonName, -1)
        if index >= 0, let value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)) {
            ASN1_STRING_print_ex(memory, value, reprise_string_flags())
            return "CN=" + text(in: memory)
        }
        return whole(name, in: memory)
    }

    /// The whole of a name, in the same form.
    static func whole(_ name: OpaquePointer?) -> String {
        guard let name, let memory = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(memory) }
        return whole(name, in: memory)
    }

    private static func whole(_ name: OpaquePointer, in memory: OpaquePointer) -> String {
        X509_NAME_print_ex(memory, name, 0, reprise_one_line_flags())
        let whole = text(in: memory)
        return whole.isEmpty ? "no name" : whole
    }

    private static func text(in memory: OpaquePointer) -> String {
        var data: UnsafeMutablePointer<CChar>?
        let count = reprise_bio_mem_data(memory, &data)
        guard let data, count > 0 else { return "" }
        return String(decoding: UnsafeRawBufferPointer(start: data, count: count), as: UTF8.self)
    }

    /// The dNSNames of its subjectAltName, in lower case.
    static func hostNames(of certificate: OpaquePointer) -> [String] {
        subjectNames(of: certificate).dns.map { $0.lowercased() }
    }

    /// Whether the subject has an attribute of that short name with that value, byte by byte.
    static func has(_ certificate: OpaquePointer, _ attribute: String, _ value: String) -> Bool {
        guard let subject = X509_get_subject_name(certificate) else { return false }
        let kind = OBJ_sn2nid(attribute)
        var index = X509_NAME_get_index_by_NID(subject, kind, -1)
        while index >= 0 {
            if let data = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)) {
                var count: CInt = 0
                let start = reprise_string_bytes(data, &count)
                if value.utf8.elementsEqual(UnsafeBufferPointer(start: start, count: Int(count))) { return true }
            }
            index = X509_NAME_get_index_by_NID(subject, kind, index)
        }
        return false
    }

    /// Its subjectAltName: host names, mail addresses, URIs and addresses, the first ones.
    static func alternativeNames(of certificate: OpaquePointer, atMost count: Int) -> [String] {
        guard let names = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil).map(OpaquePointer.init) else {
            return []
        }
        defer { GENERAL_NAMES_free(names) }
        return (0..<min(count, Int(reprise_names_count(names)))).compactMap { index in
            var type: CInt = 0
            guard let value = GENERAL_NAME_get0_value(reprise_names_item(names, CInt(index)), &type),
                [GEN_DNS, GEN_EMAIL, GEN_URI, GEN_IPADD].contains(type)
            else { return nil }
            var bytes: CInt = 0
            let start = reprise_string_bytes(value, &bytes)
            let text = UnsafeBufferPointer(start: start, count: Int(bytes))
            return type == GEN_IPADD ? address(text)?.description : String(escaping: text)
        }
    }

    private static func subjectNames(of certificate: OpaquePointer) -> (dns: [String], addresses: [IPAddress]) {
        guard let names = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil).map(OpaquePointer.init) else {
            return ([], [])
        }
        defer { GENERAL_NAMES_free(names) }
        var dns: [String] = []
        var addresses: [IPAddress] = []
        for index in 0..<reprise_names_count(names) {
            var type: CInt = 0
            guard let value = GENERAL_NAME_get0_value(reprise_names_item(names, index), &type) else { continue }
            guard type == GEN_DNS || type == GEN_IPADD else { continue }
            var count: CInt = 0
            let start = reprise_string_bytes(value, &count)
            let bytes = UnsafeBufferPointer(start: start, count: Int(count))
            if type == GEN_DNS {
                dns.append(String(escaping: bytes))
            } else if let address = address(bytes) {
                addresses.append(address)
            }
        }
        return (dns, addresses)
    }

    private static func address(_ bytes: UnsafeBufferPointer<UInt8>) -> IPAddress? {
        let number = { (part: Slice<UnsafeBufferPointer<UInt8>>) in part.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: return IPAddress(ipv4: UInt32(truncatingIfNeeded: number(bytes[0..<4])))
        case 16: return IPAddress(ipv6High: number(bytes[0..<8]), low: number(bytes[8..<16]))
        default: return nil
        }
    }

    /// The time that `reprise_seconds` read; `nil` for one that is no date.
    static func time(_ seconds: Int64) -> WallTime? {
        seconds == .min ? nil : WallTime(secondsSinceEpoch: seconds)
    }

    /// In hexadecimal.
    static func serial(of certificate: OpaquePointer) -> String {
        guard let big = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nil) else { return "" }
        defer { BN_free(big) }
        guard let digits = BN_bn2hex(big) else { return "" }
        defer { reprise_openssl_free(digits) }
        return String(cString: digits)
    }

    /// The certificate itself.
    static func der(of certificate: OpaquePointer) -> [UInt8] {
        let count = Int(i2d_X509(certificate, nil))
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, made in
            var end = buffer.baseAddress
            made = Int(max(0, i2d_X509(certificate, &end)))
        }
    }

    /// The subject's name in DER.
    static func der(ofNameOf certificate: OpaquePointer) -> [UInt8] {
        let name = X509_get_subject_name(certificate)
        let count = Int(i2d_X509_NAME(name, nil))
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, made in
            var end = buffer.baseAddress
            made = Int(max(0, i2d_X509_NAME(name, &end)))
        }
    }

    /// The SHA-256 of the whole certificate, in hexadecimal.
    static func fingerprint(of certificate: OpaquePointer) -> String {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(EVP_MAX_MD_SIZE)) { digest in
            var count: CUnsignedInt = 0
            guard X509_digest(certificate, EVP_sha256(), digest.baseAddress, &count) == 1 else { return "" }
            return digest.prefix(Int(count)).map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }
                .joined()
        }
    }

    /// The same of a certificate that is trusted, with what its file says of the uses that it is trusted for (`TRUSTED
    /// CERTIFICATE`, openssl-x509(1)): a certificate without that has its own.
    static func trustFingerprint(of certificate: OpaquePointer) -> String {
        let count = Int(i2d_X509_AUX(certificate, nil))
        guard count > 0 else { return "" }
        let der = [UInt8](unsafeUninitializedCapacity: count) { buffer, made in
            var end = buffer.baseAddress
            made = Int(max(0, i2d_X509_AUX(certificate, &end)))
        }
        return SessionCrypto.sha256(der).map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
    }

    /// The key's kind, or the name of a kind that TLS servers cannot have.
    static func keyKind(of key: OpaquePointer) -> Result<KeyKind, UnsupportedKeyError> {
        let bits = Int(EVP_PKEY_get_bits(key))
        switch EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_RSA: return .success(.rsa(bits: bits))
        case EVP_PKEY_RSA_PSS: return .success(.rsaPSS(bits: bits))
        case EVP_PKEY_ED25519: return .success(.ed25519)
        case EVP_PKEY_ED448: return .success(.ed448)
        case EVP_PKEY_EC: return curve(of: key)
        case let other:
            return .failure(UnsupportedKeyError(name: OBJ_nid2sn(other).map { String(cString: $0) } ?? "type \(other)"))
        }
    }

    private static func curve(of key: OpaquePointer) -> Result<KeyKind, UnsupportedKeyError> {
        var name = [CChar](repeating: 0, count: 64)
        var count = 0
        guard EVP_PKEY_get_group_name(key, &name, name.count, &count) == 1 else {
            return .failure(UnsupportedKeyError(name: "EC with explicit parameters"))
        }
        let text = String(decoding: name.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
        switch text {
        case "prime256v1", "P-256": return .success(.ecdsa(curve: "P-256"))
        case "secp384r1", "P-384": return .success(.ecdsa(curve: "P-384"))
        case "secp521r1", "P-521": return .success(.ecdsa(curve: "P-521"))
        default: return .failure(UnsupportedKeyError(name: "EC on the curve \(text)"))
        }
    }
}

/// A kind of key that cannot serve TLS 1.2 and 1.3.
struct UnsupportedKeyError: Error {
    let name: String
}

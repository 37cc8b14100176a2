import CRepriseOpenSSL
import RepriseVocabulary

extension PeerChain {
    /// The chain that this handshake verified; `nil` when the client sent no certificate.
    init?(of ssl: OpaquePointer) {
        guard let chain = SSL_get0_verified_chain(ssl) else { return nil }
        let ends = (0..<reprise_x509_stack_count(chain)).compactMap { index in
            reprise_x509_stack_item(chain, index).flatMap { X509Reading.time(reprise_seconds(X509_get0_notAfter($0))) }
        }
        let certificates = Self.certificates(of: chain)
        guard let earliest = ends.min(), !certificates.isEmpty else { return nil }
        self.init(notAfter: earliest, certificates: certificates)
    }

    /// The certificates of a STACK_OF(X509), each followed by its issuer.
    static func certificates(of chain: OpaquePointer, atMost count: CInt = .max) -> [Certificate] {
        defer { ErrorQueue.clear() }
        let items = (0..<min(count, reprise_x509_stack_count(chain))).compactMap { reprise_x509_stack_item(chain, $0) }
        guard let last = items.last else { return [] }
        // A root is its own issuer.
        if X509_check_issued(last, last) == X509_V_OK, X509_check_ca(last) > 0 {
            return zip(items, items.dropFirst() + [last]).map { Certificate($0, issuedBy: $1) }
        }
        return items.count == 1
            ? [Certificate(last, issuedBy: nil)]
            : zip(items, items.dropFirst()).map { Certificate($0, issuedBy: $1) }
    }
}

extension PeerChain.Certificate {
    /// - Parameter issuer: `nil`: the certificate is trusted by itself.
    init(_ certificate: OpaquePointer, issuedBy issuer: OpaquePointer?) {
        let name = X509_get_issuer_name(certificate)
        self.init(
            issuer: issuer.map { PeerChain.Issuer(name: name, keyOf: $0) } ?? PeerChain.Issuer(name: name),
            serial: Self.serial(of: certificate),
            isAuthority: X509_get_extension_flags(certificate) & UInt32(EXFLAG_CA) != 0,
            points: DistributionPoints.named(by: certificate))
    }

    private static func serial(of certificate: OpaquePointer) -> [UInt8] {
        let number = X509_get0_serialNumber(certificate)
        let count = Int(i2d_ASN1_INTEGER(number, nil))
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, made in
            var end = buffer.baseAddress
            made = Int(max(0, i2d_ASN1_INTEGER(number, &end)))
        }
    }
}

extension PeerChain.Issuer {
    /// The issuer of a certificate that is trusted by itself: its key signs nothing here.
    init(name: OpaquePointer?) {
        self.init(name: UInt32(truncatingIfNeeded: X509_NAME_hash_ex(name, nil, nil, nil)), key: 0)
    }

    init(name: OpaquePointer?, keyOf certificate: OpaquePointer) {
        let key = withUnsafeTemporaryAllocation(byteCount: Int(EVP_MAX_MD_SIZE), alignment: 8) { digest in
            let bytes = digest.baseAddress?.assumingMemoryBound(to: UInt8.self)
            // Library.check() has seen SHA-256, and a certificate that libcrypto has read has a key's bytes.
            let result = X509_pubkey_digest(certificate, EVP_sha256(), bytes, nil)
            precondition(result == 1, "libcrypto has no SHA-256: \(ErrorQueue.drain().summary)")
            // 0 stands for no key.
            return max(1, UInt64(bigEndian: digest.load(as: UInt64.self)))
        }
        self.init(name: UInt32(truncatingIfNeeded: X509_NAME_hash_ex(name, nil, nil, nil)), key: key)
    }
}

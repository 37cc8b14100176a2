import CLibSSL
import Vocabulary

extension PeerChain {
    /// The chain that this handshake verified; `nil` when the client showed no certificate.
    init?(of ssl: OpaquePointer) {
        guard let chain = SSL_get0_verified_chain(ssl) else { return nil }
        var certificates: [Certificate] = []
        var earliest: WallTime?
        for index in 0..<reprise_x509_stack_count(chain) {
            guard let certificate = reprise_x509_stack_item(chain, index) else { continue }
            if let end = X509Reading.time(X509_get0_notAfter(certificate)) {
                earliest = min(earliest ?? end, end)
            }
            // The anchor is trusted as it is: nobody revokes it by a list.
            if index > 0, X509_self_signed(certificate, 0) == 1 { continue }
            certificates.append(Certificate(certificate))
        }
        guard let earliest, !certificates.isEmpty else { return nil }
        self.init(notAfter: earliest, certificates: certificates)
    }
}

extension PeerChain.Certificate {
    /// As a revocation list would name it.
    init(_ certificate: OpaquePointer) {
        self.init(
            issuer: Self.digest(ofName: X509_get_issuer_name(certificate)),
            serial: Self.bytes(of: X509_get0_serialNumber(certificate)))
    }

    /// A hash of a name's canonical form.
    static func digest(ofName name: OpaquePointer?) -> UInt32 {
        UInt32(truncatingIfNeeded: X509_NAME_hash_ex(name, nil, nil, nil))
    }

    static func bytes(of number: UnsafePointer<ASN1_INTEGER>?) -> [UInt8] {
        guard let number else { return [] }
        return Array(UnsafeBufferPointer(start: number.pointee.data, count: Int(number.pointee.length)))
    }
}

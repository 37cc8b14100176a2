import CRepriseOpenSSL
import RepriseVocabulary

/// One parsed OCSP response that speaks of one certificate; never changes.
final class StapledResponse: Sendable {
    let der: [UInt8]
    let thisUpdate: WallTime?
    let nextUpdate: WallTime?
    /// The second since 1970 in which it ends; `nil`: never.
    private let end: Int64?

    init(der: [UInt8], certificate: OpaquePointer, issuer: OpaquePointer?) throws(StapleError) {
        guard !der.isEmpty else { throw .empty }
        guard der.count <= TLSLimits.stapleBytes else { throw .tooLarge(bytes: der.count) }
        defer { ErrorQueue.clear() }
        guard let response = Self.parse(der) else { throw .notOCSP }
        defer { OCSP_RESPONSE_free(response) }
        let status = OCSP_response_status(response)
        guard status == OCSP_RESPONSE_STATUS_SUCCESSFUL else {
            throw .unsuccessful(status: String(cString: OCSP_response_status_str(Int(status))))
        }
        guard let basic = OCSP_response_get1_basic(response) else { throw .notOCSP }
        defer { OCSP_BASICRESP_free(basic) }
        guard let single = Self.single(of: basic, certificate: certificate, issuer: issuer) else {
            throw .aboutAnotherCertificate
        }
        if let issuer { try Self.verify(basic, by: issuer) }
        var revoked: Int64 = .min
        switch reprise_ocsp_status(single, &revoked) {
        case V_OCSP_CERTSTATUS_GOOD: break
        case V_OCSP_CERTSTATUS_REVOKED: throw .revoked(since: X509Reading.time(revoked))
        default: throw .unknownToResponder
        }
        let next = reprise_ocsp_next_update(single)
        self.der = der
        thisUpdate = X509Reading.time(reprise_seconds(reprise_ocsp_this_update(single)))
        nextUpdate = X509Reading.time(reprise_seconds(next))
        // A nextUpdate that is no date counts as over.
        end = next == nil ? nil : reprise_seconds(next)
    }

    /// Whether its time is now; a response without nextUpdate never expires (RFC 6960 §4.2.2.1). A thisUpdate that is no date
    /// never comes.
    func isCurrent(at time: WallTime) -> Bool {
        guard let thisUpdate, thisUpdate <= time.later(by: Self.skew) else { return false }
        return end.map { time.secondsSinceEpoch < $0 } ?? true
    }

    /// By how much responders' clocks may be ahead of ours.
    static let skew = Duration.seconds(300)

    /// Whether the issuer, or a responder that it has named for this (RFC 6960 §4.2.2.2), has signed it.
    private static func verify(_ basic: OpaquePointer, by issuer: OpaquePointer) throws(StapleError) {
        guard let store = X509_STORE_new(), let known = reprise_x509_stack_new() else { throw .notOCSP }
        defer {
            X509_STORE_free(store)
            reprise_x509_stack_free(known)
        }
        // The issuer need not be a root.
        X509_STORE_set_flags(store, CUnsignedLong(X509_V_FLAG_PARTIAL_CHAIN))
        X509_STORE_add_cert(store, issuer)
        if X509_up_ref(issuer) == 1 { _ = reprise_x509_stack_push(known, issuer) }
        guard OCSP_basic_verify(basic, known, store, 0) == 1 else {
            throw .badSignature(detail: ErrorQueue.drain().summary)
        }
    }

    private static func parse(_ der: [UInt8]) -> OpaquePointer? {
        der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            guard let response = d2i_OCSP_RESPONSE(nil, &start, bytes.count) else { return nil }
            guard let base = bytes.baseAddress, start == base + bytes.count else {
                OCSP_RESPONSE_free(response)
                return nil
            }
            return response
        }
    }

    private static func single(
        of basic: OpaquePointer, certificate: OpaquePointer, issuer: OpaquePointer?
    ) -> OpaquePointer? {
        for index in 0..<OCSP_resp_count(basic) {
            guard let single = OCSP_resp_get0(basic, index), let id = OCSP_SINGLERESP_get0_id(single) else { continue }
            var digest: OpaquePointer?
            guard reprise_ocsp_names(id, certificate, &digest) == 1 else { continue }
            // The chain may lack the issuer; then the serial number has to do.
            guard let issuer else { return single }
            guard let own = OCSP_cert_to_id(reprise_digest_of(digest), certificate, issuer) else {
                continue
            }
            defer { OCSP_CERTID_free(own) }
            if OCSP_id_cmp(own, id) == 0 { return single }
        }
        return nil
    }
}

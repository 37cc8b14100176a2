import CRepriseOpenSSL
import Glibc
import RepriseVocabulary

/// One parsed OCSP response that speaks of one certificate; never changes.
final class StapledResponse: Sendable {
    let der: [UInt8]
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
        let next = reprise_ocsp_next_update(single)
        self.der = der
        nextUpdate = X509Reading.time(reprise_seconds(next))
        // A nextUpdate that is no date counts as over.
        end = next == nil ? nil : reprise_seconds(next)
    }

    /// Whether its time has run out; a response without nextUpdate never expires (RFC 6960 §4.2.2.1). It uses the clock
    /// that libcrypto compares with, because libcrypto is the caller: a callback in a handshake.
    var isExpired: Bool {
        guard let end else { return false }
        return end <= Int64(time(nil))
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

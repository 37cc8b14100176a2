internal import CLibSSL
internal import Synchronization
package import Vocabulary

/// An OCSP response that is sent along with a certificate (RFC 6066 §8); it can be replaced while it is in use.
package final class Staple: Sendable {
    private let current: Mutex<Response>
    private let serial: String

    private struct Response {
        let bytes: [UInt8]
        let nextUpdate: WallTime?
    }

    /// Why an OCSP response cannot be used.
    package enum Fault: Error, Sendable, Hashable, CustomStringConvertible {
        case empty
        case notOCSP
        case unsuccessful(status: Int)
        case otherCertificate
        case revokedOrUnknown

        package var description: String {
            switch self {
            case .empty: "expected an OCSP response in DER, found an empty file"
            case .notOCSP: "expected an OCSP response in DER, found something else"
            case .unsuccessful(let status): "the OCSP response is not a successful one (status \(status))"
            case .otherCertificate: "the OCSP response does not speak of this certificate"
            case .revokedOrUnknown: "the OCSP response does not say that the certificate is good"
            }
        }
    }

    /// Reads a response in DER; it must be successful and say that this certificate is good.
    package init(der: [UInt8], for certificate: ServerCertificate) throws(Fault) {
        serial = certificate.info.serial
        current = Mutex(try Self.read(der, serial: serial))
    }

    /// Takes another response; when it is bad the old one stays.
    package func replace(der: [UInt8]) throws(Fault) {
        let response = try Self.read(der, serial: serial)
        current.withLock { $0 = response }
    }

    /// When the response's issuer promises the next one; `nil` when it does not say.
    package var nextUpdate: WallTime? { current.withLock { $0.nextUpdate } }

    /// The response, unless it is out of date.
    func bytes(at now: WallTime) -> [UInt8]? {
        current.withLock { response in
            if let nextUpdate = response.nextUpdate, nextUpdate < now { return nil }
            return response.bytes
        }
    }

    private static func read(_ der: [UInt8], serial: String) throws(Fault) -> Response {
        guard !der.isEmpty else { throw .empty }
        ErrorQueue.clear()
        defer { ErrorQueue.clear() }
        let parsed = der.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            return d2i_OCSP_RESPONSE(nil, &start, buffer.count)
        }
        guard let parsed else { throw .notOCSP }
        defer { OCSP_RESPONSE_free(parsed) }
        let status = OCSP_response_status(parsed)
        guard status == OCSP_RESPONSE_STATUS_SUCCESSFUL else { throw .unsuccessful(status: Int(status)) }
        guard let basic = OCSP_response_get1_basic(parsed) else { throw .notOCSP }
        defer { OCSP_BASICRESP_free(basic) }
        for index in 0..<OCSP_resp_count(basic) {
            guard let single = OCSP_resp_get0(basic, index), number(of: single) == serial else { continue }
            var nextUpdate: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
            guard OCSP_single_get0_status(single, nil, nil, nil, &nextUpdate) == V_OCSP_CERTSTATUS_GOOD else {
                throw .revokedOrUnknown
            }
            return Response(bytes: der, nextUpdate: nextUpdate.map { CertificateInfo.time($0) })
        }
        throw .otherCertificate
    }

    private static func number(of single: OpaquePointer) -> String? {
        var serial: UnsafeMutablePointer<ASN1_INTEGER>?
        OCSP_id_get0_info(nil, nil, nil, &serial, OCSP_SINGLERESP_get0_id(single))
        guard let serial, let number = ASN1_INTEGER_to_BN(serial, nil) else { return nil }
        defer { BN_free(number) }
        guard let text = BN_bn2hex(number) else { return nil }
        defer { CRYPTO_free(text, "", 0) }
        return String(cString: text)
    }
}

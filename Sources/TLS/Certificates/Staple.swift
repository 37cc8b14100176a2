import CRepriseOpenSSL
package import RepriseVocabulary

/// A certificate's OCSP response (RFC 6066 §8), which can be replaced while connections use it.
///
/// Shared by all workers; its lock is held for the length of one reference's copy.
package final class Staple: Sendable {
    // Written in init only; libcrypto counts their references atomically.
    private nonisolated(unsafe) let certificate: OpaquePointer
    private nonisolated(unsafe) let issuer: OpaquePointer?
    private let response = Locked<StapledResponse?>(nil)

    /// No response yet; `issuer` is the next certificate of its chain.
    init(certificate: OpaquePointer, issuer: OpaquePointer?) {
        X509_up_ref(certificate)
        self.certificate = certificate
        if let issuer { X509_up_ref(issuer) }
        self.issuer = issuer
    }

    deinit {
        X509_free(certificate)
        X509_free(issuer)
    }

    /// Replaces the response.
    ///
    /// It must parse, be successful and speak of the certificate (by issuer and serial number; by the serial number
    /// alone where the chain has no issuer). Its signature is the clients' to verify.
    /// - Throws: ``StapleError``; the old response then stays.
    package func replace(der: [UInt8]) throws(StapleError) {
        let new = try StapledResponse(der: der, certificate: certificate, issuer: issuer)
        response.withLock { $0 = new }
    }

    /// Takes the response away: nothing is stapled.
    package func remove() {
        response.withLock { $0 = nil }
    }

    /// Whether there is a response, expired or not.
    package var isPresent: Bool { response.withLock { $0 != nil } }

    /// The time by which the response must be replaced; `nil` when it does not say, or there is none.
    package var nextUpdate: WallTime? { response.withLock { $0?.nextUpdate } }

    /// The response to staple now: `nil` when there is none or it has expired.
    var current: StapledResponse? {
        guard let response = response.withLock({ $0 }), !response.isExpired else { return nil }
        return response
    }
}

/// Why an OCSP response cannot be stapled.
package enum StapleError: Error, Sendable, Hashable {
    case empty
    case tooLarge(bytes: Int)
    /// Not the DER form of an OCSPResponse (RFC 6960 §4.2.1), or more than one.
    case notOCSP
    /// The responder refused: its status, such as `tryLater`.
    case unsuccessful(status: String)
    /// The response speaks of other certificates.
    case aboutAnotherCertificate
}

extension StapleError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "the file is empty"
        case .tooLarge(let bytes): "\(bytes) bytes, more than \(TLSLimits.stapleBytes)"
        case .notOCSP: "not an OCSP response in DER form"
        case .unsuccessful(let status): "the responder answered '\(status)'"
        case .aboutAnotherCertificate: "it does not speak of this certificate"
        }
    }
}

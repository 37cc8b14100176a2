import CRepriseOpenSSL
import Glibc
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
    /// It must parse, be successful, speak of the certificate (by issuer and serial number), be signed by the issuer or its
    /// responder, and say that the certificate is good. Where the chain has no issuer the serial number has to do, and nothing
    /// verifies the signature. Its time is looked at when it is stapled.
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

    /// The response to staple now: `nil` when there is none or its time is over or to come. It uses the clock that libcrypto
    /// compares with, because libcrypto is the caller: a callback in a handshake.
    var current: StapledResponse? {
        guard let response = response.withLock({ $0 }) else { return nil }
        return response.isCurrent(at: WallTime(secondsSinceEpoch: Int64(time(nil)))) ? response : nil
    }

    /// Why the response is not stapled at that moment; `nil` when it is, or there is none.
    package func warning(at now: WallTime) -> CertificateWarning? {
        guard let response = response.withLock({ $0 }) else { return nil }
        if response.isCurrent(at: now) { return issuer == nil ? .stapleUnverified : nil }
        guard let begin = response.thisUpdate, begin <= now.later(by: StapledResponse.skew) else {
            return .stapleNotYetValid(until: response.thisUpdate)
        }
        return .stapleExpired(since: response.nextUpdate)
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
    /// Neither the issuer nor a responder of its own has signed it.
    case badSignature(detail: String)
    /// It says that the certificate is revoked.
    case revoked(since: WallTime?)
    /// It says that the responder does not know the certificate.
    case unknownToResponder
}

extension StapleError {
    /// Whether the responder has said that the certificate is not good.
    package var isAboutCertificate: Bool {
        switch self {
        case .revoked, .unknownToResponder: true
        default: false
        }
    }
}

extension StapleError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "the file is empty"
        case .tooLarge(let bytes): "\(bytes) bytes, more than \(TLSLimits.stapleBytes)"
        case .notOCSP: "not an OCSP response in DER form"
        case .unsuccessful(let status): "the responder answered '\(status)'"
        case .aboutAnotherCertificate: "it does not speak of this certificate"
        case .badSignature(let detail):
            "neither the certificate's issuer nor a responder that it has named has signed it (\(detail))"
        case .revoked(let since): "it says that the certificate is revoked" + (since.map { ", since \($0)" } ?? "")
        case .unknownToResponder: "it says that the responder does not know the certificate"
        }
    }
}

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

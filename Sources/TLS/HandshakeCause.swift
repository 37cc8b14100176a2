internal import CLibSSL
internal import Vocabulary

/// Finds the one cause behind libssl's errors and the alerts that were seen.
enum HandshakeCause {
    /// - Parameters:
    ///   - errors: what the queue held after the failed call.
    ///   - sent: the fatal alert that we sent.
    ///   - received: the fatal alert that came.
    static func find(_ errors: [OpenSSLError], sent: TLSAlert?, received: TLSAlert?) -> HandshakeFailure {
        if let received { return .alertReceived(received) }
        for error in errors where error.library == ERR_LIB_SSL {
            if error.reason >= SSL_AD_REASON_OFFSET {
                return .alertReceived(TLSAlert(code: UInt8(truncatingIfNeeded: error.reason - SSL_AD_REASON_OFFSET)))
            }
            if let cause = byReason[error.reason] { return cause }
        }
        return sent.flatMap { byAlert[$0.code] } ?? .internalError
    }

    private static let byReason: [CInt: HandshakeFailure] = [
        SSL_R_HTTP_REQUEST: .plainHTTP, SSL_R_HTTPS_PROXY_REQUEST: .plainHTTP,
        SSL_R_UNSUPPORTED_PROTOCOL: .unsupportedVersion, SSL_R_VERSION_TOO_LOW: .unsupportedVersion,
        SSL_R_VERSION_TOO_HIGH: .unsupportedVersion, SSL_R_NO_PROTOCOLS_AVAILABLE: .unsupportedVersion,
        SSL_R_WRONG_SSL_VERSION: .unsupportedVersion, SSL_R_UNKNOWN_PROTOCOL: .unsupportedVersion,
        SSL_R_BAD_LEGACY_VERSION: .unsupportedVersion, SSL_R_WRONG_VERSION_NUMBER: .unsupportedVersion,
        SSL_R_NO_SHARED_CIPHER: .noSharedCipher, SSL_R_NO_CIPHERS_SPECIFIED: .noSharedCipher,
        SSL_R_NO_CIPHERS_AVAILABLE: .noSharedCipher,
        SSL_R_NO_SUITABLE_KEY_SHARE: .noSharedGroup, SSL_R_NO_SUITABLE_GROUPS: .noSharedGroup,
        SSL_R_UNSUPPORTED_ELLIPTIC_CURVE: .noSharedGroup, SSL_R_WRONG_CURVE: .noSharedGroup,
        SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM: .noSharedSignatureAlgorithm,
        SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS: .noSharedSignatureAlgorithm,
        SSL_R_NO_APPLICATION_PROTOCOL: .noSharedApplicationProtocol,
        SSL_R_INAPPROPRIATE_FALLBACK: .inappropriateFallback,
        SSL_R_UNEXPECTED_MESSAGE: .unexpectedMessage, SSL_R_UNEXPECTED_RECORD: .unexpectedMessage,
        SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC: .badRecord, SSL_R_DECRYPTION_FAILED: .badRecord,
        SSL_R_DIGEST_CHECK_FAILED: .badRecord, SSL_R_BLOCK_CIPHER_PAD_IS_WRONG: .badRecord,
        SSL_R_CERTIFICATE_VERIFY_FAILED: .badCertificate, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: .badCertificate,
        SSL_R_BAD_SIGNATURE: .badCertificate,
    ]

    /// What an alert of ours says where libssl's reason says nothing: most reasons are one malformed message each.
    private static let byAlert: [UInt8: HandshakeFailure] = [
        10: .unexpectedMessage, 20: .badRecord, 22: .malformed, 40: .noSharedCipher, 42: .badCertificate,
        43: .badCertificate, 44: .badCertificate, 45: .badCertificate, 46: .badCertificate, 47: .malformed,
        48: .badCertificate, 50: .malformed, 51: .badRecord, 70: .unsupportedVersion, 71: .noSharedCipher,
        86: .inappropriateFallback, 109: .malformed, 110: .malformed, 112: .unknownName, 116: .badCertificate,
        120: .noSharedApplicationProtocol,
    ]
}

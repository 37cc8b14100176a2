import CRepriseOpenSSL
import RepriseVocabulary

extension HandshakeFailure {
    /// The cause of a failure that libssl reports.
    ///
    /// The peer's alert decides before libssl's errors, and a precise reason of libssl's before the alert it chose; the
    /// alert sent decides for the many reasons that only name a place in the code.
    init(errors: [OpenSSLError], alertSent: TLSAlert?, alertReceived: TLSAlert?, isTruncated: Bool) {
        if let alertReceived {
            self = .alertReceived(alertReceived)
        } else if let cause = errors.lazy.compactMap(HandshakeFailure.init(reason:)).first {
            self = cause
        } else if let alertSent {
            self = HandshakeFailure(alertSent: alertSent)
        } else {
            self = isTruncated ? .truncated : .internalError
        }
    }

    /// The cause that a reason of libssl's stands for by itself.
    private init?(reason error: OpenSSLError) {
        guard error.library == ERR_LIB_SSL else { return nil }
        switch error.reason {
        case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_CIPHERS_AVAILABLE, SSL_R_NO_CIPHERS_SPECIFIED: self = .noSharedCipher
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_VERSION_TOO_HIGH, SSL_R_UNKNOWN_PROTOCOL,
            SSL_R_UNSUPPORTED_SSL_VERSION, SSL_R_WRONG_SSL_VERSION, SSL_R_NO_PROTOCOLS_AVAILABLE:
            self = .unsupportedVersion
        case SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SUITABLE_GROUPS, SSL_R_NO_SHARED_GROUPS: self = .noSharedGroup
        case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
            self = .noSharedSignatureAlgorithm
        case SSL_R_NO_APPLICATION_PROTOCOL: self = .noSharedApplicationProtocol
        // In TLS 1.2 the alert for it is handshake_failure.
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: self = .certificateRequired
        case SSL_R_CERTIFICATE_VERIFY_FAILED: self = .badCertificate
        case SSL_R_INAPPROPRIATE_FALLBACK: self = .inappropriateFallback
        case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST: self = .plainHTTP
        case SSL_R_UNEXPECTED_EOF_WHILE_READING: self = .truncated
        // A wrong Finished is a wrong key, whichever alert the version asks for; a wrong version in a later record's
        // header does not concern negotiation.
        case SSL_R_DIGEST_CHECK_FAILED, SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, SSL_R_BINDER_DOES_NOT_VERIFY:
            self = .badRecord
        case SSL_R_WRONG_VERSION_NUMBER: self = .malformed
        default: return nil
        }
    }

    private init(alertSent: TLSAlert) {
        switch CInt(alertSent.code) {
        case SSL_AD_UNEXPECTED_MESSAGE, SSL_AD_NO_RENEGOTIATION: self = .unexpectedMessage
        case SSL_AD_BAD_RECORD_MAC, SSL_AD_DECRYPTION_FAILED, SSL_AD_DECRYPT_ERROR: self = .badRecord
        case SSL_AD_BAD_CERTIFICATE, SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_CERTIFICATE_REVOKED,
            SSL_AD_CERTIFICATE_EXPIRED, SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNKNOWN_CA, SSL_AD_CERTIFICATE_REQUIRED:
            self = .badCertificate
        case SSL_AD_DECODE_ERROR, SSL_AD_ILLEGAL_PARAMETER, SSL_AD_RECORD_OVERFLOW, SSL_AD_MISSING_EXTENSION,
            SSL_AD_UNSUPPORTED_EXTENSION, SSL_AD_DECOMPRESSION_FAILURE:
            self = .malformed
        case SSL_AD_PROTOCOL_VERSION: self = .unsupportedVersion
        case SSL_AD_HANDSHAKE_FAILURE, SSL_AD_INSUFFICIENT_SECURITY: self = .noSharedCipher
        case SSL_AD_INAPPROPRIATE_FALLBACK: self = .inappropriateFallback
        case SSL_AD_NO_APPLICATION_PROTOCOL: self = .noSharedApplicationProtocol
        case SSL_AD_UNRECOGNIZED_NAME: self = .unknownName
        default: self = .internalError
        }
    }

    /// The cause of a peer's certificate that was refused, by libcrypto's verdict (X509_STORE_CTX_get_error(3)).
    init(refusedPeerBy verdict: Int) {
        switch CInt(verdict) {
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: self = .certificateExpired
        case X509_V_ERR_CERT_REVOKED: self = .certificateRevoked
        case X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CRL_NOT_YET_VALID: self = .crlExpired
        case X509_V_ERR_UNABLE_TO_GET_CRL: self = .crlMissing
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED:
            self = .unknownAuthority
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: self = .otherCertificateName
        default: self = .badCertificate
        }
    }
}

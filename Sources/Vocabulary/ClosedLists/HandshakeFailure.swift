/// Why a handshake did not succeed: a closed list, one cause for each failed handshake.
///
/// ``Kind`` says what each means.
///
/// ```swift
/// let failure = HandshakeFailure.alertReceived(TLSAlert(code: 48))
/// print(failure)  // alert_received(unknown_ca)
/// print(failure.kind.meaning)
/// ```
public enum HandshakeFailure: Sendable, Hashable {
    case plainHTTP
    case notTLS
    case unsupportedVersion
    case noSharedCipher
    case noSharedGroup
    case noSharedSignatureAlgorithm
    case noSharedApplicationProtocol
    case unknownName
    case inappropriateFallback
    case malformed
    case unexpectedMessage
    case badRecord
    case badCertificate
    case certificateRequired
    case certificateExpired
    case certificateRevoked
    case crlExpired
    case crlMissing
    case unknownAuthority
    case otherCertificateName
    case alertReceived(TLSAlert)
    case timeout
    case truncated
    case clientReset
    case stopped
    case madeWay
    case internalError
    case resumptionDenied
    case resumptionDefect
    case helloTooLarge
    case refusedByRouter
    case probe
    case proxyHeaderUnexpected
    case proxyHeaderUntrusted
    case proxyHeaderMissing
    case proxyHeaderMalformed
    case proxyHeaderTimeout
    case overLimit

    /// The cause without the alert's name.
    public var kind: Kind {
        switch self {
        case .plainHTTP: .plainHTTP
        case .notTLS: .notTLS
        case .unsupportedVersion: .unsupportedVersion
        case .noSharedCipher: .noSharedCipher
        case .noSharedGroup: .noSharedGroup
        case .noSharedSignatureAlgorithm: .noSharedSignatureAlgorithm
        case .noSharedApplicationProtocol: .noSharedApplicationProtocol
        case .unknownName: .unknownName
        case .inappropriateFallback: .inappropriateFallback
        case .malformed: .malformed
        case .unexpectedMessage: .unexpectedMessage
        case .badRecord: .badRecord
        case .badCertificate: .badCertificate
        case .certificateRequired: .certificateRequired
        case .certificateExpired: .certificateExpired
        case .certificateRevoked: .certificateRevoked
        case .crlExpired: .crlExpired
        case .crlMissing: .crlMissing
        case .unknownAuthority: .unknownAuthority
        case .otherCertificateName: .otherCertificateName
        case .alertReceived: .alertReceived
        case .timeout: .timeout
        case .truncated: .truncated
        case .clientReset: .clientReset
        case .stopped: .stopped
        case .madeWay: .madeWay
        case .internalError: .internalError
        case .resumptionDenied: .resumptionDenied
        case .resumptionDefect: .resumptionDefect
        case .helloTooLarge: .helloTooLarge
        case .refusedByRouter: .refusedByRouter
        case .probe: .probe
        case .proxyHeaderUnexpected: .proxyHeaderUnexpected
        case .proxyHeaderUntrusted: .proxyHeaderUntrusted
        case .proxyHeaderMissing: .proxyHeaderMissing
        case .proxyHeaderMalformed: .proxyHeaderMalformed
        case .proxyHeaderTimeout: .proxyHeaderTimeout
        case .overLimit: .overLimit
        }
    }
}

extension HandshakeFailure {
    /// The causes, without what differs from alert to alert.
    ///
    /// ```swift
    /// if let cause = HandshakeFailure.Kind(word: "no_shared_cipher") {  // as the log and the metrics have it
    ///     print("\(cause.meaning) It comes from the \(cause.origin.rawValue).")
    /// }
    /// ```
    public enum Kind: Int, FailureList {
        case plainHTTP, notTLS, unsupportedVersion, noSharedCipher, noSharedGroup, noSharedSignatureAlgorithm
        case noSharedApplicationProtocol, unknownName, inappropriateFallback, malformed, unexpectedMessage, badRecord
        case badCertificate, certificateRequired, certificateExpired, certificateRevoked, crlExpired, crlMissing
        case unknownAuthority, otherCertificateName, alertReceived, timeout, truncated, clientReset, stopped, madeWay,
            internalError
        case resumptionDenied, resumptionDefect, helloTooLarge, refusedByRouter, probe
        case proxyHeaderUnexpected, proxyHeaderUntrusted, proxyHeaderMissing, proxyHeaderMalformed, proxyHeaderTimeout
        case overLimit

        public static let title = "Causes of a failed handshake"

        public var row: FailureRow {
            switch self {
            case .plainHTTP:
                FailureRow("plain_http", "The first bytes were an HTTP request in the clear.", .client, retry: false)
            case .notTLS: FailureRow("not_tls", "The first bytes were not a TLS record.", .client, retry: false)
            case .unsupportedVersion:
                FailureRow(
                    "unsupported_version",
                    "There is no TLS version that both sides speak, or the hello was SSLv2's or SSLv3's.", .client,
                    retry: false
                )
            case .noSharedCipher:
                FailureRow(
                    "no_shared_cipher", "There is no cipher that both sides speak and a certificate serves.", .client,
                    retry: false)
            case .noSharedGroup:
                FailureRow(
                    "no_shared_group", "The sides have no key-exchange group in common (RFC 8446 §4.2.7).", .client,
                    retry: false)
            case .noSharedSignatureAlgorithm:
                FailureRow(
                    "no_shared_signature_algorithm",
                    "The sides have no signature algorithm in common (RFC 8446 §4.2.3).", .client, retry: false
                )
            case .noSharedApplicationProtocol:
                FailureRow(
                    "no_shared_application_protocol",
                    "The sides have no application protocol in common (RFC 7301 §3.2).", .client, retry: false
                )
            case .unknownName:
                FailureRow(
                    "unknown_name",
                    "The name asked for is not served here, and `unknown_names: reject` is set (RFC 6066 §3).", .client,
                    retry: false
                )
            case .inappropriateFallback:
                FailureRow(
                    "inappropriate_fallback",
                    "A downgrade was tried: TLS_FALLBACK_SCSV from a client that could do better (RFC 7507).", .client,
                    retry: false
                )
            case .malformed:
                FailureRow(
                    "malformed", "A message or an extension cannot be parsed, or breaks the protocol's rules.", .client,
                    retry: false)
            case .unexpectedMessage:
                FailureRow("unexpected_message", "A message came that may not come here.", .client, retry: false)
            case .badRecord:
                FailureRow(
                    "bad_record", "A record's protection does not hold (bad MAC, wrong key).", .client, retry: true)
            case .badCertificate:
                FailureRow(
                    "bad_certificate",
                    "The client's certificate was refused for another reason than those below; `detail` has libcrypto's words.",
                    .client, retry: false)
            case .certificateRequired:
                FailureRow(
                    "certificate_required",
                    "The client showed no certificate, and `client_auth.mode: require` demands one.", .client,
                    retry: false)
            case .certificateExpired:
                FailureRow(
                    "certificate_expired",
                    "A certificate of the client's chain has expired, or is not valid yet.", .client, retry: false)
            case .certificateRevoked:
                FailureRow(
                    "certificate_revoked", "A certificate of the chain is on a revocation list.", .client,
                    retry: false)
            case .crlExpired:
                FailureRow(
                    "crl_expired",
                    "The revocation list that covers the chain is past its nextUpdate, or not yet valid: `crl` needs a fresh one.",
                    .proxy, retry: true)
            case .crlMissing:
                FailureRow(
                    "crl_missing", "No revocation list in `crl` covers the chain of the client, or of the server.",
                    .proxy,
                    retry: true)
            case .unknownAuthority:
                FailureRow(
                    "unknown_authority", "The chain of the client, or of the server, leads to no certificate in `ca`.",
                    .client,
                    retry: false)
            case .otherCertificateName:
                FailureRow(
                    "other_certificate_name",
                    "The client's certificate is good, and has none of the names in `client_auth.names`; a server's is for another name.",
                    .client,
                    retry: false)
            case .alertReceived:
                FailureRow("alert_received", "The client ended the handshake with an alert.", .client, retry: false)
            case .timeout: FailureRow("timeout", "`timeouts.handshake` ran out.", .client, retry: true)
            case .truncated:
                FailureRow("client_went_away", "The client's stream ended in the middle.", .client, retry: true)
            case .clientReset:
                FailureRow("client_reset", "The client reset its connection in the middle.", .client, retry: true)
            case .stopped:
                FailureRow(
                    "stopped", "Reprise was stopped, or the listener drained, in the middle.", .proxy, retry: true)
            case .madeWay:
                FailureRow(
                    "made_way",
                    "It made way for another client's handshake, because `limits.handshakes` or a client's share of them was used up.",
                    .proxy, retry: true
                )
            case .internalError:
                FailureRow("internal_error", "Something was wrong on Reprise's side.", .proxy, retry: true)
            case .resumptionDenied:
                FailureRow(
                    "resumption_denied", "The lineage of a session was denied while a handshake resumed it.", .proxy,
                    retry: true)
            case .resumptionDefect:
                FailureRow(
                    "resumption_defect",
                    "A session was resumed that must not be: a defect of Reprise, which was noticed in time.", .proxy,
                    retry: true
                )
            case .helloTooLarge:
                FailureRow(
                    "hello_too_large", "A ClientHello has more of something than is read.", .client, retry: false)
            case .refusedByRouter:
                FailureRow(
                    "refused_by_router",
                    "The router refuses the connection with an alert, before a full TLS 1.2 handshake is done.", .proxy,
                    retry: false)
            case .probe:
                FailureRow(
                    "probe",
                    "The client connected and left without a byte, as health checks of balancers do: no failure, and counted by `reprise_probes_total` alone.",
                    .client, retry: true)
            case .proxyHeaderUnexpected, .proxyHeaderUntrusted, .proxyHeaderMissing, .proxyHeaderMalformed,
                .proxyHeaderTimeout, .overLimit:
                beforeTLS
            }
        }

        /// What goes wrong before TLS begins, where a proxy is to say who the client is.
        private var beforeTLS: FailureRow {
            switch self {
            case .proxyHeaderUntrusted:
                FailureRow(
                    "proxy_header_untrusted",
                    "A PROXY protocol header, or a client of a listener that demands one, came from an address that is not in `trusted_proxies`.",
                    .client, retry: false)
            case .proxyHeaderMissing:
                FailureRow(
                    "proxy_header_missing",
                    "The connection did not begin with the PROXY protocol header that the listener demands.", .client,
                    retry: false)
            case .proxyHeaderMalformed:
                FailureRow(
                    "proxy_header_malformed", "The PROXY protocol header cannot be read; `detail` says why.", .client,
                    retry: false)
            case .proxyHeaderTimeout:
                FailureRow(
                    "proxy_header_timeout", "The PROXY protocol header was not complete in `timeouts.proxy_header`.",
                    .client, retry: true)
            case .overLimit:
                FailureRow(
                    "over_limit",
                    "A limit refused the client that the PROXY protocol header named; `detail` has the limit.", .proxy,
                    retry: true)
            default:
                FailureRow(
                    "proxy_header_unexpected",
                    "A PROXY protocol header came where none is taken: `proxy_protocol` is off, or it was the second.",
                    .client, retry: false)
            }
        }
    }
}

extension HandshakeFailure: CustomStringConvertible {
    /// The word of ``kind``, with the alert's name where there is one: `alert_received(unknown_ca)`.
    public var description: String {
        if case .alertReceived(let alert) = self { "\(kind.word)(\(alert.name))" } else { kind.word }
    }
}

/// Why a handshake did not succeed: a closed list, one cause for each failed handshake.
public enum HandshakeFailure: Sendable, Hashable {
    /// The first bytes were an HTTP request in the clear.
    case plainHTTP
    /// The first bytes were not a TLS record.
    case notTLS
    /// No TLS version that both sides speak (or an SSLv2, SSLv3 hello).
    case unsupportedVersion
    /// No cipher that both sides speak and a certificate serves.
    case noSharedCipher
    /// No key-exchange group in common (RFC 8446 §4.2.7).
    case noSharedGroup
    /// No signature algorithm in common (RFC 8446 §4.2.3).
    case noSharedSignatureAlgorithm
    /// No application protocol in common (RFC 7301 §3.2).
    case noSharedApplicationProtocol
    /// The name asked for is not served here, and `unknown_names: reject` is set (RFC 6066 §3).
    case unknownName
    /// A downgrade was tried: TLS_FALLBACK_SCSV from a client that could do better (RFC 7507).
    case inappropriateFallback
    /// A message or an extension that cannot be parsed, or breaks the protocol's rules.
    case malformed
    /// A ClientHello with more of something than is read (docs/threat-model.md).
    case helloTooLarge
    /// A message that may not come here.
    case unexpectedMessage
    /// A record whose protection does not hold (bad MAC, wrong key).
    case badRecord
    /// The client's certificate was refused.
    case badCertificate
    /// The client ended the handshake with that alert.
    case alertReceived(TLSAlert)
    /// `timeouts.handshake` ran out.
    case timeout
    /// The client's stream ended in the middle.
    case truncated
    /// The client reset its connection in the middle.
    case clientReset
    /// The proxy was stopped or drained in the middle.
    case stopped
    /// It made way for another client's handshake, because `limits.handshakes` or a client's share of them was used up.
    case madeWay
    /// A fault on our side.
    case internalError
    /// The lineage of a session was denied while a handshake resumed it.
    case resumptionDenied
    /// A session was resumed that must not be: a defect of ours, which was noticed in time.
    case resumptionDefect

    /// The word in logs and metrics.
    public var name: String { Self.names[index] }

    /// Every ``name``, in the order of ``index``.
    public static let names = [
        "plain_http", "not_tls", "unsupported_version", "no_shared_cipher", "no_shared_group",
        "no_shared_signature_algorithm", "no_shared_application_protocol", "unknown_name",
        "inappropriate_fallback", "malformed", "unexpected_message", "bad_record", "bad_certificate",
        "alert_received", "timeout", "client_went_away", "client_reset", "stopped", "made_way", "internal_error",
        "resumption_denied", "resumption_defect", "hello_too_large",
    ]

    /// The place of ``name`` in ``names``.
    public var index: Int {
        switch self {
        case .plainHTTP: 0
        case .notTLS: 1
        case .unsupportedVersion: 2
        case .noSharedCipher: 3
        case .noSharedGroup: 4
        case .noSharedSignatureAlgorithm: 5
        case .noSharedApplicationProtocol: 6
        case .unknownName: 7
        case .inappropriateFallback: 8
        case .malformed: 9
        case .unexpectedMessage: 10
        case .badRecord: 11
        case .badCertificate: 12
        case .alertReceived: 13
        case .timeout: 14
        case .truncated: 15
        case .clientReset: 16
        case .stopped: 17
        case .madeWay: 18
        case .internalError: 19
        case .resumptionDenied: 20
        case .resumptionDefect: 21
        case .helloTooLarge: 22
        }
    }
}

extension HandshakeFailure: CustomStringConvertible {
    /// ``name``, with the alert's name where there is one: `alert_received(unknown_ca)`.
    public var description: String {
        if case .alertReceived(let alert) = self { "\(name)(\(alert.name))" } else { name }
    }
}

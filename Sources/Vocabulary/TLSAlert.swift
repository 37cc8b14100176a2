/// A TLS alert description (RFC 8446 §6, RFC 5246 §7.2, RFC 7301 §3.2).
///
/// ```swift
/// print(TLSAlert(code: 40).name)  // handshake_failure
/// print(TLSAlert.accessDenied.code)  // 49
/// ```
public struct TLSAlert: Sendable, Hashable {
    /// The number on the wire.
    public let code: UInt8

    /// The alert of that number.
    public init(code: UInt8) {
        self.code = code
    }

    /// The RFC's name, such as `handshake_failure`; `alert_N` for a number that no RFC names.
    public var name: String {
        Self.names[code] ?? "alert_\(code)"
    }

    /// Whether the alert says that what was received is not what a peer with the same keys can have sent: RFC 8446 §6.2
    /// and RFC 5246 §7.2.2 let these be seen between proper implementations only where messages were corrupted on the
    /// way.
    ///
    /// Every other alert is about something else: certificates, parameters, access, an internal error of the sender.
    public var tellsOfCorruption: Bool {
        switch code {
        // unexpected_message, bad_record_mac, decryption_failed, record_overflow, decompression_failure
        case 10, 20, 21, 22, 30: true
        // illegal_parameter, decode_error, decrypt_error
        case 47, 50, 51: true
        default: false
        }
    }

    public static let closeNotify = TLSAlert(code: 0)
    public static let unexpectedMessage = TLSAlert(code: 10)
    public static let badRecordMAC = TLSAlert(code: 20)
    public static let handshakeFailure = TLSAlert(code: 40)
    public static let accessDenied = TLSAlert(code: 49)
    public static let decodeError = TLSAlert(code: 50)
    public static let protocolVersion = TLSAlert(code: 70)
    public static let internalError = TLSAlert(code: 80)
    public static let unrecognizedName = TLSAlert(code: 112)
    public static let noApplicationProtocol = TLSAlert(code: 120)

    /// Every alert that has a name, by its number.
    public static let names: [UInt8: String] = [
        0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed",
        22: "record_overflow", 30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate",
        42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired",
        46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied",
        50: "decode_error", 51: "decrypt_error", 60: "export_restriction", 70: "protocol_version",
        71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled",
        100: "no_renegotiation", 109: "missing_extension", 110: "unsupported_extension",
        111: "certificate_unobtainable", 112: "unrecognized_name", 113: "bad_certificate_status_response",
        114: "bad_certificate_hash_value", 115: "unknown_psk_identity", 116: "certificate_required",
        120: "no_application_protocol",
    ]
}

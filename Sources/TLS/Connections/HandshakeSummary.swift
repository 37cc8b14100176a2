import CRepriseOpenSSL
package import RepriseVocabulary

/// What the peers asked for and agreed in a handshake, as far as we know.
package struct HandshakeSummary: Sendable, Hashable {
    package typealias Resumption = ResumptionMeans

    /// What the client asked for in server_name, escaped to printable ASCII; `nil` when it named none.
    package var serverName: String?
    /// The host that was chosen.
    package var hostID: String?
    package var version: TLSVersion?
    /// OpenSSL's name of the cipher or suite.
    package var cipher: String? { cipherName.map { String(cString: $0.pointer) } }
    private var cipherName: CipherName?
    /// The key-exchange group; `nil` where there was none.
    package var group: String?
    /// What the group rests on.
    package var groupClass: GroupClass { GroupClass(name: group) }
    /// The application protocol, escaped to printable ASCII.
    package var alpn: String?
    package var resumed = Resumption.no

    package init() {}

    /// A name in libssl's own table, which lasts as long as the process: a connection need not hold a copy that is read at
    /// its end alone.
    // @unchecked: nothing writes to that table.
    private struct CipherName: @unchecked Sendable, Hashable {
        let pointer: UnsafePointer<CChar>
    }
}

extension HandshakeSummary {
    /// Adds what libssl knows of a finished handshake.
    mutating func add(from ssl: OpaquePointer, carriedTicket: Bool) {
        version = TLSVersion(rawValue: Int(SSL_version(ssl)))
        cipherName = SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)).map { CipherName(pointer: $0) }
        group = Self.groupName(of: ssl)
        alpn = Self.applicationProtocol(of: ssl)
        guard SSL_session_reused(ssl) == 1 else { return }
        if version == .tls1_3 {
            resumed = .psk
        } else {
            // libssl ignores the id when a ticket comes along and tickets are on.
            let takesTickets = SSL_get_options(ssl) & reprise_op_no_ticket() == 0
            resumed = carriedTicket && takesTickets ? .ticket : .sessionID
        }
    }

    private static func applicationProtocol(of ssl: OpaquePointer) -> String? {
        var start: UnsafePointer<UInt8>?
        var count: CUnsignedInt = 0
        SSL_get0_alpn_selected(ssl, &start, &count)
        guard let start, count > 0 else { return nil }
        return String(escaping: UnsafeBufferPointer(start: start, count: Int(count)))
    }

    private static func groupName(of ssl: OpaquePointer) -> String? {
        let number = reprise_ssl_group(ssl)
        return switch number {
        case NID_undef: nil
        case NID_X25519: "X25519"
        case NID_X448: "X448"
        case NID_X9_62_prime256v1: "P-256"
        case NID_secp384r1: "P-384"
        case NID_secp521r1: "P-521"
        // Hybrid groups have no number of their own in libcrypto, and asking for one leaves an error.
        default: SSL_group_to_name(ssl, number).map { String(cString: $0) } ?? "group_\(number)"
        }
    }
}

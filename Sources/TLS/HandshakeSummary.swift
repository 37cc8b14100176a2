/// How a connection's session was come by.
package enum Resumption: Sendable, Hashable, CaseIterable {
    /// By a full handshake.
    case no
    /// TLS 1.2 and before, by session id.
    case sessionID
    /// TLS 1.2 and before, by ticket (RFC 5077).
    case ticket
    /// TLS 1.3, by pre-shared key (RFC 8446 §2.2).
    case psk
}

extension Resumption: CustomStringConvertible {
    /// The word in logs and metrics.
    package var description: String {
        switch self {
        case .no: "no"
        case .sessionID: "id"
        case .ticket: "ticket"
        case .psk: "psk"
        }
    }
}

/// What is known of a handshake: all of it when it is done, else as far as it came.
package struct HandshakeSummary: Sendable, Hashable {
    /// The negotiated version; `nil` before that.
    package internal(set) var version: TLSVersion?
    /// libssl's name of the cipher.
    package internal(set) var cipher: String?
    /// The key-exchange group; `nil` where there was no key exchange.
    package internal(set) var group: String?
    package internal(set) var alpn: String?
    /// The name that the client asked for, as it wrote it (at most 255 bytes, any characters).
    package internal(set) var serverName: String?
    /// The host that answered.
    package internal(set) var hostID: String?
    package internal(set) var resumed = Resumption.no

    package init() {}
}

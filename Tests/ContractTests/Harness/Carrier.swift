import CRepriseOpenSSL

/// The four ways that libssl lets a session come back.
enum Carrier: String, CaseIterable, Sendable {
    case id = "TLS 1.2 id"
    case ticket = "TLS 1.2 ticket"
    case stateless = "TLS 1.3 stateless"
    case stateful = "TLS 1.3 stateful"

    static let tls12: [Carrier] = [.id, .ticket]
    static let tls13: [Carrier] = [.stateless, .stateful]
    /// The server remembers; the client has a name for it.
    static let remembered: [Carrier] = [.id, .stateful]
    /// The client carries all of it.
    static let sealed: [Carrier] = [.ticket, .stateless]

    var version: CInt { self == .id || self == .ticket ? TLS1_2_VERSION : TLS1_3_VERSION }
}

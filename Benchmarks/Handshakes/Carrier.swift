import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary

/// A kind of handshake that is counted.
enum Carrier: String, CaseIterable {
    /// Nothing resumes, nothing is handed out: what a server does apart from sessions.
    case off12 = "off-1.2"
    case off13 = "off-1.3"
    case id12 = "id-1.2"
    case ticket12 = "ticket-1.2"
    case ticket13 = "ticket-1.3"
    case stateful13 = "stateful-1.3"
    /// Full handshakes that hand out what the cases above resume.
    case fullID12 = "full-id-1.2"
    case fullTicket12 = "full-ticket-1.2"
    case fullTicket13 = "full-ticket-1.3"
    case fullStateful13 = "full-stateful-1.3"

    var isTLS13: Bool {
        switch self {
        case .off13, .ticket13, .stateful13, .fullTicket13, .fullStateful13: true
        default: false
        }
    }

    /// What the server resumes by.
    var mode: SessionSettings.Mode {
        switch self {
        case .off12, .off13: .off
        case .id12, .fullID12, .stateful13, .fullStateful13: .stateful
        case .ticket12, .fullTicket12, .ticket13, .fullTicket13: .stateless
        }
    }

    var resumes: Bool {
        switch self {
        case .id12, .ticket12, .ticket13, .stateful13: true
        default: false
        }
    }

    /// A client for the next handshake.
    func client(resuming session: MemoryClient.Session?) -> MemoryClient.Options {
        var options = MemoryClient.Options(serverName: "a.test")
        options.maximumVersion = isTLS13 ? .tls1_3 : .tls1_2
        options.minimumVersion = options.maximumVersion
        // One cipher, so that a session is as large at either server.
        options.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"
        options.ciphersuites = "TLS_AES_128_GCM_SHA256"
        // The second for the certificate (RFC 8422 §5.1).
        options.groups = "X25519:P-256"
        options.resuming = session
        return options
    }
}

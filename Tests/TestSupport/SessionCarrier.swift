package import RepriseTLS
package import RepriseVocabulary

/// The four ways that a session comes back.
package enum SessionCarrier: String, Sendable, CaseIterable {
    case id = "TLS 1.2 id"
    case ticket = "TLS 1.2 ticket"
    case stateless = "TLS 1.3 stateless"
    case stateful = "TLS 1.3 stateful"

    package var version: TLSVersion { self == .id || self == .ticket ? .tls1_2 : .tls1_3 }
    package var isStateful: Bool { self == .id || self == .stateful }
    /// The mode of a listener that uses it.
    package var mode: SessionSettings.Mode { self == .stateful ? .stateful : .both }

    package var means: HandshakeSummary.Resumption {
        switch self {
        case .id: .sessionID
        case .ticket: .ticket
        case .stateless, .stateful: .psk
        }
    }

    /// The log's word for how it resumed.
    package var word: String {
        switch self {
        case .id: "id"
        case .ticket: "ticket"
        case .stateless, .stateful: "psk"
        }
    }

    /// A client that uses it.
    package func client(
        _ name: String? = "a.test", resuming session: MemoryClient.Session? = nil
    ) -> MemoryClient.Options {
        var options = MemoryClient.Options(serverName: name)
        options.maximumVersion = version
        options.offersTickets = self != .id
        options.resuming = session
        return options
    }
}

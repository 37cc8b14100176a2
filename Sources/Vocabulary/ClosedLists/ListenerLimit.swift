/// The limits of a listener that turn clients away, in the words of the configuration's `limits`.
package enum ListenerLimit: Int, ClosedList {
    case connections, handshakes, handshakesPerClient, handshakeRate, perClient, keyUpdates

    package static let title = "Limits of a listener"

    package var text: (word: String, meaning: String) {
        switch self {
        case .connections: ("connections", "As many connections were open as `limits.connections` allows.")
        case .handshakes:
            ("handshakes", "`limits.handshakes` was used up, and no handshake could make way.")
        case .handshakesPerClient:
            (
                "handshakes_per_client",
                "The client's share of the handshakes, `limits.handshakes_per_client`, was used up."
            )
        case .handshakeRate:
            ("handshake_rate", "More handshakes began in a second than `limits.handshake_rate` allows.")
        case .perClient: ("per_client", "The client had as many connections as `limits.per_client` allows.")
        case .keyUpdates:
            ("key_updates", "The client sent more KeyUpdate messages in a second than `limits.key_updates` allows.")
        }
    }
}

/// The limits of a listener that refuse a connection, in the words of the configuration's `limits`.
package enum RefusingLimit: String, Sendable, Hashable, CaseIterable {
    case connections
    case handshakes
    case handshakeRate = "handshake_rate"
    case perClient = "per_client"
    case keyUpdates = "key_updates"
}

public import RepriseVocabulary

/// All sessions that descend from one full handshake: what is known of them, wherever they are carried.
public struct Lineage: Sendable, Hashable {
    /// Its name.
    public let id: LineageID
    /// When the full handshake was, to the second.
    public let authenticatedAt: WallTime
    /// How often it was resumed: exactly in TLS 1.3, at least so often in TLS 1.2, which need not renew a ticket.
    public internal(set) var renewals: UInt32

    init(id: LineageID, authenticatedAt: WallTime, renewals: UInt32 = 0) {
        self.id = id
        self.authenticatedAt = authenticatedAt
        self.renewals = renewals
    }
}

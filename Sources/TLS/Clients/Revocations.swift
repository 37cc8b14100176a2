import Vocabulary

/// What revocation lists say.
struct Revocations: Sendable {
    /// What they revoke.
    var revoked: Set<PeerChain.Certificate> = []
    /// Until when there is a list, by the digest of its issuer's name.
    private var lists: [UInt32: WallTime] = [:]

    mutating func add(list issuer: UInt32, until end: WallTime) {
        lists[issuer] = max(lists[issuer] ?? end, end)
    }

    /// Whether a certificate is covered by a list that is not too old.
    func cover(_ certificate: PeerChain.Certificate, at time: WallTime) -> Bool {
        lists[certificate.issuer].map { time < $0 } ?? false
    }
}

/// A session that is about to be handed out, or stored: what its keeper decides by.
package struct NewSession: Sendable, Hashable {
    package var isTLS13: Bool
    /// Whether this connection resumed one: then it is a renewal.
    package var isRenewal: Bool
    /// The client's certificate, when this handshake verified one.
    package var peer: PeerChain?
}

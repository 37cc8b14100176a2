/// What is done with a session that a client offers, once it has been opened or found.
package enum SessionAnswer: Sendable, Hashable {
    case resume
    /// A quiet full handshake.
    case refuse
}

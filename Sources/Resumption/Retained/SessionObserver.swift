/// Someone who wants to know of every session that a client is given.
public protocol SessionObserver: Sendable {
    /// A client has been handed a session: an id, or a ticket; each ticket is one.
    ///
    /// Called on the connection's worker, once its handshake is done, in the order of the wire: it must not block.
    func sessionEstablished(_ session: RetainedSession)
}

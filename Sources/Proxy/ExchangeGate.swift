package import RepriseVocabulary

/// Says whether an exchange may be connected, and when; not where to, which is its listener's upstream group.
package protocol ExchangeGate: Sendable {
    /// Asks for one exchange, on the loop of its worker, which it must not hold up.
    ///
    /// - Parameter answer: where the answer comes later, what it is given to, from any thread: whether to connect. Only the
    ///   first counts, and only in `timeouts.connect`.
    /// - Returns: the answer, or `nil` when it comes later.
    func ask(for connection: ConnectionID, _ answer: @escaping @Sendable (Bool) -> Void) -> Bool?
}

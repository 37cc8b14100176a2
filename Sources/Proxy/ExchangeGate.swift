package import RepriseVocabulary

/// Decides whether an exchange may connect, and when; its listener's upstream group decides where to.
package protocol ExchangeGate: Sendable {
    /// Asks for one exchange, on the loop of its worker, which it must not hold up.
    ///
    /// - Parameter answer: takes an answer that comes later, from any thread: whether to connect. Only the first
    ///   counts, and only within `timeouts.connect`.
    /// - Returns: the answer, or `nil` when it comes later.
    func ask(for connection: ConnectionID, _ answer: @escaping @Sendable (Bool) -> Void) -> Bool?
}

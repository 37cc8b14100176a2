public import RepriseVocabulary

/// The result of a handshake's offer to resume a session.
///
/// ```swift
/// let outcome = session.details.outcome
/// print("\(outcome.hostID ?? "no host"): \(outcome.result)")
/// ```
public struct ResumptionOutcome: Sendable, Hashable {
    /// The result of the offer.
    ///
    /// ```swift
    /// switch session.details.outcome.result {
    /// case .notOffered: print("a new client")
    /// case .resumed: print("a client that came back")
    /// case .refused(let reason): print("a client that came back in vain: \(reason.word)")
    /// }
    /// ```
    public enum Result: Sendable, Hashable {
        /// The client offered nothing.
        case notOffered
        /// The server resumed a session that it offered.
        case resumed
        /// The server made a full handshake instead, and why.
        case refused(ResumptionRefusal)
    }

    /// The result of the offer.
    public let result: Result
    /// The host that served the client; `nil` when its ClientHello did not parse.
    public let hostID: String?
    /// The fingerprint of that host and its client_auth policy: what sessions are bound to.
    public let fingerprint: [UInt8]

    package init(result: Result, hostID: String?, fingerprint: [UInt8]) {
        self.result = result
        self.hostID = hostID
        self.fingerprint = fingerprint
    }
}

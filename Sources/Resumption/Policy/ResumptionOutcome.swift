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
    /// What is known of the session that was refused; `nil` when none was, or it could not be read.
    public let refused: RefusedSession?

    package init(result: Result, hostID: String?, fingerprint: [UInt8], refused: RefusedSession? = nil) {
        self.result = result
        self.refused = refused
        self.hostID = hostID
        self.fingerprint = fingerprint
    }
}

/// What is known of a session that a client offered, and that was refused.
///
/// Only we can have written it, but the client has not proved that it is its own.
/// ```swift
/// if let refused = session.details.outcome.refused {
///     print("\(refused.lineage.id) of \(refused.hostID ?? "a host that is not here")", refused.late ?? .zero)
/// }
/// ```
public struct RefusedSession: Sendable, Hashable {
    /// The lineage that it is of.
    public let lineage: Lineage
    /// The id of the host that it was made at; `nil` when no listener of the session domain has that host now.
    public let hostID: String?
    /// By how much it came too late, where time was the reason.
    public let late: Duration?

    init(lineage: Lineage, hostID: String?, late: Duration?) {
        (self.lineage, self.hostID, self.late) = (lineage, hostID, late)
    }
}

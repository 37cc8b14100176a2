public import RepriseVocabulary

/// What came of a handshake's offer to resume a session.
public struct ResumptionOutcome: Sendable, Hashable {
    /// What came of it.
    public enum Result: Sendable, Hashable {
        /// The client offered nothing.
        case notOffered
        /// What it offered was resumed.
        case resumed
        /// A full handshake instead, and why.
        case refused(ResumptionRefusal)
    }

    /// What came of it.
    public let result: Result
    /// The host that the client was served by; `nil` when its ClientHello was not understood.
    public let hostID: String?
    /// The fingerprint of that host and its client_auth policy: what sessions are bound to.
    public let fingerprint: [UInt8]

    package init(result: Result, hostID: String?, fingerprint: [UInt8]) {
        self.result = result
        self.hostID = hostID
        self.fingerprint = fingerprint
    }
}

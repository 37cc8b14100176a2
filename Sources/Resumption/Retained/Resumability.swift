public import RepriseVocabulary

/// Whether a session can be resumed at some moment, and why not.
public enum Resumability: Sendable, Hashable {
    /// Nothing that this process knows of stands against it.
    case yes
    /// A client that offered it would get a full handshake.
    case no(Reason)

    /// Why a session cannot be resumed.
    public enum Reason: Sendable, Hashable {
        /// A TLS 1.3 client gets its session after the handshake (RFC 8446 §4.6.1), and this one has not yet.
        case noTicketYet
        /// The client takes nothing that this listener hands out, or it was handed nothing.
        case notHandedOut
        /// What the client would be told, too.
        case refused(ResumptionRefusal)
    }
}

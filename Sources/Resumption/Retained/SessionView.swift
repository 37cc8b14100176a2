internal import RepriseTLS
internal import RepriseVocabulary

/// The session that a connection is using, lent for the length of a closure: it cannot be stored, and so not outlive the
/// connection (SSL_get0_session(3)). What ``retain()`` gives can.
public struct SessionView: ~Copyable {
    private let live: LiveSession
    private let facts: SessionFacts

    init(_ live: consuming LiveSession, _ facts: SessionFacts) {
        self.live = live
        self.facts = facts
    }

    /// What is known of it now.
    public var details: SessionDetails {
        facts.details(created: live.created, certificates: live.clientCertificates)
    }

    /// A session to keep, whatever becomes of the connection.
    public func retain() -> RetainedSession {
        facts.retained(live.retain(), certificates: live.clientCertificates)
    }
}

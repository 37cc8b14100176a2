internal import RepriseTLS
internal import RepriseVocabulary

/// What a connection knows of its session beside what libssl's object holds.
struct SessionFacts {
    let summary: HandshakeSummary
    let outcome: ResumptionOutcome
    let state: ResumptionState?
    let handle: ResumptionHandle?
    let context: SessionContext
    /// Whether more will be handed out.
    let isToCome: Bool

    func retained(_ reference: SessionReference, certificates: [[UInt8]]) -> RetainedSession {
        RetainedSession(
            reference, details(created: reference.created, certificates: certificates), state, handle,
            isToCome: isToCome, in: context)
    }

    func details(created: WallTime, certificates: [[UInt8]]) -> SessionDetails {
        SessionDetails(
            protocolVersion: summary.version, cipher: summary.cipher, group: summary.group,
            serverName: summary.serverName, applicationProtocol: summary.alpn, clientCertificates: certificates,
            created: created, expires: handle == nil ? nil : state?.expires, lineage: state?.lineage,
            resumedBy: summary.resumed, outcome: outcome, applicationData: state?.applicationData ?? [])
    }
}

/// The session that a connection is using, lent for the length of a closure: it cannot be stored, and so cannot outlive
/// the connection (SSL_get0_session(3)). The result of ``retain()`` can.
///
/// ```swift
/// func keep(_ view: borrowing SessionView) -> RetainedSession? {
///     view.details.protocolVersion == .tls1_3 ? view.retain() : nil
/// }
/// ```
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

    /// A session to keep beyond the connection.
    public func retain() -> RetainedSession {
        facts.retained(live.retain(), certificates: live.clientCertificates)
    }
}

internal import RepriseTLS
internal import RepriseVocabulary

/// Where a session belongs: its host under its policy, and the session domain whose store, ticket keys and deny list
/// decide whether it resumes.
///
/// A live session is tied to it; only its serialised form travels (SSL_get_session(3)).
///
/// ```swift
/// guard let web = await server.sessionContext(listener: "web") else { return }
/// guard let bytes = session.serialized() else { return }  // from another machine, or before a restart
/// try await RetainedSession(serialized: bytes, in: web).store(at: .now)
/// ```
public struct SessionContext: Sendable {
    /// The host's id.
    public let hostID: String
    /// The fingerprint of that host and its client_auth policy: what sessions are bound to.
    public let fingerprint: [UInt8]

    package let domain: SessionDomain
    package let policy: ResumptionPolicy

    package init(hostID: String, fingerprint: [UInt8], domain: SessionDomain, policy: ResumptionPolicy) {
        self.hostID = hostID
        self.fingerprint = fingerprint
        self.domain = domain
        self.policy = policy
    }

    /// Why a session would not be resumed here now, by any listener that has the host.
    func objection(
        to state: ResumptionState, of session: SessionReference, in handle: ResumptionHandle, at time: WallTime
    ) -> ResumptionRefusal? {
        guard let hosts = domain.hosts(of: fingerprint) else {
            return policy.isOn ? policy.objection(to: state, at: time, denyList: domain.denyList) : .off
        }
        var first = ResumptionRefusal.policyChanged
        for (index, host) in hosts.enumerated() {
            let objection = host.objection(to: state, of: session, in: handle, at: time, denyList: domain.denyList)
            guard let objection else { return nil }
            if index == 0 { first = objection }
        }
        return first
    }
}

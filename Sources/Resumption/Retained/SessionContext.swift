internal import TLS
internal import Vocabulary

/// Where a session belongs: its host under its policy, and the session domain whose store, ticket keys and deny list
/// decide whether it resumes.
///
/// A live session is tied to it; only its serialised form travels (SSL_get_session(3)).
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

    /// Why a session that remembers this may not resume here, whatever it is carried in.
    func objection(to memory: SessionMemory, at time: WallTime) -> NotResumed? {
        guard policy.isOn else { return .off }
        switch domain.demand(of: fingerprint) {
        case .gone: return .policyChanged
        case .clients(let clients):
            if memory.peer?.certificates?.contains(where: clients.hasRevoked) == true { return .certificateRevoked }
        case .nothing, .unknown: break
        }
        return policy.objection(to: memory, at: time, denyList: domain.denyList)
    }
}

package import RepriseTLS
internal import RepriseVocabulary

/// A host as a listener of the domain serves it now.
package struct ServedHost: Sendable {
    let terms: HostTerms
    let policy: ResumptionPolicy

    package init(_ terms: HostTerms, _ policy: ResumptionPolicy) {
        self.terms = terms
        self.policy = policy
    }

    /// Why a session of this host would not be resumed.
    func objection(
        to state: ResumptionState, of session: SessionReference, in handle: ResumptionHandle, at time: WallTime,
        denyList: DenyList
    ) -> ResumptionRefusal? {
        guard policy.isOn else { return .off }
        guard terms.takes(session) else { return .mismatch }
        let isTLS13 = session.version == .tls1_3
        switch handle {
        case .ticket: guard terms.sessions.usesTickets(isTLS13: isTLS13) else { return .notFound }
        case .stored: guard terms.sessions.usesStore(isTLS13: isTLS13) else { return .notFound }
        }
        return terms.clients.flatMap { state.objection(of: $0, at: time) }
            ?? policy.objection(to: state, at: time, denyList: denyList)
    }
}

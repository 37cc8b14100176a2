internal import Vocabulary

/// Who may resume what, where and for how long: one listener's settings.
package struct ResumptionPolicy: Sendable, Hashable {
    /// Whether anything resumes.
    package var isOn: Bool
    /// Of one session.
    package var lifetime: Duration
    /// Of all that descend from one full handshake.
    package var maximumChainAge: Duration
    /// A stored TLS 1.3 session resumes once.
    package var isSingleUse: Bool
    /// What endings mean.
    package var verdicts: EndingVerdicts

    package init(
        isOn: Bool = true, lifetime: Duration = .seconds(7200), maximumChainAge: Duration = .seconds(86_400),
        isSingleUse: Bool = false, verdicts: EndingVerdicts = EndingVerdicts()
    ) {
        self.isOn = isOn
        self.lifetime = lifetime
        self.maximumChainAge = maximumChainAge
        self.isSingleUse = isSingleUse
        self.verdicts = verdicts
    }

    /// When a session ends that is handed out now: the first of its own lifetime, its lineage's, and that of the
    /// client's certificates.
    func expiry(at now: WallTime, lineage: Lineage, peer: SessionMemory.Peer?) -> WallTime {
        let end = min(now.adding(lifetime), lineage.authenticatedAt.adding(maximumChainAge))
        return peer.map { min(end, $0.notAfter) } ?? end
    }

    /// Whether a remembered session may be resumed at this moment, apart from where it comes from.
    func objection(to memory: SessionMemory, at now: WallTime, denyList: DenyList) -> NotResumed? {
        if memory.lineage.authenticatedAt.adding(maximumChainAge) <= now { return .chainTooOld }
        // Made by a clock that was ahead: it would outlive its time by as much.
        let doubt = Limits.clockDoubt
        if memory.lineage.authenticatedAt > now.adding(doubt) || memory.expires > now.adding(lifetime).adding(doubt) {
            return .expired
        }
        if let peer = memory.peer {
            if peer.notAfter <= now { return .certificateExpired }
            if peer.certificates == nil { return .chainTooLong }
        }
        if memory.expires <= now { return .expired }
        return denyList.denies(memory.lineage) ? .denied : nil
    }
}

extension WallTime {
    /// The moment so much later, in whole seconds; the ends of time stay where they are.
    func adding(_ duration: Duration) -> WallTime {
        let (seconds, overflow) = secondsSinceEpoch.addingReportingOverflow(duration.components.seconds)
        guard overflow else { return WallTime(secondsSinceEpoch: seconds) }
        return WallTime(secondsSinceEpoch: duration < .zero ? .min : .max)
    }
}

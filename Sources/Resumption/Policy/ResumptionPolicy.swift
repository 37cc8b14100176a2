package import RepriseVocabulary

/// Who may resume what, where and for how long: one listener's settings.
package struct ResumptionPolicy: Sendable, Hashable {
    /// Whether anything resumes.
    package var isOn: Bool
    /// Of one session.
    package var lifetime: Duration { didSet { lifetimeSeconds = lifetime.components.seconds } }
    /// Of all that descend from one full handshake.
    package var maximumChainAge: Duration { didSet { chainSeconds = maximumChainAge.components.seconds } }
    /// Whether a stored TLS 1.3 session resumes only once.
    package var isSingleUse: Bool
    /// What endings mean.
    package var verdicts: EndingVerdicts
    // Computed once: a Duration has 128 bits, and each handshake asks four times.
    private var lifetimeSeconds: Int64
    private var chainSeconds: Int64
    private static let doubtSeconds = Limits.clockDoubt.components.seconds

    package init(
        isOn: Bool, lifetime: Duration, maximumChainAge: Duration, isSingleUse: Bool, verdicts: EndingVerdicts
    ) {
        self.isOn = isOn
        self.lifetime = lifetime
        self.maximumChainAge = maximumChainAge
        lifetimeSeconds = lifetime.components.seconds
        chainSeconds = maximumChainAge.components.seconds
        self.isSingleUse = isSingleUse
        self.verdicts = verdicts
    }

    /// When a session handed out now expires: at the earliest of the ends of its own lifetime, its lineage's, and that
    /// of the client's certificates.
    func expiry(at now: WallTime, lineage: Lineage, peer: ResumptionState.Peer?) -> WallTime {
        let end = min(
            now.wholeSecond.later(bySeconds: lifetimeSeconds), lineage.authenticatedAt.later(bySeconds: chainSeconds))
        return peer.map { min(end, $0.notAfter) } ?? end
    }

    /// Whether a remembered session may be resumed at this moment, apart from where it comes from.
    func objection(to state: ResumptionState, at now: WallTime, denyList: DenyList) -> ResumptionRefusal? {
        if state.lineage.authenticatedAt.later(bySeconds: chainSeconds) <= now { return .chainTooOld }
        // Made by a clock that was ahead: it would outlive its time by as much.
        let doubted = now.later(bySeconds: Self.doubtSeconds)
        if state.lineage.authenticatedAt > doubted || state.expires > doubted.later(bySeconds: lifetimeSeconds) {
            return .expired
        }
        if let peer = state.peer {
            if peer.notAfter <= now { return .certificateExpired }
            if peer.certificates == nil { return .chainTooLong }
        }
        if state.expires <= now { return .expired }
        return denyList.denies(state.lineage, of: state.certificate) ? .denied : nil
    }
}

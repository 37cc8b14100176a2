internal import RepriseConfiguration
internal import RepriseResumption
internal import RepriseVocabulary

extension ResumptionPolicy {
    /// As the file has it.
    init(_ plan: SessionsPlan) {
        var verdicts = EndingVerdicts()
        for (ending, verdict) in plan.endings {
            let isKnown = verdicts.set(ending, verdict == .drop ? .drop : .keep)
            precondition(isKnown, "a checked plan names the ending \(ending)")
        }
        self.init(
            isOn: plan.mode != .off, lifetime: plan.lifetime, maximumChainAge: plan.maximumChainAge,
            isSingleUse: plan.isSingleUse, verdicts: verdicts)
    }
}

internal import Configuration
internal import Resumption
internal import Vocabulary

extension ResumptionPolicy {
    /// As the file has it.
    init(_ plan: SessionsPlan) {
        var verdicts = EndingVerdicts()
        for (ending, verdict) in plan.endings {
            let isKnown = verdicts.set(ending, verdict == "drop" ? .drop : .keep)
            precondition(isKnown, "a checked plan names the ending \(ending)")
        }
        self.init(
            isOn: plan.mode != .off, lifetime: plan.lifetime, maximumChainAge: plan.maximumChainAge,
            isSingleUse: plan.isSingleUse, verdicts: verdicts)
    }
}

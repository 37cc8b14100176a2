internal import RepriseVocabulary

/// Reads the plan out of a tree by its options (``Draft``), and checks what one value alone does not show.
struct PlanReader {
    private(set) var plan = Plan()
    private(set) var faults: [Fault] = []
    private(set) var warnings: [Fault] = []

    mutating func read(_ root: Reader) {
        var draft = Draft()
        draft.read(root)
        plan = draft.plan
        for index in plan.listeners.indices where plan.listeners[index].sessions.domain.isEmpty {
            plan.listeners[index].sessions.domain = plan.listeners[index].name
        }
        var names = NamesCheck()
        names.check(root)
        var references = CrossReferenceCheck()
        references.check(root)
        var shared = SharedUpstreamCheck()
        shared.check(plan)
        var sessions = SessionsCheck()
        sessions.check(root, plan)
        faults = names.faults + references.faults + sessions.faults
        warnings = names.warnings + references.warnings + shared.warnings
    }
}

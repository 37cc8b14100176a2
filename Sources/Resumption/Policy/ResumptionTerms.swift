package import RepriseVocabulary

/// What all connections of a listener have in common about their sessions; made once for each worker.
package final class ResumptionTerms {
    package let domain: SessionDomain
    package let policy: ResumptionPolicy
    /// Gets every session that a client is given.
    let observer: (any SessionObserver)?
    let executor: (any TaskExecutor)?
    let clock: () -> WallTime

    /// - Parameters:
    ///   - executor: where a store on other machines is told of sessions: the worker's loop.
    ///   - clock: the time now.
    package init(
        domain: SessionDomain, policy: ResumptionPolicy, observer: (any SessionObserver)? = nil,
        on executor: (any TaskExecutor)? = nil, clock: @escaping () -> WallTime
    ) {
        self.domain = domain
        self.policy = policy
        self.observer = observer
        self.executor = executor
        self.clock = clock
    }
}

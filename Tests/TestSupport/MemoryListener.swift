package import RepriseResumption
package import RepriseTLS
package import RepriseVocabulary

/// A listener in memory: a context, and what keeps its sessions.
package struct MemoryListener {
    package let context: ServerContext
    package let domain: SessionDomain
    package var policy: ResumptionPolicy
    /// The time that sessions go by; it stands still unless it is set.
    package let clock = MemoryClock()
    /// Hears of the sessions that clients are given.
    package var observer: (any SessionObserver)?
    /// TLS 1.3 tickets wait for their server to issue them.
    package var holdsTickets = false

    package init(context: ServerContext, domain: SessionDomain, policy: ResumptionPolicy) {
        self.context = context
        self.domain = domain
        self.policy = policy
    }

    /// What keeps the sessions of one more connection.
    package func connection() -> ConnectionResumption {
        ConnectionResumption(
            ResumptionTerms(domain: domain, policy: policy, observer: observer) { [clock] in clock.now })
    }
}

/// A clock that tests move.
package final class MemoryClock {
    package var now = MemoryServer.now

    package func advance(seconds: Int64) {
        now = WallTime(secondsSinceEpoch: now.secondsSinceEpoch + seconds)
    }
}

package import Resumption
package import TLS
package import Vocabulary

/// A listener in memory: a context, and what keeps its sessions.
package struct MemoryListener {
    package let context: ServerContext
    package let domain: SessionDomain
    package var policy: ResumptionPolicy
    /// The time that sessions go by; it stands still unless it is set.
    package let clock = MemoryClock()

    package init(context: ServerContext, domain: SessionDomain, policy: ResumptionPolicy) {
        self.context = context
        self.domain = domain
        self.policy = policy
    }

    /// What keeps the sessions of one more connection.
    package func connection() -> ConnectionResumption {
        ConnectionResumption(domain: domain, policy: policy) { [clock] in clock.now }
    }
}

/// A clock that tests move.
package final class MemoryClock {
    package var now = MemoryServer.now

    package func advance(seconds: Int64) {
        now = WallTime(secondsSinceEpoch: now.secondsSinceEpoch + seconds)
    }
}

package import RepriseResumption
package import RepriseRouting
package import RepriseTLS
internal import RepriseVocabulary

/// All that a worker needs to run a listener: built once by the assembly, handed to every worker.
package struct ListenerBlueprint: Sendable {
    package let settings: ListenerSettings
    package let hosts: HostContexts
    package let tls: ListenerTLSSettings
    /// Outlives the blueprint: the sessions of all listeners of its domain.
    package let domain: SessionDomain
    package let resumption: ResumptionPolicy
    package let upstream: UpstreamGroup
    /// `nil` speaks to it in plaintext.
    package let upstreamTLS: UpstreamTLS?
    /// `nil` connects every connection at once.
    package let gate: (any ExchangeGate)?
    /// Outlives the blueprint: the same for every generation of the listener.
    package let admission: Admission
    package let observers: Observers

    package init(
        settings: ListenerSettings, hosts: HostContexts, tls: ListenerTLSSettings, domain: SessionDomain,
        resumption: ResumptionPolicy, upstream: UpstreamGroup, upstreamTLS: UpstreamTLS? = nil,
        gate: (any ExchangeGate)? = nil,
        admission: Admission, observers: Observers = Observers()
    ) {
        self.settings = settings
        self.hosts = hosts
        self.tls = tls
        self.domain = domain
        self.resumption = resumption
        self.upstream = upstream
        self.upstreamTLS = upstreamTLS
        self.gate = gate
        self.admission = admission
        self.observers = observers
    }
}

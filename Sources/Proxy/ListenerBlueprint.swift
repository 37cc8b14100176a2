package import RepriseResumption
internal import RepriseRouting
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
    package let routing: Routing
    package let transports: UpstreamTransports
    /// Outlives the blueprint: the same for every generation of the listener.
    package let admission: Admission
    package let observers: Observers

    package init(
        settings: ListenerSettings, hosts: HostContexts, tls: ListenerTLSSettings, domain: SessionDomain,
        resumption: ResumptionPolicy, routing: Routing, transports: UpstreamTransports = UpstreamTransports(),
        admission: Admission, observers: Observers = Observers()
    ) {
        self.settings = settings
        self.hosts = hosts
        self.tls = tls
        self.domain = domain
        self.resumption = resumption
        self.routing = routing
        self.transports = transports
        self.admission = admission
        self.observers = observers
    }
}

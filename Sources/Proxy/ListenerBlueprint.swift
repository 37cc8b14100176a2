package import RepriseResumption
package import RepriseRouting
package import RepriseTLS
package import RepriseVocabulary

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
    package let router: (any ExchangeRouter)?
    /// Outlives the blueprint: the same for every generation of the listener.
    package let admission: Admission
    package let observers: Observers

    package init(
        settings: ListenerSettings, hosts: HostContexts, tls: ListenerTLSSettings, domain: SessionDomain,
        resumption: ResumptionPolicy, upstream: UpstreamGroup, upstreamTLS: UpstreamTLS? = nil,
        router: (any ExchangeRouter)? = nil,
        admission: Admission, observers: Observers = Observers()
    ) {
        self.settings = settings
        self.hosts = hosts
        self.tls = tls
        self.domain = domain
        self.resumption = resumption
        self.upstream = upstream
        self.upstreamTLS = upstreamTLS
        self.router = router
        self.admission = admission
        self.observers = observers
    }
}

/// How TLS is spoken to an upstream.
package struct UpstreamTLS: Sendable {
    package let settings: ClientSettings
    /// What its servers are asked for, and verified as; no address.
    package let serverName: String?

    package init(_ settings: ClientSettings, serverName: String?) {
        (self.settings, self.serverName) = (settings, serverName)
    }

    func transport() throws(ContextError) -> WorkerUpstream.Transport {
        do throws(ClientError) {
            let context = try ClientContext(settings)
            // A name that no connection could ask for is found out now.
            let trial = try ClientConnection(context: context, output: OutputBuffer(), serverName: serverName)
            trial.stream.close()
            return .tls(context, serverName: serverName)
        } catch {
            throw .upstream(error.description)
        }
    }
}

/// Says when an exchange may be connected, and whether at all.
package protocol ExchangeRouter: Sendable {
    /// Asks for one exchange, on the loop of its worker, which it must not hold up.
    ///
    /// - Parameter answer: where the answer comes later, what it is given to, from any thread: whether to connect. Only the
    ///   first counts, and only in `timeouts.connect`.
    /// - Returns: the answer, or `nil` when it comes later.
    func route(_ connection: ConnectionID, _ answer: @escaping @Sendable (Bool) -> Void) -> Bool?
}

internal import RepriseConfiguration
internal import RepriseEventLoop
internal import RepriseResumption
internal import RepriseTLS
internal import RepriseVocabulary

/// The session domains of the process, by name: a reload ends no session, so they outlive it.
struct SessionDomains: Sendable {
    private var domains: [String: SessionDomain] = [:]
    /// Those that some plan in force has had.
    private var adopted: Set<String> = []
    /// Where stateful sessions are kept instead of in this process.
    let remote: (any SessionStore)?

    init(remote: (any SessionStore)? = nil) {
        self.remote = remote
    }

    /// The rotation for all listeners of a domain: tickets of the longest lifetime must find their key.
    static func rotation(_ sessions: [SessionsPlan]) throws(TicketRotationFault) -> TicketRotation {
        try TicketRotation(
            rotate: (sessions.first ?? SessionsPlan()).tickets.rotate,
            ticketLifetime: sessions.map(\.lifetime).max() ?? SessionsPlan().lifetime)
    }

    /// Makes the domains that are new.
    mutating func add(for plan: Plan, at now: WallTime) throws(RepriseError) {
        for (name, sessions) in Self.sessions(of: plan) where domains[name] == nil {
            guard let first = sessions.first else { continue }
            let rotation: TicketRotation
            do throws(TicketRotationFault) {
                rotation = try Self.rotation(sessions)
            } catch {
                throw .cannotStart("session domain \(name): \(error)")
            }
            domains[name] = try make(name, first, rotation, at: now)
        }
    }

    /// Gives every domain the ticket keys and the rotation of a plan that has come into force.
    ///
    /// - Parameter keys: the ticket keys that come from files, by domain.
    /// - Returns: the options that need a restart.
    mutating func adapt(to plan: Plan, keys: [String: [TicketKey]], at now: WallTime) -> [String] {
        var restarts: [String] = []
        for (name, sessions) in Self.sessions(of: plan).sorted(by: { $0.key < $1.key }) {
            guard let domain = domains[name], let first = sessions.first else { continue }
            adopted.insert(name)
            for listener in sessions { domain.allow(chainAge: listener.maximumChainAge) }
            if let keys = keys[name] {
                domain.keys.replace(with: keys, at: now)
            } else if let rotation = try? Self.rotation(sessions) {
                domain.keys.reconfigure(rotation, at: now)
            }
            // The store is mapped once, in whole pages.
            if domain.store.mappedBytes != first.cache.size.bytes & ~4095 {
                restarts.append("sessions.cache.size of the session domain \(name)")
            }
            if domain.denyList.capacity != first.denyList {
                restarts.append("sessions.deny_list of the session domain \(name)")
            }
        }
        return restarts
    }

    /// Tells the domains which hosts they have now, and what those demand: the holder of a session may ask whether it
    /// resumes.
    func serve(_ plan: Plan, _ loadedFiles: LoadedFiles) {
        let listeners = Dictionary(grouping: plan.listeners, by: \.sessions.domain)
        // This includes domains without a listener: their sessions do not resume.
        for (name, domain) in domains {
            domain.serve(
                (listeners[name] ?? []).flatMap { listener in
                    (loadedFiles.hosts[listener.name]?.terms ?? []).map {
                        ServedHost($0, ResumptionPolicy(listener.sessions))
                    }
                })
        }
    }

    private static func sessions(of plan: Plan) -> [String: [SessionsPlan]] {
        Dictionary(grouping: plan.listeners.map(\.sessions), by: \.domain)
    }

    private func make(
        _ name: String, _ plan: SessionsPlan, _ rotation: TicketRotation, at now: WallTime
    ) throws(RepriseError) -> SessionDomain {
        do {
            return SessionDomain(
                name: name, store: try LocalSessionStore(budget: plan.cache.size.bytes),
                keys: TicketKeyRing(rotation, at: now), denyList: DenyList(capacity: plan.denyList), remote: remote)
        } catch {
            throw .cannotStart(
                "session domain \(name): no memory for sessions.cache.size \(plan.cache.size): \(error)")
        }
    }

    /// Forgets the domains that a refused reload has made.
    mutating func forget(allBut plan: Plan) {
        let used = Set(plan.listeners.map(\.sessions.domain)).union(adopted)
        domains = domains.filter { used.contains($0.key) }
    }

    /// Frees the domains that no listener of the plan has, once their last connections are over.
    ///
    /// - Returns: how many wait for that.
    mutating func letGo(allBut plan: Plan) -> Int {
        let used = Set(plan.listeners.map(\.sessions.domain))
        domains = domains.filter { used.contains($0.key) || $0.value.openConnections > 0 }
        adopted.formIntersection(domains.keys)
        return domains.keys.count { !used.contains($0) }
    }

    subscript(name: String) -> SessionDomain? { domains[name] }

    /// All of them.
    var all: [SessionDomain] { Array(domains.values) }
}

extension ResumptionPolicy {
    /// The settings of the file.
    init(_ plan: SessionsPlan) {
        self.init(
            isOn: plan.mode != .off, lifetime: plan.lifetime, maximumChainAge: plan.maximumChainAge,
            isSingleUse: plan.isSingleUse, verdicts: plan.endings)
    }
}

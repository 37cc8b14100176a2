internal import Glibc
internal import RepriseConfiguration
internal import RepriseEventLoop
internal import RepriseProxy
internal import RepriseResumption
internal import RepriseRouting
internal import RepriseTLS
internal import RepriseVocabulary

/// A checked plan turned into what workers run on: contexts, upstream groups, settings. Nothing is bound yet.
struct ListenerBuilder: Sendable {
    let blueprints: [ListenerBlueprint]
    let groups: [UpstreamGroup]
    /// How their servers are spoken to.
    let transports: UpstreamTransports

    /// Builds the parts of a plan.
    ///
    /// - Parameters:
    ///   - loadedFiles: the certificates that the plan names.
    ///   - addresses: those of each name of a server in the plan.
    ///   - lasting: the parts that outlive a generation: admission counts and sessions, by name.
    ///   - descriptors: how many descriptors the process may have open.
    ///   - routers: the program's routers, by name.
    init(
        _ plan: Plan, _ loadedFiles: LoadedFiles, _ addresses: [DNSName: ServerAddresses],
        lasting: inout LastingParts,
        descriptors: Int, observers: Observers, routers: [String: any UpstreamRouter]
    ) {
        var groups: [String: UpstreamGroup] = [:]
        for upstream in plan.upstreams { groups[upstream.name] = Self.group(upstream, addresses, &lasting) }
        let transports = Self.transports(plan, loadedFiles, &lasting)
        var routes = RoutingBuilder(plan, groups, routers)
        let share = ConnectionShare(plan, descriptors: descriptors)
        var blueprints: [ListenerBlueprint] = []
        for listener in plan.listeners {
            guard let hosts = loadedFiles.hosts[listener.name] else {
                preconditionFailure("a checked plan has contexts for every listener")
            }
            guard let domain = lasting.domains[listener.sessions.domain] else {
                preconditionFailure("the domain \(listener.sessions.domain) was not made")
            }
            let routing = routes.routing(of: listener)
            blueprints.append(
                ListenerBlueprint(
                    settings: Self.settings(listener, plan.log, share, routing), hosts: hosts,
                    tls: ListenerTLSSettings(listener),
                    domain: domain, resumption: ResumptionPolicy(listener.sessions),
                    routing: routing, transports: transports,
                    admission: lasting.admission(of: listener.name), observers: observers))
        }
        self.blueprints = blueprints
        self.groups = Array(groups.values)
        self.transports = transports
    }

    private static func transports(
        _ plan: Plan, _ files: LoadedFiles, _ lasting: inout LastingParts
    ) -> UpstreamTransports {
        func way(_ tls: UpstreamTLSPlan?, to server: ServerPlan, of group: String) -> UpstreamTLS? {
            guard let tls else { return nil }
            let parts = EncryptedServer(
                server: server, seen: lasting.seen(of: group, server.id),
                sessions: tls.resumes ? lasting.upstreamSessions : nil, plan: plan.upstreamSessions)
            return Self.tls(tls, of: parts, files)
        }
        var groups: [String: [UpstreamTLS?]] = [:]
        for upstream in plan.upstreams {
            groups[upstream.name] = upstream.servers.map { way(upstream.tls(of: $0), to: $0, of: upstream.name) }
        }
        var routes: [Int: [String: [UpstreamTLS?]]] = [:]
        for (number, route) in plan.encryptedRoutes.enumerated() {
            guard let upstream = plan.upstreams.first(where: { $0.name == route.target }) else { continue }
            routes[number] = [
                upstream.name: upstream.servers.map { way(route.tls, to: $0, of: upstream.name) }
            ]
        }
        return UpstreamTransports(groups, routes: routes)
    }

    /// A server that we speak TLS to, and what outlives a generation of it.
    private struct EncryptedServer {
        let server: ServerPlan
        let seen: UpstreamSeen
        let sessions: UpstreamSessions?
        let plan: UpstreamSessionsPlan
    }

    private static func tls(
        _ plan: UpstreamTLSPlan, of parts: EncryptedServer, _ files: LoadedFiles
    ) -> UpstreamTLS {
        guard let loaded = files.upstreamTLS[plan.source] else {
            preconditionFailure("a checked plan has a context for each server")
        }
        let names = plan.names(of: parts.server.address)
        let asked: UpstreamTLS.Asked =
            switch plan.serverName?.value {
            case UpstreamTLSPlan.nameOfClient?: .client
            default: names.asked.map { .name($0) } ?? .nothing
            }
        let terms = UpstreamSessions.Terms(keep: parts.plan.keep, maximumChainAge: parts.plan.maximumChainAge)
        do throws(ClientError) {
            return try UpstreamTLS(
                loaded.context, asked: asked, verified: names.verified, policy: loaded.policy,
                sessions: parts.sessions.map { ($0, terms) }, seen: parts.seen)
        } catch {
            preconditionFailure("a checked plan has names that can be asked for: \(error)")
        }
    }

    /// The plan comes into force: servers are chosen among its own.
    func takeEffect() {
        for group in groups { group.takeEffect() }
    }

    private static func group(
        _ upstream: UpstreamPlan, _ addresses: [DNSName: ServerAddresses], _ lasting: inout LastingParts
    ) -> UpstreamGroup {
        var balancing = Balancing(upstream.balance, by: upstream.hashKey, bound: upstream.hashBound)
        (balancing.affinity, balancing.affinityBound) = (upstream.affinity, upstream.affinityBound)
        return UpstreamGroup(
            name: upstream.name,
            servers: upstream.servers.map { Self.server($0, of: upstream, addresses) },
            balancing: balancing, tcp: upstream.tcp.all,
            health: HealthRules(upstream), loads: lasting.loads(of: upstream.name))
    }

    private static func server(
        _ server: ServerPlan, of upstream: UpstreamPlan, _ addresses: [DNSName: ServerAddresses]
    ) -> UpstreamServer {
        let (address, proxy) = (server.address.description, upstream.proxy(of: server))
        switch server.address {
        case .endpoint(let endpoint):
            return UpstreamServer(
                id: server.id, endpoints: [endpoint], weight: server.weight, address: address, proxy: proxy,
                isBackup: server.isBackup, isChecked: server.isChecked, maximumConnections: server.maximumConnections)
        case .name(let name):
            guard let addresses = addresses[name] else { preconditionFailure("nobody resolves \(name)") }
            return UpstreamServer(
                id: server.id, addresses: addresses, weight: server.weight, address: address, proxy: proxy,
                isBackup: server.isBackup, isChecked: server.isChecked, maximumConnections: server.maximumConnections)
        }
    }

    private static func settings(
        _ listener: ListenerPlan, _ log: LogPlan, _ share: ConnectionShare, _ routing: Routing
    ) -> ListenerSettings {
        var limits = listener.limits.admission
        limits.connections = share.connections(of: listener)
        return ListenerSettings(
            name: listener.name, timeouts: listener.timeouts, limits: limits,
            relayBuffer: listener.limits.relayBuffer.bytes, shortRecords: listener.tls.shortRecords.bytes,
            keyUpdatesPerSecond: listener.limits.keyUpdates, ticketDelay: listener.sessions.tickets.delay,
            // A program's router, or the server that takes the connection, decides what they carry.
            ticketsWaitForUpstream: listener.sessions.tickets.waitForUpstream || !routing.isBuiltIn
                || routing.remembers,
            storeDeadline: listener.sessions.storeDeadline, logsProbes: log.probes == .on,
            proxyProtocol: listener.proxyProtocol)
    }
}

extension UpstreamPlan {
    /// How a server of the group is told who the client is.
    fileprivate func proxy(of server: ServerPlan) -> ProxySending {
        var proxy = ProxySending()
        (proxy.version, proxy.contents) = (server.sendProxy ?? sendProxy, proxyTLVs)
        return proxy
    }
}

/// The parts that outlive a generation of the configuration, by name.
struct LastingParts: Sendable {
    private var admissions: [String: Admission] = [:]
    private var loads: [String: GroupLoads] = [:]
    /// A reload ends no session.
    var domains: SessionDomains

    init(remote: (any SessionStore)? = nil) {
        domains = SessionDomains(remote: remote)
    }

    /// The counts of a listener: a reload ends no open connection.
    mutating func admission(of listener: String) -> Admission {
        if let admission = admissions[listener] { return admission }
        let admission = Admission()
        admissions[listener] = admission
        return admission
    }

    /// Those of servers; `nil` before there is one to speak TLS to.
    private(set) var upstreamSessions: UpstreamSessions?
    private var upstreamSessionBytes = 0
    private var seen: [String: UpstreamSeen] = [:]

    /// Makes the store of servers' sessions, if the plan has use for one; with another size it begins anew.
    mutating func keepUpstreamSessions(for plan: Plan) {
        let bytes = plan.upstreamSessions.size.bytes
        let blocks = plan.upstreams.flatMap { group in group.servers.compactMap { group.tls(of: $0) } }
        let isWanted = (blocks + plan.encryptedRoutes.map(\.tls)).contains { $0.resumes }
        guard isWanted, bytes != upstreamSessionBytes else { return }
        upstreamSessions = UpstreamSessions(budget: bytes)
        upstreamSessionBytes = bytes
    }

    /// What is known of TLS with a server of a group.
    mutating func seen(of group: String, _ server: String) -> UpstreamSeen {
        let name = "\(group)/\(server)"
        if let seen = seen[name] { return seen }
        let made = UpstreamSeen()
        seen[name] = made
        return made
    }

    /// What the servers of an upstream group have to do: a reload ends no connection to them.
    mutating func loads(of group: String) -> GroupLoads {
        if let loads = loads[group] { return loads }
        let made = GroupLoads()
        loads[group] = made
        return made
    }

    /// Open connections of all listeners, those of earlier generations too: now, and the most at once since the last
    /// call.
    func takePeak() -> (open: Int, peak: Int) {
        admissions.values.reduce((open: 0, peak: 0)) { sum, admission in
            let counts = admission.takePeak()
            return (sum.open + counts.open, sum.peak + counts.peak)
        }
    }

    /// Frees the parts of listeners and groups that the plan no longer has, once their last connections are over.
    ///
    /// - Returns: whether some parts wait for that.
    mutating func letGo(allBut plan: Plan) -> Bool {
        let names = Set(plan.listeners.map(\.name))
        admissions = admissions.filter { names.contains($0.key) || $0.value.openConnections > 0 }
        let groups = Set(plan.upstreams.map(\.name))
        loads = loads.filter { groups.contains($0.key) || !$0.value.isUnused }
        let servers = Set(plan.upstreams.flatMap { group in group.servers.map { "\(group.name)/\($0.id)" } })
        seen = seen.filter { servers.contains($0.key) }
        return domains.letGo(allBut: plan) > 0 || admissions.keys.contains { !names.contains($0) }
            || loads.keys.contains { !groups.contains($0) }
    }

    /// The listeners that still have parts here.
    var listeners: Set<String> { Set(admissions.keys) }
}

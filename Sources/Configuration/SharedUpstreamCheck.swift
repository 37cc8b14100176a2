internal import RepriseVocabulary

/// Warns where client_auth protects less than it seems to: in mode tcp the proxy does not check the Host of an HTTP
/// request, so that a client that one host admits can reach, by another host's name, everything on the same server.
struct SharedUpstreamCheck {
    private(set) var warnings: [Fault] = []

    mutating func check(_ plan: Plan) {
        let servers = Dictionary(plan.upstreams.map { ($0.name, $0.servers.map(\.address)) }, uniquingKeysWith: { $1 })
        var ways: [ServerAddress: [(host: HostPlan, listener: String)]] = [:]
        let routes = PlanRoutes(plan)
        for listener in plan.listeners {
            for (index, host) in listener.tls.hosts.enumerated() {
                let groups = routes.groups(of: host, isDefault: index == 0, of: listener)
                for server in Set(groups.flatMap { servers[$0] ?? [] }) {
                    ways[server, default: []].append((host, listener.name))
                }
            }
        }
        var warned: Set<Source> = []
        for (server, hosts) in ways.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            guard let guarded = hosts.first(where: { $0.host.clients != nil })?.host, let clients = guarded.clients,
                let other = hosts.first(where: { Self.differ($0.host.clients, clients) }),
                warned.insert(clients.source).inserted
            else { continue }
            let place = "host \"\(other.host.id)\" of listener \"\(other.listener)\""
            warnings.append(
                Fault(
                    source: clients.source,
                    message: place + " demands other certificates than host \"\(guarded.id)\", and both lead to "
                        + "\(server): in mode tcp a client of one reaches the other by its HTTP Host; give them servers of "
                        + "their own, or have the server check"))
        }
    }

    private static func differ(_ one: ClientAuthenticationPlan?, _ other: ClientAuthenticationPlan?) -> Bool {
        guard let one, let other else { return (one == nil) != (other == nil) }
        return one.mode != other.mode || one.authorities != other.authorities || one.revocations != other.revocations
            || one.depth != other.depth || Set(one.names.map(\.value)) != Set(other.names.map(\.value))
    }
}

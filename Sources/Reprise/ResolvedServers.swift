internal import RepriseConfiguration
internal import RepriseEventLoop
internal import RepriseVocabulary

/// The addresses of every server that a plan names by a host name.
struct ResolvedServers: Sendable {
    private(set) var faults: [Fault] = []
    private var endpoints: [HostEndpoint: [Endpoint]] = [:]

    /// Asks the system's resolver, which may take its time.
    init(_ plan: Plan?) {
        for server in plan?.upstreams.flatMap(\.servers) ?? [] {
            guard case .host(let host) = server.address else { continue }
            do {
                if endpoints[host] == nil { endpoints[host] = try Resolver.resolve(host) }
            } catch {
                faults.append(Fault(source: server.source, message: "\(error)"))
            }
        }
    }

    /// Where a server is; empty for a name that did not resolve.
    subscript(address: ServerAddress) -> [Endpoint] {
        switch address {
        case .endpoint(let endpoint): [endpoint]
        case .host(let host): endpoints[host] ?? []
        }
    }
}

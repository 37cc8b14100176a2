internal import RepriseConfiguration
internal import RepriseEventLoop
internal import RepriseRouting
internal import RepriseVocabulary

/// The servers whose names do not resolve: warnings, or faults where the plan requires that they do.
struct NameCheck: Sendable {
    private(set) var faults: [Fault] = []
    private(set) var warnings: [Fault] = []

    /// Asks the system's resolver, which may take long.
    init(asking plan: Plan?) {
        var errors: [HostEndpoint: DNSError] = [:]
        for host in plan?.serverNames ?? [] {
            do { _ = try Resolver.resolve(host) } catch { errors[host] = DNSError(error.reason) }
        }
        self.init(plan, errors)
    }

    init(_ plan: Plan?, _ errors: [HostEndpoint: DNSError]) {
        guard let plan, !errors.isEmpty else { return }
        for server in plan.upstreams.flatMap(\.servers) {
            guard case .host(let host) = server.address, let error = errors[host] else { continue }
            let words = "\(host.host) does not resolve: \(error)"
            if plan.requiresDNS {
                faults.append(Fault(source: server.source, message: words))
            } else {
                warnings.append(
                    Fault(source: server.source, message: "\(words); it gets no connections until it does"))
            }
        }
    }
}

extension Plan {
    /// The names of servers.
    var serverNames: Set<HostEndpoint> {
        Set(
            upstreams.flatMap(\.servers).compactMap { server in
                if case .host(let host) = server.address { host } else { nil }
            })
    }

    /// The servers of the plan's groups by their names.
    func members(of groups: [UpstreamGroup]) -> [HostEndpoint: [UpstreamNames.Member]] {
        var members: [HostEndpoint: [UpstreamNames.Member]] = [:]
        for upstream in upstreams {
            guard let group = groups.first(where: { $0.name == upstream.name }) else { continue }
            for (index, server) in upstream.servers.enumerated() {
                guard case .host(let host) = server.address else { continue }
                members[host, default: []].append((group, index))
            }
        }
        return members
    }
}

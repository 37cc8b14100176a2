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
        var errors: [DNSName: DNSError] = [:]
        for name in plan?.serverNames ?? [] {
            switch name {
            case .host(let host):
                do { _ = try Resolver.resolve(host) } catch { errors[name] = DNSError(error.reason) }
            case .service(let service): errors[name] = Self.error(of: service)
            }
        }
        self.init(plan, errors)
    }

    /// The system's resolver knows no services.
    private static func error(of service: ServiceName) -> DNSError? {
        let result = try? DNSResolver.wait(for: .service(service))
        guard case .success? = result else {
            if case .failure(let error)? = result { return error }
            return DNSError("no answer in time")
        }
        return nil
    }

    init(_ plan: Plan?, _ errors: [DNSName: DNSError]) {
        guard let plan, !errors.isEmpty else { return }
        for server in plan.upstreams.flatMap(\.servers) {
            guard case .name(let name) = server.address, let error = errors[name] else { continue }
            let words = "\(name.asked) does not resolve: \(error)"
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
    var serverNames: Set<DNSName> {
        Set(
            upstreams.flatMap(\.servers).compactMap { server in
                if case .name(let name) = server.address { name } else { nil }
            })
    }

    /// The servers of the plan's groups by their names.
    func members(of groups: [UpstreamGroup]) -> [DNSName: [UpstreamNames.Member]] {
        var members: [DNSName: [UpstreamNames.Member]] = [:]
        for upstream in upstreams {
            guard let group = groups.first(where: { $0.name == upstream.name }) else { continue }
            for (index, server) in upstream.servers.enumerated() {
                guard case .name(let name) = server.address else { continue }
                members[name, default: []].append((group, index))
            }
        }
        return members
    }
}

internal import RepriseVocabulary

/// Warns of servers that the address to connect from is left out for.
struct SourceCheck {
    private(set) var warnings: [Fault] = []

    mutating func check(_ plan: Plan) {
        for upstream in plan.upstreams {
            guard let source = upstream.tcp.source, case .address(let address) = source.value else { continue }
            let others = upstream.servers.filter { server in
                guard case .endpoint(let endpoint) = server.address else { return false }
                return endpoint.address?.isIPv6 != address.isIPv6
            }
            guard let other = others.first else { continue }
            let more = others.count > 1 ? " and \(others.count - 1) more" : ""
            warnings.append(
                Fault(
                    source: source.source,
                    message: "has no effect for \(other.address)\(more), which is of another family"))
        }
    }
}

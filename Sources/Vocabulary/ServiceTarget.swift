/// What DNS is asked for to find a server: a host name with a port, or a service (RFC 2782).
package enum DNSName: Sendable, Hashable, CustomStringConvertible {
    case host(HostEndpoint)
    case service(ServiceName)

    package var description: String {
        switch self {
        case .host(let host): host.description
        case .service(let service): service.description
        }
    }

    /// The name that DNS is asked for.
    package var asked: ServerName {
        switch self {
        case .host(let host): host.host
        case .service(let service): service.name
        }
    }
}

/// The name of a service, under which DNS has the hosts and ports that offer it: `srv:_http._tcp.example.test` (RFC 2782).
package struct ServiceName: Sendable, Hashable, CustomStringConvertible {
    static let prefix = "srv:"

    /// `_http._tcp.example.test`
    package let name: ServerName

    /// Reads `srv:_service._tcp.name`; `nil` for anything else.
    package init?(parsing text: String) {
        guard text.hasPrefix(Self.prefix), let name = ServerName(text.dropFirst(Self.prefix.count)) else { return nil }
        let labels = name.text.split(separator: ".", maxSplits: 2)
        guard labels.count == 3, labels[0].hasPrefix("_"), labels[0].count > 1, labels[1] == "_tcp" else { return nil }
        self.name = name
    }

    /// The form ``init(parsing:)`` reads.
    package var description: String { Self.prefix + name.text }
}

/// One host that offers what was asked for: a host name has one, a service some (RFC 2782).
package struct ServiceTarget: Sendable, Hashable {
    /// Those of the least come first.
    package let priority: UInt16
    /// Its share of the connections among those of its priority; 0 for hardly any.
    package let weight: UInt16
    /// The host that a service names, so that it is known again; `nil` where no service is asked for.
    package let host: HostEndpoint?
    /// At least one, in the order of trying.
    package let endpoints: [Endpoint]

    package init(priority: UInt16 = 0, weight: UInt16 = 0, host: HostEndpoint? = nil, endpoints: [Endpoint]) {
        precondition(!endpoints.isEmpty, "a target without an address")
        (self.priority, self.weight, self.host, self.endpoints) = (priority, weight, host, endpoints)
    }

    /// The same with other addresses, at least one.
    package func at(_ endpoints: [Endpoint]) -> ServiceTarget {
        ServiceTarget(priority: priority, weight: weight, host: host, endpoints: endpoints)
    }
}

extension [Endpoint] {
    /// The same, in which a second family comes in turn with the first, so that one which does not work holds up no second
    /// address of its own (RFC 8305 §4).
    package var interleaved: [Endpoint] {
        guard let first else { return [] }
        let one = filter { $0.address?.isIPv6 == first.address?.isIPv6 }
        let other = filter { $0.address?.isIPv6 != first.address?.isIPv6 }
        var result: [Endpoint] = []
        result.reserveCapacity(count)
        for index in 0..<Swift.max(one.count, other.count) {
            if index < one.count { result.append(one[index]) }
            if index < other.count { result.append(other[index]) }
        }
        return result
    }
}

extension [ServiceTarget] {
    /// By priority, and among equals in an order of their own: answers come in any.
    package var inOrder: [ServiceTarget] {
        sorted { ($0.priority, "\($0.endpoints[0])") < ($1.priority, "\($1.endpoints[0])") }
    }
}

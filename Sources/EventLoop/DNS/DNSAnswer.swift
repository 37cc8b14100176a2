internal import CRepriseCares
internal import Glibc
package import RepriseVocabulary

/// What a name resolved to.
package struct DNSAnswer: Sendable, Hashable {
    /// The most addresses taken for one name.
    package static let maximumAddresses = 256
    /// How long an answer is good, whatever its TTL says.
    package static let lifetimes = Duration.seconds(1)...Duration.seconds(3600)
    /// How long what /etc/hosts says is good: it has no TTL, and may be edited.
    static let hostsLifetime = Duration.seconds(10)

    /// At least one, each with its addresses in the order of trying (RFC 6724, families in turn).
    package let targets: [ServiceTarget]
    /// How long it is good: the smallest TTL within ``lifetimes``.
    package let lifetime: Duration

    /// All addresses, at most ``maximumAddresses``.
    package var endpoints: [Endpoint] { targets.flatMap(\.endpoints) }

    /// - Parameter targets: at least one; those beyond ``maximumAddresses`` are left out.
    package init(targets: [ServiceTarget], lifetime: Duration) {
        var room = Self.maximumAddresses
        self.targets = targets.compactMap { target in
            let endpoints = Array(target.endpoints.prefix(room))
            room -= endpoints.count
            return endpoints.isEmpty
                ? nil : ServiceTarget(priority: target.priority, weight: target.weight, endpoints: endpoints)
        }
        self.lifetime = min(max(lifetime, Self.lifetimes.lowerBound), Self.lifetimes.upperBound)
    }

    /// Takes over what c-ares has found, with this port.
    ///
    /// - Parameters:
    ///   - first: the first address, for reprise_cares_next.
    ///   - isLocal: no server was asked, so that there is no TTL.
    init?(_ first: UnsafeRawPointer?, seconds: CInt, port: UInt16, isLocal: Bool) {
        var endpoints: [Endpoint] = []
        var seen: Set<Endpoint> = []
        var (left, address, length): (UnsafeRawPointer?, UnsafeRawPointer?, UInt32) = (first, nil, 0)
        while endpoints.count < Self.maximumAddresses, reprise_cares_next(&left, &address, &length) == 1 {
            if let address = address?.assumingMemoryBound(to: sockaddr.self),
                let endpoint = SocketAddress(copying: address, socklen_t(length)).endpoint?.at(port),
                seen.insert(endpoint).inserted
            {
                endpoints.append(endpoint)
            }
        }
        guard !endpoints.isEmpty else { return nil }
        self.init(
            targets: [ServiceTarget(endpoints: endpoints.interleaved)],
            lifetime: isLocal ? Self.hostsLifetime : .seconds(Int(seconds)))
    }
}

/// Why a name has no addresses, in words.
package struct DNSError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }

    init(status: CInt) {
        description = String(cString: reprise_cares_words(status))
    }

    /// Why a service has no hosts.
    init(service status: CInt) {
        description =
            status == reprise_cares_no_data() ? "the name has no SRV record" : Self(status: status).description
    }

    static let noChannel = DNSError("c-ares cannot begin")
    static let noMemory = DNSError("there is no memory for a question")
}

extension Endpoint {
    fileprivate func at(_ port: UInt16) -> Endpoint? {
        if case .ip(let address, _) = self { .ip(address, port: port) } else { nil }
    }
}

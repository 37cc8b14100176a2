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

    /// A host of a service of which nobody knows now whether it has addresses.
    package struct Missing: Sendable, Hashable {
        package let host: HostEndpoint
        package let priority: UInt16
        package let weight: UInt16
        package let error: DNSError
    }

    /// At least one, each with its addresses in the order of trying (RFC 6724, families in turn).
    package let targets: [ServiceTarget]
    /// The hosts that it lacks, because DNS failed: they may well have the addresses that they had.
    package let missing: [Missing]
    /// How long it is good: the smallest TTL within ``lifetimes``.
    package let lifetime: Duration

    /// All addresses, at most ``maximumAddresses``.
    package var endpoints: [Endpoint] { targets.flatMap(\.endpoints) }

    /// - Parameter targets: at least one, and no more than ``maximumAddresses``; of their addresses some are left out where
    ///   there are more than that.
    package init(targets: [ServiceTarget], lifetime: Duration, missing: [Missing] = []) {
        self.targets = Self.sharing(targets)
        self.missing = missing
        self.lifetime = min(max(lifetime, Self.lifetimes.lowerBound), Self.lifetimes.upperBound)
    }

    /// The same, in which hosts that it lacks have the addresses that they are known by.
    package func keeping(_ known: [ServiceTarget]) -> DNSAnswer {
        let kept = missing.compactMap { one in
            known.first { $0.host == one.host }.map {
                ServiceTarget(priority: one.priority, weight: one.weight, host: one.host, endpoints: $0.endpoints)
            }
        }
        guard !kept.isEmpty else { return self }
        return DNSAnswer(targets: (targets + kept).inOrder, lifetime: lifetime, missing: missing)
    }

    /// The same, of which those with the most addresses give up some where there is no room for all.
    private static func sharing(_ targets: [ServiceTarget]) -> [ServiceTarget] {
        var (room, left, targets) = (maximumAddresses, targets.count, targets)
        for index in targets.indices.sorted(by: { targets[$0].endpoints.count < targets[$1].endpoints.count }) {
            let most = room / left
            if targets[index].endpoints.count > most {
                targets[index] = targets[index].at(Array(targets[index].endpoints.prefix(most)))
            }
            room -= targets[index].endpoints.count
            left -= 1
        }
        return targets
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
        // All of them: the first may be of one family alone.
        while reprise_cares_next(&left, &address, &length) == 1 {
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
    /// Whether DNS has said that there are none; otherwise it has failed, and there may be some.
    package let isDenial: Bool

    package init(_ description: String, isDenial: Bool = false) {
        (self.description, self.isDenial) = (description, isDenial)
    }

    init(status: CInt) {
        self.init(String(cString: reprise_cares_words(status)), isDenial: reprise_cares_is_denial(status) != 0)
    }

    /// Why a service has no hosts.
    init(service status: CInt) {
        let isEmpty = status == reprise_cares_no_data()
        self = isEmpty ? DNSError("the name has no SRV record", isDenial: true) : DNSError(status: status)
    }

    static let noChannel = DNSError("c-ares cannot begin")
    static let noMemory = DNSError("there is no memory for a question")
}

extension Endpoint {
    fileprivate func at(_ port: UInt16) -> Endpoint? {
        if case .ip(let address, _) = self { .ip(address, port: port) } else { nil }
    }
}

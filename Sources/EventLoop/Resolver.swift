internal import Glibc
package import RepriseVocabulary

/// Turns host names into addresses, by the system's resolver.
package enum Resolver {
    /// The most addresses taken for one name.
    package static let maximumAddresses = 32

    /// A name that does not resolve.
    package struct ResolverError: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// All addresses of a name, in the order that getaddrinfo(3) prefers.
    ///
    /// It blocks, up to the resolver's own timeouts (resolv.conf(5)): call it only while loading, never on a worker.
    package static func resolve(_ host: HostEndpoint) throws(ResolverError) -> [Endpoint] {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host.host.text, String(host.port), &hints, &list)
        guard result == 0 else {
            throw ResolverError(description: "\(host.host) does not resolve: \(String(cString: gai_strerror(result)))")
        }
        defer { freeaddrinfo(list) }
        var endpoints: [Endpoint] = []
        var next = list
        while let entry = next, endpoints.count < maximumAddresses {
            if let address = entry.pointee.ai_addr, let endpoint = endpoint(address, entry.pointee.ai_addrlen),
                !endpoints.contains(endpoint)
            {
                endpoints.append(endpoint)
            }
            next = entry.pointee.ai_next
        }
        guard !endpoints.isEmpty else { throw ResolverError(description: "\(host.host) has no address") }
        return endpoints
    }

    private static func endpoint(_ address: UnsafeMutablePointer<sockaddr>, _ length: socklen_t) -> Endpoint? {
        var copy = SocketAddress()
        copy.withMutablePointer { target, size in
            UnsafeMutableRawPointer(target).copyMemory(from: address, byteCount: min(Int(length), Int(size.pointee)))
        }
        return copy.endpoint
    }
}

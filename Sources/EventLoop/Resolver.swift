internal import Glibc
package import RepriseVocabulary

/// Turns host names into addresses, by the system's resolver.
package enum Resolver {
    /// The most addresses taken for one name.
    package static let maximumAddresses = 32

    /// A name that does not resolve.
    package struct ResolverError: Error, Sendable, CustomStringConvertible {
        package let description: String
        /// Why, without the name.
        package let reason: String

        init(_ host: ServerName, _ reason: String) {
            self.reason = reason
            description = "\(host) does not resolve: \(reason)"
        }
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
            throw ResolverError(host.host, String(cString: gai_strerror(result)))
        }
        defer { freeaddrinfo(list) }
        var endpoints: [Endpoint] = []
        var next = list
        while let entry = next, endpoints.count < maximumAddresses {
            if let address = entry.pointee.ai_addr,
                let endpoint = SocketAddress(copying: address, entry.pointee.ai_addrlen).endpoint,
                !endpoints.contains(endpoint)
            {
                endpoints.append(endpoint)
            }
            next = entry.pointee.ai_next
        }
        guard !endpoints.isEmpty else { throw ResolverError(host.host, "the name has no address") }
        return endpoints
    }
}

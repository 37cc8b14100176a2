internal import RepriseVocabulary

/// The names by which clients may address the administrative endpoint.
///
/// A page in an operator's browser can point a name of its own at this machine's address, and then read what answers
/// there as if it were its own server (DNS rebinding). The browser sends that name along, which gives such a request
/// away: a stranger cannot point an address or `localhost` anywhere.
package struct AdminHosts: Sendable, Hashable {
    private let names: Set<ServerName>
    private let isChecked: Bool

    /// - Parameter names: names that the endpoint answers to besides addresses and `localhost`; `*` is any name.
    package init(_ names: [String] = []) {
        self.names = Set(names.compactMap { ServerName($0) })
        isChecked = !names.contains("*")
    }

    /// Whether a request with this Host may be answered.
    ///
    /// - Parameter host: with its port if it was written; `nil` in HTTP/1.0, which browsers do not speak.
    package func allows(_ host: String?) -> Bool {
        guard isChecked, let host else { return true }
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]"), Self.isPort(host[host.index(after: end)...]) else { return false }
            return IPAddress(parsing: String(host[..<end].dropFirst()))?.isIPv6 ?? false
        }
        let name = host.prefix { $0 != ":" }
        guard Self.isPort(host[name.endIndex...]) else { return false }
        if let address = IPAddress(parsing: String(name)) { return !address.isIPv6 }
        guard let name = ServerName(name) else { return false }
        return name.text == "localhost" || names.contains(name)
    }

    /// Nothing, or a colon with digits or none behind it (RFC 3986 §3.2.3).
    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || text.hasPrefix(":") && text.dropFirst().utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}

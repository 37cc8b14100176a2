/// Where a socket listens or connects to: an IP address and port, or a Unix socket's path.
///
/// ```swift
/// for address in try await server.start() {
///     if case .ip(_, let port) = address.endpoint { print("https://localhost:\(port)/") }
/// }
/// let upstream = Endpoint(parsing: "unix:/run/app.sock")
/// ```
public enum Endpoint: Sendable, Hashable {
    /// An IP address and a port.
    case ip(IPAddress, port: UInt16)
    /// A Unix stream socket's path, 1 to 107 bytes.
    case unix(path: String)

    /// The IP address; `nil` for a Unix socket.
    public var address: IPAddress? { if case .ip(let address, _) = self { address } else { nil } }

    /// Reads `127.0.0.1:8443`, `[::1]:8443` or `unix:/run/app.sock`.
    ///
    /// - Returns: `nil` for anything else; a host name is a ``HostEndpoint``.
    public init?(parsing text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard (1...Limits.unixPathBytes).contains(path.utf8.count), !path.utf8.contains(0) else { return nil }
            self = .unix(path: path)
            return
        }
        guard let (host, port) = splitPort(text), let address = IPAddress(parsing: host.text) else { return nil }
        // A mapped address is written as IPv6, although it stands for an IPv4 address.
        guard host.bracketed == host.text.contains(":") else { return nil }
        self = .ip(address, port: port)
    }
}

extension Endpoint: CustomStringConvertible {
    /// The form ``init(parsing:)`` reads.
    public var description: String {
        switch self {
        case .ip(let address, let port): address.isIPv6 ? "[\(address)]:\(port)" : "\(address):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

/// A host name and a port, which a resolver turns into endpoints: `app.internal:8080`.
///
/// ```swift
/// if let server = HostEndpoint(parsing: "app.internal:8080") {
///     print(server.host, server.port)  // app.internal 8080
/// }
/// ```
public struct HostEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// The name to resolve.
    public let host: ServerName
    /// The TCP port.
    public let port: UInt16

    /// Reads `name:port`; `nil` for anything else, an address literal too.
    public init?(parsing text: String) {
        guard let (host, port) = splitPort(text), !host.bracketed, IPAddress(parsing: host.text) == nil,
            let name = ServerName(host.text), !name.text.allSatisfy({ $0.isNumber || $0 == "." })
        else { return nil }
        self.host = name
        self.port = port
    }

    /// That name and port.
    package init(host: ServerName, port: UInt16) {
        (self.host, self.port) = (host, port)
    }

    /// The form ``init(parsing:)`` reads.
    public var description: String { "\(host):\(port)" }
}

/// Splits `host:port` or `[host]:port`.
private func splitPort(_ text: String) -> (host: (text: String, bracketed: Bool), port: UInt16)? {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let digits = text[text.index(after: colon)...]
    guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let port = UInt16(digits)
    else { return nil }
    var host = text[..<colon]
    let bracketed = host.hasPrefix("[") && host.hasSuffix("]") && host.count > 2
    if bracketed { host = host.dropFirst().dropLast() }
    guard !host.isEmpty, bracketed || !host.contains(":") else { return nil }
    return ((String(host), bracketed), port)
}

/// The number of a connection in logs: unique in one process, never used again.
///
/// ```swift
/// let names: [ConnectionID: String] = [ConnectionID(7): "the first client"]
/// for (id, name) in names { print("connection \(id) is \(name)") }
/// ```
public struct ConnectionID: Sendable, Hashable, CustomStringConvertible {
    /// The number.
    public let value: UInt64

    /// The connection of that number.
    public init(_ value: UInt64) {
        self.value = value
    }

    /// The number in decimal digits.
    public var description: String { String(value) }
}

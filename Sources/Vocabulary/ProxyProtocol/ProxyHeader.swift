/// A header of the PROXY protocol (proxy-protocol.txt): who the client of a connection is, as a proxy before us says it,
/// or as we say it to a server.
///
/// ```swift
/// func vpcEndpoint(_ header: ProxyHeader) -> String? {
///     header[ProxyTLV.Kind(rawValue: 0xea)].map { String(decoding: $0.dropFirst(), as: UTF8.self) }
/// }
/// ```
public struct ProxyHeader: Sendable, Hashable {
    /// Whose connection it is.
    ///
    /// ```swift
    /// func port(of header: ProxyHeader) -> UInt16? {
    ///     if case .client(_, to: .ip(_, let port)) = header.origin { port } else { nil }
    /// }
    /// ```
    public enum Origin: Sendable, Hashable {
        /// The sender's own, as a health check: the socket's addresses count (LOCAL).
        case local
        /// A client's, of whose addresses the sender says nothing (UNKNOWN, AF_UNSPEC).
        case unknown
        /// A client's, and where it has connected to.
        case client(Endpoint, to: Endpoint)
    }

    /// Whose connection it is.
    public var origin: Origin
    /// In their order; of version 2 only.
    public var tlvs: [ProxyTLV]

    /// A header with those TLVs.
    public init(_ origin: Origin, tlvs: [ProxyTLV] = []) {
        (self.origin, self.tlvs) = (origin, tlvs)
    }

    /// The first value of a kind; `nil` when there is none.
    public subscript(kind: ProxyTLV.Kind) -> [UInt8]? { tlvs.first { $0.kind == kind }?.value }

    /// What it says of the client's TLS; `nil` when it says nothing.
    public var tls: ProxyTLS? { self[.tls].flatMap { ProxyTLS($0) } }

    /// The longest header that is read, TLVs and all: one with a client's certificate has some 2,000 bytes.
    package static let maximumBytes = 16 << 10
    /// What TLVs can take of it, beside the longest addresses and a checksum.
    package static let roomForTLVs = maximumBytes - fixedBytes - 2 * unixBytes - 7
    /// The longest line of version 1, its CRLF included.
    package static let lineBytes = 107

    /// How many of its bytes tell a header from everything else that clients send.
    package static let tellingBytes = 6

    static let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]
    static let linePrefix = Array("PROXY ".utf8)
    /// The signature, version and command, family and protocol, and the length of the rest.
    static let fixedBytes = 16
    static let unixBytes = 108

    /// The family of its addresses and the kind of transport (section 2.2): TCP over IPv4 and IPv6, and Unix streams.
    enum Family: UInt8 {
        case unspecified = 0x00
        case ipv4 = 0x11
        case ipv6 = 0x21
        case unix = 0x31

        /// How many bytes both addresses take.
        var bytes: Int {
            switch self {
            case .unspecified: 0
            case .ipv4: 12
            case .ipv6: 36
            case .unix: 2 * ProxyHeader.unixBytes
            }
        }
    }
}

/// Why bytes are no header of the PROXY protocol.
package enum ProxyHeaderFault: Error, Sendable, Hashable {
    /// They begin otherwise: the client does not speak it.
    case absent
    /// A header of version 2 that is longer than ``ProxyHeader/maximumBytes``.
    case tooLong
    /// A line of version 1 that does not end in ``ProxyHeader/lineBytes``.
    case lineTooLong
    /// A line of version 1 that is none.
    case badLine
    case unknownVersion(UInt8)
    case unknownCommand(UInt8)
    /// A family or a transport that a TCP connection cannot have.
    case unknownFamily(UInt8)
    /// Its length is less than its addresses take.
    case tooShort
    /// A length within it says more than there is.
    case badLengths
    case badChecksum
}

extension ProxyHeaderFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .absent: "the connection does not begin with a PROXY protocol header"
        case .tooLong: "the PROXY protocol header is longer than \(ProxyHeader.maximumBytes) bytes"
        case .lineTooLong:
            "the PROXY protocol's line does not end with CRLF in its first \(ProxyHeader.lineBytes) bytes"
        case .badLine: "the PROXY protocol's line cannot be read"
        case .unknownVersion(let version): "PROXY protocol version \(version) is not known"
        case .unknownCommand(let command): "PROXY protocol command \(command) is not known"
        case .unknownFamily(let family):
            "the PROXY protocol's family and transport \(family) are none of TCP or Unix streams"
        case .tooShort: "the PROXY protocol header is shorter than its addresses"
        case .badLengths: "a length within the PROXY protocol header says more than there is"
        case .badChecksum: "the PROXY protocol header's CRC-32C does not match"
        }
    }
}

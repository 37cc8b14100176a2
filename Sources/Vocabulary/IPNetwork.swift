/// The addresses that share their first bits: `10.0.0.0/8`, `2001:db8::/32`; an address alone is a network of one.
///
/// ```swift
/// let isInside = IPNetwork(parsing: "10.0.0.0/8").map { network in
///     IPAddress(parsing: "10.1.2.3").map { network.contains($0) }
/// }
/// ```
public struct IPNetwork: Sendable, Hashable {
    /// Its first address: the bits behind the prefix are 0.
    public let address: IPAddress
    /// How many bits its addresses share: 0 to 32 for IPv4, 0 to 128 for IPv6.
    public let prefix: Int

    /// Reads an address with or without `/` and a number of bits (RFC 4632 §3.1, RFC 4291 §2.3).
    ///
    /// - Returns: `nil` for anything else, also when bits behind the prefix are set: `10.0.0.1/8` is a mistake.
    public init?(parsing text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parsing: String(parts[0])) else { return nil }
        let bits = address.isIPv6 ? 128 : 32
        var prefix = bits
        if parts.count == 2 {
            let digits = parts[1]
            guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                digits == "0" || !digits.hasPrefix("0"), let number = Int(digits), number <= bits
            else { return nil }
            prefix = number
        }
        // A mapped address is IPv4, although it is written with a prefix of IPv6.
        guard parts[0].contains(":") == address.isIPv6 else { return nil }
        self.address = address
        self.prefix = prefix
        guard masked(address) == address else { return nil }
    }

    /// Whether an address is one of its addresses.
    public func contains(_ other: IPAddress) -> Bool {
        other.isIPv6 == address.isIPv6 && masked(other) == address
    }

    private func masked(_ address: IPAddress) -> IPAddress {
        guard address.isIPv6 else {
            return IPAddress(
                ipv4: UInt32(truncatingIfNeeded: address.low) & UInt32(truncatingIfNeeded: Self.mask(prefix + 32)))
        }
        return IPAddress(
            ipv6High: address.high & Self.mask(min(prefix, 64)), low: address.low & Self.mask(max(prefix - 64, 0)))
    }

    /// The first `count` of 64 bits; of an IPv4 address, which is in the lower half, 32 more.
    private static func mask(_ count: Int) -> UInt64 { count == 0 ? 0 : ~0 << UInt64(64 - count) }
}

extension IPNetwork: CustomStringConvertible {
    /// The form that ``init(parsing:)`` reads; without a prefix where it is one address.
    public var description: String {
        prefix == (address.isIPv6 ? 128 : 32) ? address.description : "\(address)/\(prefix)"
    }
}

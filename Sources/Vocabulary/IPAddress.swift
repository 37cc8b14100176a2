/// An IPv4 or IPv6 address, in network order. It holds no scoped (zoned) addresses.
///
/// An IPv4 address that a dual-stack socket shows as `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2) is that IPv4 address.
///
/// ```swift
/// let clients = ["192.0.2.1", "2001:db8::1", "2001:db8::2"].compactMap(IPAddress.init(parsing:))
/// print(Set(clients.map(\.network)).count)  // 2: who holds one IPv6 address holds its network
/// ```
public struct IPAddress: Sendable, Hashable {
    /// Whether ``high`` and ``low`` hold an IPv6 address; else ``low`` holds the four bytes of an IPv4 address.
    public let isIPv6: Bool
    /// Whether it is `0.0.0.0` or `::`, which stand for every address of the machine.
    public var isUnspecified: Bool { high == 0 && low == 0 }
    /// Whether it is this machine's own: 127.0.0.0/8 or ::1.
    package var isLoopback: Bool { isIPv6 ? high == 0 && low == 1 : low >> 24 == 127 }
    /// What identifies one client: an IPv4 address, or the first 64 bits of an IPv6 one, since the holder of an IPv6
    /// address has all of its network (RFC 6177).
    public var network: IPAddress { isIPv6 ? IPAddress(ipv6High: high, low: 0) : self }
    /// The first eight bytes of an IPv6 address, most significant first.
    public let high: UInt64
    /// The last eight bytes of an IPv6 address, or an IPv4 address.
    public let low: UInt64

    /// The IPv4 address `a.b.c.d` as the number 0xaabbccdd.
    public init(ipv4 bits: UInt32) {
        self.init(isIPv6: false, high: 0, low: UInt64(bits))
    }

    private init(isIPv6: Bool, high: UInt64, low: UInt64) {
        (self.isIPv6, self.high, self.low) = (isIPv6, high, low)
    }

    /// The IPv6 address of those two halves, or the IPv4 address that they stand for.
    public init(ipv6High high: UInt64, low: UInt64) {
        if high == 0, low >> 32 == 0xffff {
            self.init(ipv4: UInt32(truncatingIfNeeded: low))
        } else {
            self.init(isIPv6: true, high: high, low: low)
        }
    }

    /// `127.0.0.1`
    public static let loopback4 = IPAddress(ipv4: 0x7f00_0001)

    /// Reads dotted decimal (RFC 6943 §3.1.1, strict form) or IPv6 text (RFC 4291 §2.2); `nil` for anything else.
    public init?(parsing text: String) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard let groups = Self.groups(of: text) else { return nil }
            let value = { (range: Range<Int>) in groups[range].reduce(UInt64(0)) { $0 << 16 | UInt64($1) } }
            self.init(ipv6High: value(0..<4), low: value(4..<8))
        } else {
            guard let bits = Self.dotted(text[...]) else { return nil }
            self.init(ipv4: bits)
        }
    }

    private static func dotted(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                part == "0" || !part.hasPrefix("0"), let byte = UInt8(part)
            else { return nil }
            bits = bits << 8 | UInt32(byte)
        }
        return bits
    }

    private static func groups(of text: String) -> [UInt16]? {
        // A "::" stands for one run of zero groups; without it there are exactly eight.
        guard let gap = text.firstRange(of: "::") else {
            guard let groups = list(text[...]), groups.count == 8 else { return nil }
            return groups
        }
        guard let front = list(text[..<gap.lowerBound], dotted: false), let back = list(text[gap.upperBound...]),
            front.count + back.count <= 7
        else { return nil }
        return front + Array(repeating: 0, count: 8 - front.count - back.count) + back
    }

    private static func list(_ text: Substring, dotted allowsDotted: Bool = true) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if allowsDotted, index == parts.count - 1, part.contains(".") {
                guard let bits = dotted(part) else { return nil }
                groups += [UInt16(bits >> 16), UInt16(truncatingIfNeeded: bits)]
            } else {
                guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }
}

extension IPAddress: CustomStringConvertible {
    /// Dotted decimal, or the canonical IPv6 text of RFC 5952.
    public var description: String {
        guard isIPv6 else {
            let bytes: [UInt64] = [low >> 24 & 0xff, low >> 16 & 0xff, low >> 8 & 0xff, low & 0xff]
            return bytes.map { String($0) }.joined(separator: ".")
        }
        let groups: [UInt64] = (0..<8).map { (index: UInt64) -> UInt64 in
            let half: UInt64 = index < 4 ? high : low
            let shift: UInt64 = 48 - 16 * (index % 4)
            return half >> shift & 0xffff
        }
        let (start, count) = Self.longestZeroRun(groups)
        let write = { (slice: ArraySlice<UInt64>) in slice.map { String($0, radix: 16) }.joined(separator: ":") }
        guard count > 1 else { return write(groups[...]) }
        return write(groups[..<start]) + "::" + write(groups[(start + count)...])
    }

    private static func longestZeroRun(_ groups: [UInt64]) -> (start: Int, count: Int) {
        var best = (start: 0, count: 0)
        var run = (start: 0, count: 0)
        for (index, group) in groups.enumerated() {
            run = group == 0 ? (run.count == 0 ? index : run.start, run.count + 1) : (0, 0)
            if run.count > best.count { best = run }
        }
        return best
    }
}

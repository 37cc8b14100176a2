extension ProxyHeader {
    /// What the first bytes of a connection are.
    package enum Reading: Sendable, Hashable {
        /// They may become a header.
        case incomplete
        /// A header of that many bytes.
        case header(ProxyHeader, bytes: Int)
        case fault(ProxyHeaderFault)
    }

    /// Reads a header off the front of what a connection has sent so far.
    ///
    /// It decides as soon as it can: bytes that no header begins with are a fault at the first of them.
    package static func read(_ bytes: [UInt8]) -> Reading {
        if begins(bytes, signature) { return binary(bytes) }
        if begins(bytes, linePrefix) { return line(bytes) }
        return .fault(.absent)
    }

    /// Whether the bytes begin with a prefix, as far as both go.
    private static func begins(_ bytes: [UInt8], _ prefix: [UInt8]) -> Bool {
        let count = min(bytes.count, prefix.count)
        return bytes[..<count] == prefix[..<count]
    }

    // MARK: Version 1

    private static func line(_ bytes: [UInt8]) -> Reading {
        let start = bytes.prefix(lineBytes)
        guard let end = start.indices.dropLast().first(where: { start[$0] == 13 && start[$0 + 1] == 10 }) else {
            return bytes.count < lineBytes ? .incomplete : .fault(.lineTooLong)
        }
        let text = String(decoding: start[..<end], as: UTF8.self)
        guard let origin = origin(of: text) else { return .fault(.badLine) }
        return .header(ProxyHeader(origin), bytes: end + 2)
    }

    private static func origin(of line: String) -> Origin? {
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        // What follows UNKNOWN is to be ignored.
        if words.count >= 2, words[1] == "UNKNOWN" { return .unknown }
        guard words.count == 6, let isIPv6 = ["TCP4": false, "TCP6": true][words[1]],
            let client = endpoint(words[2], words[4], isIPv6: isIPv6),
            let local = endpoint(words[3], words[5], isIPv6: isIPv6)
        else { return nil }
        return .client(client, to: local)
    }

    private static func endpoint(_ address: String, _ port: String, isIPv6: Bool) -> Endpoint? {
        guard address.contains(":") == isIPv6, let address = IPAddress(parsing: address),
            (1...5).contains(port.utf8.count), port.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            port == "0" || !port.hasPrefix("0"), let number = UInt16(port)
        else { return nil }
        return .ip(address, port: number)
    }

    // MARK: Version 2

    private static func binary(_ bytes: [UInt8]) -> Reading {
        guard bytes.count > 12 else { return .incomplete }
        let (version, command) = (bytes[12] >> 4, bytes[12] & 0xf)
        guard version == 2 else { return .fault(.unknownVersion(version)) }
        guard command <= 1 else { return .fault(.unknownCommand(command)) }
        guard bytes.count >= fixedBytes else { return .incomplete }
        let length = Int(bytes[14]) << 8 | Int(bytes[15])
        guard fixedBytes + length <= maximumBytes else { return .fault(.tooLong) }
        let family = Family(rawValue: bytes[13])
        // Of the sender's own connection all that follows is to be skipped.
        if command == 1 {
            guard let family else { return .fault(.unknownFamily(bytes[13])) }
            guard length >= family.bytes else { return .fault(.tooShort) }
        }
        guard bytes.count >= fixedBytes + length else { return .incomplete }
        let whole = bytes[..<(fixedBytes + length)]
        guard command == 1, let family else { return .header(ProxyHeader(.local), bytes: whole.count) }
        do throws(ProxyHeaderFault) {
            return .header(try header(in: whole, family), bytes: whole.count)
        } catch {
            return .fault(error)
        }
    }

    private static func header(in whole: ArraySlice<UInt8>, _ family: Family) throws(ProxyHeaderFault) -> ProxyHeader {
        let rest = whole.dropFirst(fixedBytes)
        // What some senders put there without a family is no TLVs, and is to be skipped.
        if family == .unspecified, ProxyTLV.read(rest) == nil { return ProxyHeader(.unknown) }
        guard let tlvs = ProxyTLV.read(rest.dropFirst(family.bytes)) else { throw .badLengths }
        for tlv in tlvs where tlv.kind == .tls {
            guard ProxyTLS(tlv.value) != nil else { throw .badLengths }
        }
        try checkSum(of: whole, tlvs, from: fixedBytes + family.bytes)
        return ProxyHeader(origin(in: Array(rest.prefix(family.bytes)), family), tlvs: tlvs)
    }

    private static func origin(in bytes: [UInt8], _ family: Family) -> Origin {
        func number(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        func port(_ place: Int) -> UInt16 { UInt16(number(place..<place + 2)) }
        switch family {
        case .unspecified: return .unknown
        case .ipv4:
            return .client(
                .ip(IPAddress(ipv4: UInt32(number(0..<4))), port: port(8)),
                to: .ip(IPAddress(ipv4: UInt32(number(4..<8))), port: port(10)))
        case .ipv6:
            return .client(
                .ip(IPAddress(ipv6High: number(0..<8), low: number(8..<16)), port: port(32)),
                to: .ip(IPAddress(ipv6High: number(16..<24), low: number(24..<32)), port: port(34)))
        case .unix:
            // A name ends at its first zero; one that begins with it is abstract or has none.
            let path = { (part: ArraySlice<UInt8>) in String(decoding: part.prefix { $0 != 0 }, as: UTF8.self) }
            return .client(.unix(path: path(bytes[..<unixBytes])), to: .unix(path: path(bytes[unixBytes...])))
        }
    }

    /// The sum is over the whole header, with zeros in its own place (section 2.2.3).
    private static func checkSum(
        of whole: ArraySlice<UInt8>, _ tlvs: [ProxyTLV], from start: Int
    ) throws(ProxyHeaderFault) {
        var place = start
        for tlv in tlvs {
            defer { place += 3 + tlv.value.count }
            guard tlv.kind == .crc32c else { continue }
            guard tlv.value.count == 4 else { throw .badLengths }
            var zeroed = Array(whole)
            zeroed.replaceSubrange(place + 3..<place + 7, with: [0, 0, 0, 0])
            let said = tlv.value.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            guard CRC32C.of(zeroed) == said else { throw .badChecksum }
        }
    }
}

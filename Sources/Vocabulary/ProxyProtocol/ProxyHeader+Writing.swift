extension ProxyHeader {
    /// The line of version 1, which has room for addresses alone. Unix sockets are UNKNOWN there.
    package var line: [UInt8] {
        guard case .client(.ip(let client, let clientPort), .ip(let local, let localPort)) = origin else {
            return Array("PROXY UNKNOWN\r\n".utf8)
        }
        let isIPv6 = client.isIPv6 || local.isIPv6
        // A dual-stack socket has clients of both families.
        let text = { (address: IPAddress) in isIPv6 && !address.isIPv6 ? "::ffff:\(address)" : "\(address)" }
        let words = ["PROXY", isIPv6 ? "TCP6" : "TCP4", text(client), text(local), "\(clientPort)", "\(localPort)"]
        return Array((words.joined(separator: " ") + "\r\n").utf8)
    }

    /// The header of version 2.
    ///
    /// - Parameter summed: whether a CRC-32C stands at its end.
    /// - Precondition: with all TLVs it has at most 65,535 bytes after its first 16.
    package func binary(summed: Bool) -> [UInt8] {
        let (family, addresses) = Self.addresses(of: origin)
        var bytes = Self.signature
        bytes += [0x20 | (origin == .local ? 0 : 1), family.rawValue, 0, 0]
        bytes += addresses
        for tlv in tlvs where tlv.kind != .crc32c { tlv.append(to: &bytes) }
        if summed { ProxyTLV(.crc32c, [0, 0, 0, 0]).append(to: &bytes) }
        let length = bytes.count - Self.fixedBytes
        precondition(length <= Int(UInt16.max), "a PROXY protocol header of \(length) bytes")
        (bytes[14], bytes[15]) = (UInt8(length >> 8), UInt8(length & 0xff))
        if summed {
            let sum = CRC32C.of(bytes)
            withUnsafeBytes(of: sum.bigEndian) { bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: $0) }
        }
        return bytes
    }

    private static func addresses(of origin: Origin) -> (Family, [UInt8]) {
        switch origin {
        case .local, .unknown: return (.unspecified, [])
        case .client(.ip(let client, let clientPort), .ip(let local, let localPort)):
            let isIPv6 = client.isIPv6 || local.isIPv6
            var bytes: [UInt8] = []
            for address in [client, local] { append(address, asIPv6: isIPv6, to: &bytes) }
            for port in [clientPort, localPort] { bytes += [UInt8(port >> 8), UInt8(port & 0xff)] }
            return (isIPv6 ? .ipv6 : .ipv4, bytes)
        case .client(.unix(let client), .unix(let local)):
            return (.unix, [client, local].flatMap { padded($0) })
        case .client: return (.unspecified, [])
        }
    }

    private static func append(_ address: IPAddress, asIPv6: Bool, to bytes: inout [UInt8]) {
        guard asIPv6 else {
            withUnsafeBytes(of: UInt32(truncatingIfNeeded: address.low).bigEndian) { bytes.append(contentsOf: $0) }
            return
        }
        let low = address.isIPv6 ? address.low : 0xffff_0000_0000 | address.low
        for half in [address.high, low] { withUnsafeBytes(of: half.bigEndian) { bytes.append(contentsOf: $0) } }
    }

    private static func padded(_ path: String) -> [UInt8] {
        let bytes = Array(path.utf8.prefix(unixBytes - 1))
        return bytes + [UInt8](repeating: 0, count: unixBytes - bytes.count)
    }
}

import Testing

@testable import RepriseVocabulary

/// Headers of the PROXY protocol, as others send them and as we do.
@Suite struct ProxyHeaderTests {
    private func ip(_ text: String) throws -> Endpoint { try #require(Endpoint(parsing: text)) }

    private func fault(_ bytes: [UInt8]) -> ProxyHeaderFault? {
        if case .fault(let fault) = ProxyHeader.read(bytes) { fault } else { nil }
    }

    private func binary(
        _ versionAndCommand: UInt8, _ family: UInt8, _ rest: [UInt8], length: Int? = nil
    ) -> [UInt8] {
        let length = length ?? rest.count
        return ProxyHeader.signature + [versionAndCommand, family, UInt8(length >> 8), UInt8(length & 0xff)] + rest
    }

    private static let pairs = [
        ("192.0.2.1:51000", "198.51.100.7:443"), ("[2001:db8::1]:51000", "[2001:db8::2]:443"),
        ("192.0.2.1:51000", "[2001:db8::2]:443"), ("0.0.0.0:0", "255.255.255.255:65535"),
    ]

    @Test(arguments: pairs) func `what we write we read, whole and byte by byte`(client: String, local: String) throws {
        let tls = ProxyTLS(
            hasCertificateInSession: true, verifyResult: 1,
            parts: [ProxyTLV(.init(rawValue: ProxyTLS.Part.version.rawValue), "TLSv1.3")])
        let tlvs = [
            ProxyTLV(.alpn, "h2"), ProxyTLV(.authority, "a.test"), tls.tlv, ProxyTLV(.init(rawValue: 0xe7), []),
        ]
        let header = try ProxyHeader(.client(ip(client), to: ip(local)), tlvs: tlvs)
        for (bytes, isBinary) in [
            (header.line, false), (header.binary(summed: false), true), (header.binary(summed: true), true),
        ] {
            for count in 0..<bytes.count {
                #expect(ProxyHeader.read(Array(bytes[..<count])) == .incomplete, "\(count)")
            }
            // What follows is the client's.
            guard case .header(let read, bytes.count) = ProxyHeader.read(bytes + [0x16, 3, 1]) else {
                Issue.record("\(ProxyHeader.read(bytes))")
                continue
            }
            #expect(read.origin == header.origin)
            #expect(read.tlvs.filter { $0.kind != .crc32c } == (isBinary ? tlvs : []))
            guard isBinary else { continue }
            #expect(read.tls?.hasCertificateInSession == true && read.tls?.verifyResult == 1)
            #expect(read.tls?[.version] == Array("TLSv1.3".utf8) && read[.alpn] == Array("h2".utf8))
        }
    }

    @Test func `lines are what the specification's examples are`() throws {
        let four = try ProxyHeader(.client(ip("255.255.255.255:65535"), to: ip("255.255.255.255:65535")))
        #expect(four.line == Array("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n".utf8))
        let six = try ProxyHeader(.client(ip("[::1]:1"), to: ip("192.0.2.1:2")))
        #expect(six.line == Array("PROXY TCP6 ::1 ::ffff:192.0.2.1 1 2\r\n".utf8))
        #expect(ProxyHeader(.local).line == Array("PROXY UNKNOWN\r\n".utf8))
        for line in ["PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff:f::1 ffff:f::2 65535 65535\r\n"] {
            #expect(ProxyHeader.read(Array(line.utf8)) == .header(ProxyHeader(.unknown), bytes: line.utf8.count))
        }
    }

    @Test func `Unix sockets are known in version 2, by their paths`() {
        let header = ProxyHeader(.client(.unix(path: "/run/client.sock"), to: .unix(path: "/run/app.sock")))
        let bytes = header.binary(summed: false)
        #expect(bytes.count == 16 + 216)
        #expect(ProxyHeader.read(bytes) == .header(header, bytes: bytes.count))
        #expect(header.line == Array("PROXY UNKNOWN\r\n".utf8))
    }

    @Test func `a health check of the sender's is its own, whatever follows`() {
        for rest in [[], [UInt8](repeating: 0xff, count: 40)] {
            for family in [0x00, 0x11, 0x99] as [UInt8] {
                let bytes = binary(0x20, family, rest)
                #expect(ProxyHeader.read(bytes) == .header(ProxyHeader(.local), bytes: bytes.count))
            }
        }
    }

    @Test func `a client without addresses is unknown, and its TLVs are skipped`() {
        let bytes = binary(0x21, 0x00, [1, 2, 3, 4, 5])
        #expect(ProxyHeader.read(bytes) == .header(ProxyHeader(.unknown), bytes: bytes.count))
        #expect(ProxyHeader(.unknown).binary(summed: false) == binary(0x21, 0x00, []))
        #expect(ProxyHeader(.local).binary(summed: false) == binary(0x20, 0x00, []))
    }

    @Test func `the sum is that of RFC 4960, and covers every byte`() throws {
        #expect(CRC32C.of(Array("123456789".utf8)) == 0xe306_9283)
        let header = try ProxyHeader(
            .client(ip("192.0.2.1:51000"), to: ip("192.0.2.2:443")), tlvs: [ProxyTLV(.uniqueID, "connection 7")])
        let bytes = header.binary(summed: true)
        for place in 16..<bytes.count where !(bytes.count - 7..<bytes.count - 4).contains(place) {
            var changed = bytes
            changed[place] ^= 1
            guard case .fault(let fault) = ProxyHeader.read(changed) else {
                Issue.record("byte \(place) is not covered")
                continue
            }
            #expect(fault == .badChecksum || fault == .badLengths, "byte \(place): \(fault)")
        }
    }

    @Test(arguments: [
        "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
        "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
        "PROXY TCP4 ::1 ::2 1 2\r\n", "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n", "PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n", "PROXY \r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n", "PROXY TCP4 192.0.2.1\r\n192.0.2.2 1 2\r\n",
    ]) func `a line that is none is refused`(line: String) {
        #expect(fault(Array(line.utf8)) == .badLine)
    }

    @Test func `a line has 107 bytes at the most`() {
        let fits = "PROXY UNKNOWN " + String(repeating: "x", count: 91) + "\r\n"
        #expect(fits.utf8.count == 107)
        #expect(ProxyHeader.read(Array(fits.utf8)) == .header(ProxyHeader(.unknown), bytes: 107))
        let longer = Array(("PROXY UNKNOWN " + String(repeating: "x", count: 92) + "\r\n").utf8)
        #expect(ProxyHeader.read(Array(longer.prefix(106))) == .incomplete)
        #expect(fault(Array(longer.prefix(107))) == .lineTooLong && fault(longer) == .lineTooLong)
        // A line feed alone ends nothing.
        #expect(
            fault(Array("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n".utf8) + [UInt8](repeating: 0x20, count: 107)) == .lineTooLong
        )
    }

    @Test func `what begins otherwise is told at once`() {
        for bytes in [[0x16, 3, 1], [0x0d, 0x0a, 0x0d, 0x0b], Array("PROXZ".utf8), Array("GET /".utf8), [0]]
            as [[UInt8]]
        {
            #expect(fault(bytes) == .absent, "\(bytes)")
        }
        #expect(ProxyHeader.read([]) == .incomplete)
    }

    @Test func `versions, commands and families that are none, and lengths that lie`() {
        #expect(
            fault(binary(0x11, 0x11, [])) == .unknownVersion(1) && fault(binary(0x31, 0x11, [])) == .unknownVersion(3))
        #expect(fault(binary(0x22, 0x11, [])) == .unknownCommand(2))
        for family in [0x01, 0x10, 0x12, 0x13, 0x20, 0x22, 0x30, 0x32, 0x41, 0xff] as [UInt8] {
            #expect(fault(binary(0x21, family, [UInt8](repeating: 0, count: 216))) == .unknownFamily(family))
        }
        #expect(fault(binary(0x21, 0x11, [UInt8](repeating: 0, count: 11))) == .tooShort)
        #expect(fault(binary(0x21, 0x21, [UInt8](repeating: 0, count: 35))) == .tooShort)
        let addresses = [UInt8](repeating: 1, count: 12)
        for tlvs in [[1], [1, 0], [1, 0, 1], [1, 0, 2, 7], [3, 0, 3, 1, 2, 3], [0x20, 0, 4, 1, 0, 0, 0]] as [[UInt8]] {
            #expect(fault(binary(0x21, 0x11, addresses + tlvs)) == .badLengths, "\(tlvs)")
        }
        // A part of the TLS value that is longer than the value.
        #expect(fault(binary(0x21, 0x11, addresses + [0x20, 0, 9, 1, 0, 0, 0, 0, 0x21, 0, 9, 7])) == .badLengths)
        // Its length is known before its bytes are.
        #expect(fault(binary(0x21, 0x11, [], length: 0xffff)) == .tooLong)
        let most = ProxyHeader.maximumBytes - ProxyHeader.fixedBytes
        #expect(ProxyHeader.read(binary(0x21, 0x11, [], length: most)) == .incomplete)
        #expect(fault(binary(0x21, 0x11, [], length: most + 1)) == .tooLong)
    }

    @Test func `no bytes at all bring it down`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var bytes = binary(
                [0x20, 0x21].randomElement(using: &random) ?? 0x21,
                [0, 0x11, 0x21, 0x31].randomElement(using: &random) ?? 0,
                (0..<Int.random(in: 0..<300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) })
            if Bool.random(using: &random) { bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 0x40 }
            _ = ProxyHeader.read(bytes)
        }
    }
}

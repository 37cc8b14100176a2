import RepriseResumption
import RepriseVocabulary
import Testing

@Suite struct TicketSecrecyTests {
    /// A byte that no time, count or name here has in its digits.
    private static let byte: UInt8 = 0xee

    private func shown(_ value: Any) -> String {
        var text = ""
        dump(value, to: &text)
        return "\(value) \(String(reflecting: value)) \(text)".lowercased()
    }

    /// Fails when the text shows the secrets' byte in a row, in hex, decimal or as base64 does.
    private func isSilent(_ text: String) -> Bool {
        !["eeee", "238, 238", "- 238", "7u7u", "238\n", "0xee"].contains { text.contains($0) }
    }

    private func secret(_ count: Int) -> Secret {
        Secret(count: count) { bytes in for index in bytes.indices { bytes[index] = Self.byte } }
    }

    @Test func `no key, ring, record or answer shows a secret`() throws {
        let names = [UInt8](0..<16)
        let key = try #require(
            names.withUnsafeBytes { TicketKeyName($0) }.flatMap {
                TicketKey(name: $0, aes: secret(32), hmac: secret(32), notBefore: at(0), notAfter: at(100))
            })
        let record = TicketKeyRecord(
            name: names, aes: secret(32), hmac: secret(32), notBefore: at(0), notAfter: at(100))
        let ring = TicketKeyRing(try .seconds(60, lifetime: 60), at: at(0)) { bytes in
            // A name may be seen.
            for index in bytes.indices { bytes[index] = bytes.count == 16 ? 1 : Self.byte }
        }
        #expect(isSilent(shown(ring)))
        ring.replace(with: [key], at: at(1))
        let values: [Any] = [
            key, [key], Optional(key) as Any, record, ring, ring.opening(key, at: at(1)), ring.snapshot(at: at(1)),
            Mirror(reflecting: key).children.map(\.value), Mirror(reflecting: ring).children.map(\.value),
            Mirror(reflecting: record).children.map(\.value),
            TicketKeyRecord.check([record], ticketLifetime: .seconds(1), at: at(0)),
        ]
        for value in values { #expect(isSilent(shown(value)), "\(shown(value))") }
        #expect(key.description == "ticket key 00010203")
        #expect(!isSilent("eeeeeeee") && !isSilent(shown([Self.byte, Self.byte])))
    }

    @Test func `no file and no fault of one shows what it read`() throws {
        let secrets = [UInt8](repeating: Self.byte, count: 31) + [0]
        let bytes = [UInt8](0..<16) + secrets + secrets
        let file = try bytes.withUnsafeBytes { try TicketKeyFile(reading: $0) }
        #expect(isSilent(shown(file)))
        let bad = [
            bytes + [0], bytes.dropLast(), [UInt8](repeating: Self.byte, count: 48),
            Array(String(repeating: "7u7u", count: 12).utf8), Array(String(repeating: "7u7u\n", count: 9).utf8),
        ]
        for bytes in bad {
            let fault = #expect(throws: TicketKeyFileFault.self) {
                try bytes.withUnsafeBytes { try TicketKeyFile(reading: $0) }
            }
            #expect(isSilent(shown(fault as Any)))
        }
    }
}

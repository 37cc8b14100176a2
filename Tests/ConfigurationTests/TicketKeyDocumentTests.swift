import RepriseConfiguration
import RepriseVocabulary
import Testing

/// Files of ticket keys in Reprise's own format, as people write them.
@Suite struct TicketKeyDocumentTests {
    private func read(_ text: String) throws -> [TicketKeyDocument.Entry] {
        try Array(text.utf8).withUnsafeBytes { try TicketKeyDocument(reading: Secret(copying: $0)).entries }
    }

    private func text(_ secret: Secret) -> String { secret.withBytes { String(decoding: $0, as: UTF8.self) } }

    private static let rest = "aes: QUFB, hmac: QkJC, not_before: 2026-11-23T08:00:00Z, not_after: 2026-11-24T08:00:00Z"

    @Test(arguments: [
        """
        # made by hand
        keys:
          - name: TkFN+/==            # public
            aes: QUFB

            hmac: "QkJC"
            # in turn
            not_before: 2026-11-23T08:00:00Z
            not_after: '2026-11-24T08:00:00Z'
          - not_after: 2026-11-25T08:00:00.5+01:00
            hmac: 'QkJC'
            name: "T1RIRVI="
            not_before: 2026-11-24T08:00:00Z
            aes: QUFB
        """,
        """
        ---
        keys:
        -   name: TkFN+/==
            aes: QUFB
            hmac: QkJC
            not_before: "2026-11-23T08:00:00Z"
            not_after: 2026-11-24T08:00:00Z
        -
          name:   T1RIRVI=
          aes: QUFB
          hmac: QkJC
          not_before: 2026-11-24T08:00:00Z
          not_after: 2026-11-25T08:00:00.5+01:00
        ...
        """,
        """
        "keys": [
          { name: TkFN+/==, \(rest) }, # the first
          {"name": 'T1RIRVI=', aes: QUFB, hmac: QkJC,
           not_before: 2026-11-24T08:00:00Z, not_after: 2026-11-25T08:00:00.5+01:00,},
        ]
        """,
        "\u{FEFF}keys:\r\n - { name: TkFN+/==, \(rest) }\r\n - {name: T1RIRVI=, aes: QUFB, hmac: QkJC,\r\n"
            + "    not_before: 2026-11-24T08:00:00Z, not_after: 2026-11-25T08:00:00.5+01:00 }\r\n",
    ])
    func `block and flow style, quotes, comments and any order are read`(_ file: String) throws {
        let entries = try read(file)
        #expect(entries.map { text($0.name) } == ["TkFN+/==", "T1RIRVI="])
        #expect(entries.allSatisfy { text($0.aes) == "QUFB" && text($0.hmac) == "QkJC" })
        #expect(entries.map(\.notBefore) == ["2026-11-23T08:00:00Z", "2026-11-24T08:00:00Z"])
        #expect(entries.map(\.notAfter) == ["2026-11-24T08:00:00Z", "2026-11-25T08:00:00.5+01:00"])
    }

    @Test(arguments: ["keys: []", "keys: [ ] # none\n", "keys:\n  []"])
    func `an empty list is a list`(_ file: String) throws {
        #expect(try read(file).isEmpty)
    }

    @Test(arguments: [
        ("", 1), ("keys", 1), ("keys:", 1), ("keys: QUFB", 1), ("\n\nkys: []", 3), (" \tkeys: []", 1),
        ("keys: [{ name: QUFB }]", 1), ("keys:\n  - name: QUFB\n", 2), ("keys: [QUFB]", 1), ("keys: [] QUFB", 1),
        ("keys: []\nother: QUFB", 2), ("keys: [{ name: a, \(rest) }", 1), ("keys: [{ name: a, \(rest) ]", 1),
        ("keys:\n  - name: a\n    aes: QUFB\n    aes: QUFB\n", 4), ("keys:\n  - name: a\n   aes: QUFB\n", 2),
        ("keys:\n  - name: a\n\taes: QUFB\n", 3), ("keys:\n  - name: \"QUFB\n", 2), ("keys:\n  - nam: QUFB\n", 2),
        ("keys:\n  - name: QU FB\n", 2), ("keys:\n  - name: |\n      QUFB\n", 2), ("keys:\n  - name:\n      QUFB\n", 2),
        ("keys:\n  - name:QUFB\n", 2), ("keys:\n  - name: &x QUFB\n", 2), ("keys:\n  - name: !!binary QUFB\n", 2),
        ("keys:\n  - - name: QUFB\n", 2), ("keys:\n  -\n  name: QUFB\n", 3), ("keys:\n  - name: \"QU\\x46B\"\n", 2),
        ("keys: [{ name: a, \(rest), QUFB: b }]", 1), ("keys:\n  - { name: a, \(rest) } QUFB", 2),
    ])
    func `anything else is refused with its line, and not quoted`(_ file: String, _ line: Int) throws {
        let fault = #expect(throws: TicketKeyDocument.Fault.self) { try read(file) }
        let words = fault?.description ?? ""
        #expect(words.hasPrefix("line \(line): "), "\(file): \(words)")
        #expect(!words.contains("QU"), "\(file): \(words)")
    }

    @Test func `whatever bytes there are, reading ends`() {
        var generator = SystemRandomNumberGenerator()
        let good = Array(
            "keys:\n  - name: QUFB\n    aes: 'QUFB'\nkeys: [{ hmac: \"QkJC\", not_after: 2026 }] # x\n".utf8)
        for _ in 0..<2000 {
            var bytes = good
            for _ in 0..<5 { bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255) }
            bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
            bytes.withUnsafeBytes { _ = try? TicketKeyDocument(reading: Secret(copying: $0)) }
        }
    }
}

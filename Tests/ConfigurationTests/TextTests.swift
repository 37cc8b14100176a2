import RepriseConfiguration
import Testing

/// What stands between the bytes of a file and its tree.
@Suite struct TextTests {
    private func faults(_ bytes: [UInt8]) -> [String] {
        ConfigurationLoader.load(bytes: bytes, file: "x.yaml", directory: ".", environment: [:]).faults
            .map(\.description)
    }

    private func faults(_ text: String) -> [String] { faults(Array(text.utf8)) }

    @Test func `a key that stands twice is a fault among the others, at its second place`() {
        let text = configuration(
            top: "workers: 0\nworkers: 2",
            listener: "timeouts: { idle: 1m, idle: 5x, idel: \"${X:-1s}\" }\n    router: other")
        #expect(
            faults(text) == [
                "x.yaml:1:10: workers: expected auto or a whole number from 1 to 256, found \"0\"",
                "x.yaml:2:1: workers: the key stands at line 1 already",
                "x.yaml:7:27: listeners[0].timeouts.idle: the key stands at line 7 already",
                "x.yaml:7:33: listeners[0].timeouts.idle: expected a duration such as \"20ms\", from 1ms to 7d, found \"5x\"",
                "x.yaml:7:37: listeners[0].timeouts.idel: unknown key, did you mean \"idle\"?",
                "x.yaml:8:5: listeners[0].router: the key stands at line 6 already",
            ])
    }

    @Test(arguments: [
        ("workers: 1\nworkers: 2\nworkers: 3", ["2:1", "3:1"]), ("\"workers\": 1\nworkers: 2", ["2:1"]),
        ("'workers': 1\n'workers': 2", ["2:1"]), ("&a workers: 1\n!!str workers: 2", ["2:1"]),
        ("log: { format: text, \"format\": json }", ["1:22"]), ("workers: 1\r\nworkers: 2", ["2:1"]),
        ("# \u{2028}# é\nworkers: 1\nworkers: 2", ["4:1"]),
        ("log: &a { level: info, level: debug }\nsessions: {}", ["1:24"]),
    ])
    func `however a key is written, it stands once`(top: String, places: [String]) {
        let found = faults(configuration(top: top))
        #expect(found.map { $0.split(separator: ":")[1...2].joined(separator: ":") } == places, "\(found)")
        #expect(found.allSatisfy { $0.contains("already") })
    }

    @Test func `a key that stands twice where nothing is looked at is a fault too`() {
        #expect(faults(configuration(upstream: "health: { path: a, path: b }")).count == 1)
    }

    @Test(arguments: [
        "? [a]\n: 1\n? [a]\n: 2", "\"\": 1\n\"\": 2", "\"\\x61\": 1\na: 2", "? |\n  a\n: 1\n? |\n  a\n: 2",
    ])
    func `a key of a rare kind that stands twice is a fault with a place`(text: String) {
        let found = faults(text)
        #expect(found.contains { $0.hasPrefix("x.yaml:1:") && $0.contains("twice") }, "\(found)")
    }

    @Test func `hundreds of keys that stand twice end the reading, and many of them are told`() {
        let lines = (0..<300).map { "- { a\($0): 1, a\($0): 2 }\n" }.joined()
        let found = faults(lines)
        #expect(found.count == 65 && found.allSatisfy { $0.contains("twice") }, "\(found)")
        #expect(found.first == "x.yaml:1:5: a key stands twice in a mapping: \"a0\"")
    }

    @Test func `a key that stands twice is told beside what is no YAML`() {
        #expect(
            faults("log: { level: info, level: info }\nadmin: [\n").map { $0.prefix(11) } == [
                "x.yaml:1:8:", "x.yaml:3:1:",
            ])
    }

    @Test func `a byte order mark is no part of the text`() {
        #expect(faults([0xEF, 0xBB, 0xBF] + Array(configuration().utf8)).isEmpty)
        #expect(
            faults([0xEF, 0xBB, 0xBF] + Array("wrkers: 1\n".utf8)).contains { $0.hasPrefix("x.yaml:1:1: wrkers:") })
    }

    @Test(arguments: [true, false])
    func `text in UTF-16 is called so`(hasMark: Bool) {
        let units = Array("workers: 1\n".utf16)
        let little = units.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        let big = units.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        let message = ["x.yaml:1:1: expected text in UTF-8, found UTF-16"]
        #expect(faults((hasMark ? [0xFF, 0xFE] : []) + little) == message)
        #expect(faults((hasMark ? [0xFE, 0xFF] : []) + big) == message)
    }

    @Test func `bytes that are no UTF-8 are a fault at the first of them`() {
        let start = Array("# é\r\nlog: \"é".utf8)
        #expect(faults(start + [0xFF, 0xFE]) == ["x.yaml:2:8: expected text in UTF-8, found the byte 0xFF"])
        #expect(faults(start + [0xC3]) == ["x.yaml:2:8: expected text in UTF-8, found the byte 0xC3"])
        #expect(faults([0x61, 0xFF, 0xFE]) == ["x.yaml:1:2: expected text in UTF-8, found the byte 0xFF"])
    }

    @Test func `a character that YAML does not allow is a fault at its place`() {
        #expect(faults("a: 1\nb: \u{7}\n") == ["x.yaml:2:4: not YAML: the character U+0007 is not allowed"])
    }

    @Test func `a second document is a fault among the others`() {
        #expect(
            faults("workers: 0\n" + configuration() + "\n---\na: 1\n---\nb: 1\n") == [
                "x.yaml:1:10: workers: expected auto or a whole number from 1 to 256, found \"0\"",
                "x.yaml:18:1: expected one document, found a second one; one file holds one configuration",
            ])
    }

    @Test func `another version of YAML is called so`() {
        #expect(
            faults("%YAML 1.3\n---\na: 1\n") == [
                "x.yaml:1:1: expected YAML 1.1 or 1.2, found another version in the line %YAML; the line can be left out"
            ])
        #expect(faults("%YAML 1.2\n---\n" + configuration()).isEmpty)
    }

    @Test(arguments: ["\\e[31m", "\\n", "\\r", "\\t", "\\u202E", "\\u2028", "\\0", "\\u200B", "\\U000E0001"])
    func `whatever a message quotes, it is one printable line`(escape: String) {
        let loaded = load(
            configuration(
                top: "workers: \"a\(escape)b\"\n\"k\(escape)\": 1", listener: "sessions: { mode: \"\(escape)\" }",
                upstream: "\"\(escape)\": 1\n    health: 1"))
        #expect(loaded.faults.count == 4 || loaded.faults.count == 5, "\(loaded.faults)")
        for fault in loaded.faults {
            #expect(
                fault.description.unicodeScalars.allSatisfy {
                    $0 == " "
                        || ![.control, .format, .lineSeparator, .unassigned].contains($0.properties.generalCategory)
                }, "\(fault)")
        }
    }

    @Test func `long values and names are shortened`() {
        let long = String(repeating: "a\u{301}\u{302}", count: 5000)
        let found = faults(
            configuration(
                top: "workers: \"\(long)\"\n\(long.prefix(200)): 1", listener: "mode: \"\(long)\"",
                upstream: "affinity: \"${\(long)}\""))
        #expect(found.count == 4 && found.allSatisfy { $0.unicodeScalars.count < 500 }, "\(found)")
    }
}

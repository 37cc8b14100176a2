import RepriseConfiguration
import Testing

/// What people write that YAML reads as something else.
@Suite struct YAMLHintTests {
    private func faults(_ text: String) -> [String] {
        ConfigurationLoader.load(bytes: Array(text.utf8), file: "x.yaml", directory: ".", environment: [:]).faults
            .map(\.description)
    }

    @Test(arguments: [
        (
            "admin:\n  hosts: [*.example.test]\n",
            "2:11: not YAML: a value that begins with \"*\" needs quotes; write: hosts: [\"*.example.test\"]"
        ),
        (
            "a:\n  - names:\n      - *.example.test  # all\n",
            "3:9: not YAML: a value that begins with \"*\" needs quotes; write: - \"*.example.test\"  # all"
        ),
        (
            "a: { names: [ok.test, *.a.test, \"*.b.test\", *.c.test] }\n",
            "1:23: not YAML: a value that begins with \"*\" needs quotes; "
                + "write: a: { names: [ok.test, \"*.a.test\", \"*.b.test\", \"*.c.test\"] }"
        ),
        (
            "a: [x,\n  *.a.test, *.b.test,\n  y]\n",
            "2:3: not YAML: a value that begins with \"*\" needs quotes; write: \"*.a.test\", \"*.b.test\","
        ),
        ("hosts: [*]\n", "1:9: not YAML: a value that begins with \"*\" needs quotes; write: hosts: [\"*\"]"),
        (
            "hosts: *www\n",
            "1:8: not YAML: found undefined alias; a value that begins with \"*\" needs quotes; write: hosts: \"*www\""
        ),
        (
            "a: [&x 1, *x, *.y.test]\n",
            "1:15: not YAML: a value that begins with \"*\" needs quotes; write: a: [&x 1, *x, \"*.y.test\"]"
        ),
    ])
    func `a name with a star that is not quoted is no alias`(text: String, fault: String) {
        #expect(faults(text) == ["x.yaml:\(fault)"])
    }

    @Test(arguments: [
        ("bind: [::]:443\n", "1:7", "bind: \"[::]:443\""),
        ("l:\n  - bind: [[::]:443]\n", "2:12", "- bind: [\"[::]:443\"]"),
        ("bind: [0.0.0.0:443, [::]:443]\n", "1:21", "bind: [0.0.0.0:443, \"[::]:443\"]"),
        ("bind:\n  - [::]:443\n", "2:5", "- \"[::]:443\""),
        ("admin:\n  bind: [fe80::1]:443\n  hosts: [a]\n", "2:9", "bind: \"[fe80::1]:443\""),
        ("admin: { bind: [2001:db8::1]:443 }\n", "1:16", "admin: { bind: \"[2001:db8::1]:443\" }"),
    ])
    func `an IPv6 address that is not quoted is no list`(text: String, place: String, line: String) {
        #expect(
            faults(text) == [
                "x.yaml:\(place): not YAML: an address that begins with \"[\" needs quotes; write: \(line)"
            ])
    }

    @Test func `an IPv6 address in a list that reads as a mapping is told, too`() {
        let text = configuration().replacing("[\"127.0.0.1:8443\"]", with: "[[fe80::1]:443]")
        #expect(
            faults(text) == [
                "x.yaml:4:12: listeners[0].bind[0]: expected an address and port such as \"0.0.0.0:8443\" or "
                    + "\"[::]:8443\", or \"unix:/path\", found a mapping; an address that begins with \"[\" needs quotes; "
                    + "write: \"[fe80::1]:443\""
            ])
    }

    @Test(arguments: [
        ("log: { level: ${LEVEL} }\n", "1:15", "log: { level: \"${LEVEL}\" }"),
        ("log: { level: ${LEVEL:-info}, format: json }\n", "1:15", "log: { level: \"${LEVEL:-info}\", format: json }"),
        ("admin:\n  hosts: [a, ${HOST:-b}]\n", "2:14", "hosts: [a, \"${HOST:-b}\"]"),
        (
            "admin: { bind: ${A}:${B}, hosts: [x.${C}] }\n", "1:16",
            "admin: { bind: \"${A}:${B}\", hosts: [\"x.${C}\"] }"
        ),
        ("admin: {\n  bind: ${A}\n}\n", "2:9", "bind: \"${A}\""),
    ])
    func `a variable inside of brackets that is not quoted is no mapping`(text: String, place: String, line: String) {
        #expect(
            faults(text) == ["x.yaml:\(place): not YAML: \"${\" inside of brackets needs quotes; write: \(line)"])
    }

    @Test(arguments: [
        ("log:\n\tlevel: info\n", "2:1", "  level: info"),
        ("log:\n  level: info\n\tformat: json\n", "3:1", "  format: json"),
        ("log:\n  # why\n\n  \tlevel: info\n", "4:3", "  level: info"),
        ("listeners:\n\t- name: a\n", "2:1", "  - name: a"),
        ("log: # why\n\tlevel: info\n", "2:1", "  level: info"),
        ("listeners:\n  - name: a\n\tbind: b\n", "3:1", "    bind: b"),
        ("listeners:\n  - tls:\n\thosts: b\n", "3:1", "      hosts: b"),
        ("a:\n  - b\n\t- c\n", "3:1", "  - c"),
    ])
    func `a tab in the indentation is called so`(text: String, place: String, line: String) {
        #expect(faults(text) == ["x.yaml:\(place): not YAML: indentation takes spaces, not tabs; write: \(line)"])
    }

    @Test(arguments: [
        ("workers: !foo 3", "1:10: workers: the tag \"!foo\" means nothing here; write: workers: 3"),
        ("workers: !!foo 3", "1:10: workers: the tag \"!!foo\" means nothing here; write: workers: 3"),
        ("workers: !!timestamp 3", "1:10: workers: the tag \"!!timestamp\" means nothing here; write: workers: 3"),
        ("!k workers: 3", "1:1: the tag \"!k\" means nothing here; write: workers: 3"),
        (
            "log: !x { level: !y info }  # z",
            "1:6: log: the tag \"!x\" means nothing here; write: log: { level: !y info }  # z"
        ),
        ("workers: &a !foo 3", "1:10: workers: the tag \"!foo\" means nothing here; write: workers: &a 3"),
        ("\u{2028}# a\r\nworkers: !foo 3", "3:10: workers: the tag \"!foo\" means nothing here; write: workers: 3"),
    ])
    func `a tag that YAML's core schema has not is a fault`(top: String, fault: String) {
        let found = faults(configuration(top: top))
        #expect(found.first == "x.yaml:\(fault)" && found.count == (top.contains("!y") ? 2 : 1), "\(found)")
    }

    @Test func `ciphers that begin with an exclamation mark are told to need quotes`() {
        let found = faults(configuration(tls: "ciphers: !aNULL:ECDHE+AESGCM"))
        #expect(
            found == [
                "x.yaml:8:16: listeners[0].tls.ciphers: a value that begins with \"!\" needs quotes; "
                    + "write: ciphers: \"!aNULL:ECDHE+AESGCM\""
            ])
    }

    @Test(arguments: ["!!int 3", "! 3", "!<tag:yaml.org,2002:int> 3", "!!str \"3\"", "&a 3", "\"3\""])
    func `tags of the core schema say nothing new`(value: String) {
        #expect(faults(configuration(top: "workers: \(value)")).isEmpty)
    }

    @Test func `a tag behind an alias is told once`() {
        let text = configuration(top: "log: &a { level: !t info }\nsessions: *a")
        #expect(faults(text).filter { $0.contains("!t") }.count == 1, "\(faults(text))")
    }

    @Test func `a long line is not shown`() {
        let found = faults("a: [\(String(repeating: "x, ", count: 100))*.b.test]\n")
        #expect(found == ["x.yaml:1:305: not YAML: a value that begins with \"*\" needs quotes"])
    }

    @Test func `lines of very many brackets, tags and blanks are read to their end`() {
        let brackets = faults("a: " + String(repeating: "[", count: 20_000)).count
        let tags = faults("a: [" + String(repeating: "!t b, ", count: 1000) + "]").count { $0.contains("\"!t\"") }
        let blanks = faults("a:\n" + String(repeating: " ", count: 20_000) + "*.x\n").first
        #expect(brackets == 1 && tags == 1000 && blanks?.contains("quotes") == true)
    }
}

import RepriseConfiguration
import Testing

/// One mistake is one fault, and parts of the file that do not go together.
@Suite struct MeetingTests {
    private func faults(_ text: String) -> [String] { load(text).faults.map(\.description) }

    private func lines(_ text: String) -> [String] {
        let loaded = load(text)
        return loaded.faults.map(\.message) + loaded.warnings.map { "warning: \($0.message)" }
    }

    @Test(arguments: [
        ("router: app", "router: ${NOPE}", "the environment variable NOPE is not set"),
        ("router: app", "router: ap", "no upstream group or router has the name \"ap\", did you mean \"app\"?"),
        ("router: app", "ruoter: app", "unknown key, did you mean \"router\"?"),
        ("- name: app", "- name: ${NOPE}", "the environment variable NOPE is not set"),
        ("- name: app", "- nmae: app", "unknown key, did you mean \"name\"?"),
        ("\nupstreams:", "\nupstream:", "unknown key, did you mean \"upstreams\"?"),
        ("chain: c.pem", "chain: \"${NOPE}/c.pem\"", "the environment variable NOPE is not set"),
        ("[\"127.0.0.1:8080\"]", "[\"${NOPE}:8080\"]", "the environment variable NOPE is not set"),
        ("router: app", "router: app\n    router: ap", "the key stands at line 5 already"),
        (
            "upstreams:", "upstreams: [{ name: other, servers: [\"127.0.0.1:1\"] }]\nupstreams:",
            "the key stands at line 13 already"
        ),
    ])
    func `one mistake is one fault, and no warning`(part: String, mistake: String, message: String) {
        #expect(lines(configuration().replacing(part, with: mistake)) == [message])
    }

    @Test func `a value without its variable is not judged, whatever it is for`() {
        let text = configuration(
            listener: "mode: ${NOPE}\n    timeouts: { idle: \"${NOPE}\" }", tls: "minimum_version: ${NOPE}")
        #expect(lines(text) == Array(repeating: "the environment variable NOPE is not set", count: 3))
    }

    @Test(arguments: [
        ("\"127.0.0.1:8443\", \"0.0.0.0:8443\"", "0.0.0.0:8443 overlaps 127.0.0.1:8443 at line 4"),
        ("\"[::]:8443\", \"[::1]:8443\"", "[::1]:8443 overlaps [::]:8443 at line 4"),
        ("\"0.0.0.0:9443\"", "127.0.0.1:9443 overlaps 0.0.0.0:9443 at line 4"),
        ("\"127.0.0.1:1\", \"127.0.0.1:1\"", "127.0.0.1:1 is bound at line 4 already"),
        ("\"192.0.2.1:8443\", \"[::ffff:192.0.2.1]:8443\"", "192.0.2.1:8443 is bound at line 4 already"),
    ])
    func `addresses that cannot both be bound are a fault`(bind: String, message: String) {
        let text = configuration(top: "admin: { bind: \"127.0.0.1:9443\" }")
        #expect(lines(text.replacing("\"127.0.0.1:8443\"", with: bind)) == [message])
    }

    @Test(arguments: [
        "\"0.0.0.0:8443\", \"[::]:8443\"", "\"127.0.0.1:8443\", \"0.0.0.0:8444\"",
        "\"127.0.0.1:0\", \"0.0.0.0:0\"", "\"127.0.0.1:8443\", \"127.0.0.2:8443\"",
    ])
    func `addresses that can both be bound are fine`(bind: String) {
        #expect(lines(configuration().replacing("\"127.0.0.1:8443\"", with: bind)).isEmpty)
    }

    @Test(arguments: [
        ("192.0.2.1", "warning: clients never send an address as a name (RFC 6066): no handshake asks for it"),
        (
            "-a.test",
            "expected a host name such as \"example.test\" or \"*.example.test\", found \"-a.test\"; no part of a name begins or ends with \"-\""
        ),
        (
            "\"*.a-.test\"",
            "expected a host name such as \"example.test\" or \"*.example.test\", found \"*.a-.test\"; no part of a name begins or ends with \"-\""
        ),
        (
            "bücher.test",
            "expected a host name such as \"example.test\" or \"*.example.test\", found \"bücher.test\"; write other letters in the form that begins with \"xn--\""
        ),
    ])
    func `a host name that no client sends`(name: String, message: String) {
        #expect(lines(configuration().replacing("[example.test]", with: "[\(name)]")) == [message])
    }

    @Test func `a host that has another's first name has one fault`() {
        let text = configuration(
            host: "\n        - { names: [example.test], certificates: [{ chain: c.pem, key: k.pem }] }")
        #expect(lines(text) == ["the name example.test is taken by the host at line 10"])
    }
}

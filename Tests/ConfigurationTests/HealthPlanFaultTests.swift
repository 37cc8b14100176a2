import RepriseVocabulary
import Testing

@testable import RepriseConfiguration

/// What is said of servers' health, and says nothing or too much, is told.
@Suite struct HealthPlanFaultTests {
    private func load(_ group: String, servers: String = "[\"127.0.0.1:1\"]") -> LoadedConfiguration {
        let text = """
            listeners:
              - name: web
                bind: ["127.0.0.1:8443"]
                router: app
                tls: { hosts: [{ names: [a.test], certificates: [{ chain: a.pem, key: a.key }] }] }
            upstreams:
              - name: app
                servers: \(servers)
            \(group.isEmpty ? "" : "    \(group)")
            """
        return ConfigurationLoader.load(bytes: Array(text.utf8), file: "x.yaml", directory: "/", environment: [:])
    }

    @Test(arguments: [
        ("health: { type: exec }", "type: exec needs a command"),
        ("health: { type: http, path: ready }", "expected a path of a URL, which begins with \"/\" and has no spaces"),
        (
            "health: { type: http, path: \"/a b\" }",
            "expected a path of a URL, which begins with \"/\" and has no spaces"
        ),
        ("health: { type: http, host: \"a\\r\\nb: c\" }", "expected a Host without spaces"),
        (
            "health: { status: 399-200, type: http }",
            "expected a status of HTTP such as 200, or a range such as 200-399, found \"399-200\""
        ),
        ("health: { interval: 1ms }", "expected a duration such as \"20ms\", from 10ms to 1d, found \"1ms\""),
        ("queue: { connections: -1 }", "expected a whole number from 0 to 1000000, found \"-1\""),
        ("unreachable: drop", "expected one of reset, close, alert, found \"drop\""),
    ])
    func `is a fault`(group: String, message: String) {
        #expect(load(group).faults.map(\.message) == [message])
    }

    @Test(arguments: [
        ("health: { path: / }", "has no effect with type: tcp"),
        ("health: { type: exec, command: [a], port: 1 }", "has no effect with type: exec"),
        ("eject: { time: 10s, longest: 1s }", "is shorter than eject.time: no server stays out for longer"),
    ])
    func `is a warning`(group: String, message: String) {
        let loaded = load(group)
        #expect(loaded.faults.isEmpty && loaded.warnings.map(\.message) == [message], "\(loaded)")
    }

    @Test func `servers that nobody checks, and backups of nobody, are told`() {
        let unchecked = load("", servers: "[{ address: \"127.0.0.1:1\", health: false }]")
        #expect(unchecked.warnings.map(\.message) == ["has no effect: the group has no health checks"])
        let backups = load("", servers: "[{ address: \"127.0.0.1:1\", backup: true }]")
        #expect(backups.warnings.map(\.message) == ["are all backups: none of them is a backup then"])
    }
}

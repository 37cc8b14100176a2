import RepriseConfiguration
import RepriseVocabulary
import Testing

/// Faults of `sessions`: in one listener, and between the listeners of one session domain.
@Suite struct SessionsFaultTests {
    private func faults(_ first: String, _ second: String = "") -> [String] {
        func listener(_ name: String, _ port: Int, _ sessions: String) -> String {
            """
              - name: \(name)
                bind: ["127.0.0.1:\(port)"]
                router: app
                sessions: { \(sessions) }
                tls: { hosts: [{ names: [\(name).test], certificates: [{ chain: /c.pem, key: /k.pem }] }] }
            """
        }
        let text =
            "listeners:\n" + listener("one", 1001, first)
            + (second.isEmpty ? "" : "\n" + listener("two", 1002, second))
            + "\nupstreams: [{ name: app, servers: [\"127.0.0.1:1\"] }]\n"
        return load(text).faults.map(\.description)
    }

    @Test func `an ending that there is not is told with a guess`() {
        let faults = faults("endings: { client_rset: drop }")
        #expect(faults.count == 1 && faults.first?.contains("did you mean \"client_reset\"?") == true, "\(faults)")
        #expect(self.faults("endings: { client_reset: drop, fatal_alert: keep }").isEmpty)
    }

    @Test func `single use needs a store`() {
        let faults = faults("mode: stateless, single_use: true")
        #expect(faults.count == 1 && faults.first?.contains("single_use needs a store") == true, "\(faults)")
        #expect(self.faults("mode: both, single_use: true").isEmpty)
    }

    @Test(arguments: [
        ("cache: { size: 2MiB }", "cache.size"), ("deny_list: 7", "deny_list"), ("single_use: true", "single_use"),
        ("tickets: { rotate: 2h }", "tickets.rotate"), ("tickets: { keys: [/t.key] }", "tickets.keys"),
    ])
    func `listeners of one domain must agree on what they share`(_ option: String, _ name: String) {
        let faults = faults("domain: all", "domain: all, \(option)")
        #expect(
            faults.count == 1 && faults.first?.contains("has another sessions.\(name) in the listener one") == true,
            "\(faults)")
        #expect(self.faults("domain: all, \(option)", "domain: all, \(option)").isEmpty)
        #expect(self.faults("domain: a", "domain: b, \(option)").isEmpty)
    }

    @Test func `what each listener decides for itself may differ`() {
        #expect(faults("domain: all", "domain: all, mode: stateful, lifetime: 1h, max_chain_age: 3h").isEmpty)
    }
}

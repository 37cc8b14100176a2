import RepriseConfiguration
import Testing

/// Hosts that differ in what they demand of clients, and lead to the same upstream.
@Suite struct SharedUpstreamTests {
    private func file(_ hosts: [String], more: String = "") -> String {
        """
        listeners:
          - name: web
            bind: ["127.0.0.1:8443"]
            router: app
            tls:
              hosts:
        \(hosts.map { "        - { certificates: [{ chain: c.pem, key: k.pem }], \($0) }" }.joined(separator: "\n"))
        \(more)
        upstreams:
          - { name: app, servers: ["127.0.0.1:8080"] }
          - { name: other, servers: ["127.0.0.1:8081"] }
        """
    }

    private func warnings(_ text: String) -> [String] {
        let loaded = load(text)
        #expect(loaded.faults.isEmpty, "\(loaded.faults)")
        return loaded.warnings.map(\.message).filter { !$0.contains("no listener routes") }
    }

    private static let guarded = "names: [a.test], client_auth: { mode: require, ca: ca.pem, names: [x.test, y.test] }"

    @Test(arguments: [
        "names: [b.test]", "names: [b.test], client_auth: { mode: request, ca: ca.pem, names: [x.test, y.test] }",
        "names: [b.test], client_auth: { mode: require, ca: b.pem, names: [x.test, y.test] }",
        "names: [b.test], client_auth: { mode: require, ca: ca.pem, names: [x.test] }",
        "names: [b.test], client_auth: { mode: require, ca: ca.pem, crl: crl.pem, names: [x.test, y.test] }",
        "names: [b.test], client_auth: { mode: require, ca: ca.pem, depth: 3, names: [x.test, y.test] }",
    ])
    func `a host beside one that demands other certificates is warned of, in either order`(other: String) throws {
        for hosts in [[Self.guarded, other], [other, Self.guarded]] {
            let found = warnings(file(hosts))
            #expect(found.count == 1 && found[0].contains("by its HTTP Host"), "\(found)")
            #expect(found.first.map { $0.contains("\"a.test\"") && $0.contains("\"b.test\"") } == true)
        }
    }

    @Test func `the same is warned of across listeners, and not where the upstreams differ`() {
        func listener(_ router: String) -> String {
            """
              - name: open
                bind: ["127.0.0.1:8444"]
                router: \(router)
                tls: { hosts: [{ names: [b.test], certificates: [{ chain: c.pem, key: k.pem }] }] }
            """
        }
        #expect(warnings(file([Self.guarded], more: listener("app"))).count == 1)
        #expect(warnings(file([Self.guarded], more: listener("other"))).isEmpty)
        // Another group of the same server is the same way in.
        let two = file([Self.guarded], more: listener("other")).replacing("127.0.0.1:8081", with: "127.0.0.1:8080")
        #expect(warnings(two).count == 1)
    }

    @Test func `hosts that demand the same, or nothing, are not warned of`() {
        let same = "names: [b.test], client_auth: { mode: require, ca: ca.pem, names: [y.test, x.test] }"
        #expect(warnings(file([Self.guarded, same])).isEmpty)
        #expect(warnings(file(["names: [a.test]", "names: [b.test]"])).isEmpty)
        #expect(warnings(file([Self.guarded])).isEmpty)
    }
}

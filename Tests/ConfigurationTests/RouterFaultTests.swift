import RepriseConfiguration
import Testing

/// Routers of the configuration: what is wrong with them, and what is odd.
@Suite struct RouterFaultTests {
    private func lines(_ text: String, plugged: Set<String> = []) -> [String] {
        let loaded = ConfigurationLoader.load(
            bytes: Array(text.utf8), file: "x.yaml", directory: ".", environment: [:], pluggedRouters: plugged)
        return loaded.faults.map(\.message) + loaded.warnings.map { "warning: \($0.message)" }
    }

    private func file(_ routers: String, router: String = "by", host: String = "") -> String {
        configuration(top: "routers: [\(routers)]", host: host, upstream: "")
            .replacing("router: app", with: "router: \(router)")
            + "\n  - { name: other, servers: [\"127.0.0.1:1\"] }"
    }

    @Test(arguments: [
        "{ name: by, sni: { a.test: other, \"*.a.test\": app, default: app } }",
        "{ name: by, alpn: { h2: other, default: app } }",
        "{ name: by, network: { 10.0.0.0/8: other, \"::1\": app, \"2001:db8::/32\": app, 0.0.0.0/0: app, default: app } }",
        "{ name: by, client_certificate: { a@b.test: other, \"*.c.test\": app, \"O=Acme, Inc\": app, CN=x: app, default: app } }",
        "{ name: by, sni: { a.test: two, default: two } }, { name: two, alpn: { h2: other, default: app } }",
    ])
    func `routers that lead to groups and to each other are in order`(_ routers: String) {
        #expect(lines(file(routers)) == [])
    }

    @Test(arguments: [
        ("{ name: by }", "a router has one of sni, alpn, network, client_certificate, library, found none"),
        (
            "{ name: by, sni: { default: app }, alpn: { default: other } }",
            "a router has one of sni, alpn, network, client_certificate, library, found several"
        ),
        (
            "{ name: by, sni: { \"a..test\": other, default: app } }",
            "\"a..test\" is no host name such as \"example.test\" or \"*.example.test\""
        ),
        (
            "{ name: by, alpn: { \"h 2\": other, default: app } }",
            "\"h 2\" is no application protocol such as \"http/1.1\""
        ),
        (
            "{ name: by, network: { 10.0.0.1/8: other, default: app } }",
            "\"10.0.0.1/8\" is no network such as \"10.0.0.0/8\", whose bits behind the prefix are 0"
        ),
        (
            "{ name: by, client_certificate: { X=y: other, default: app } }",
            "\"X=y\" is no name of a certificate such as \"alice.test\", \"*.example.test\", \"alice@example.test\" or "
                + "\"O=Acme\""
        ),
        ("{ name: by, sni: {} }", "expected at least one route by sni, found none"),
        ("{ name: by, sni: { a.test: other, A.test.: app, default: app } }", "\"A.test.\" has a route at line 1"),
        (
            "{ name: by, sni: { a.test: othre, default: app } }",
            "no upstream group or router has the name \"othre\", did you mean \"other\"?"
        ),
        ("{ name: by, sni: { a.test: by, default: app } }", "the router \"by\" leads back to itself"),
        ("{ name: app, sni: { default: other } }", "the name \"app\" is taken by the upstream group at line 14"),
        (
            "{ name: by, sni: { default: app } }, { name: by, sni: { default: other } }",
            "the name \"by\" is taken by the router at line 1"
        ),
    ])
    func `a mistake in a router is a fault that says what`(_ routers: String, _ message: String) {
        let found = lines(file(routers, router: routers.contains("name: app") ? "other" : "by"))
        #expect(found.first == message, "\(found)")
    }

    @Test func `routers that lead to each other in a circle are faults, each`() {
        let routers =
            "{ name: by, sni: { a.test: two, default: app } }, { name: two, sni: { b.test: by, default: other } }"
        #expect(
            lines(file(routers)) == [
                "the router \"by\" leads back to itself", "the router \"two\" leads back to itself",
            ])
    }

    @Test func `no route for the rest, and what nobody uses, are warnings`() {
        #expect(
            lines(file("{ name: by, sni: { a.test: other, b.test: app } }")) == [
                "warning: has no route \"default\": what no other fits is refused"
            ])
        let idle = lines(file("{ name: by, sni: { a.test: other, default: other } }", router: "app"))
        #expect(
            idle == [
                "warning: no listener routes to the router \"by\"",
                "warning: no listener routes to the upstream group \"other\"",
            ])
    }

    @Test func `a host may have a way of its own`() {
        let text = file("{ name: by, sni: { default: app } }", host: "router: other")
        #expect(lines(text) == [])
        #expect(load(text).plan?.listeners.first?.tls.hosts.first?.router == "other")
        let wrong = lines(file("{ name: by, sni: { default: app } }", host: "router: nobody"))
        #expect(wrong == ["no upstream group or router has the name \"nobody\"; known are app, other, by"])
    }

    @Test func `a program's routers are known by their names, which nothing else may have`() {
        #expect(lines(configuration().replacing("router: app", with: "router: mine"), plugged: ["mine"]) == [])
        let routers = "{ name: mine, sni: { default: app } }"
        #expect(
            lines(file(routers, router: "mine"), plugged: ["mine"]).first
                == "a router of the program has the name \"mine\"")
        #expect(lines(configuration(), plugged: ["app"]).first == "a router of the program has the name \"app\"")
    }

    @Test func `hosts that are told apart by their names share no upstream`() {
        let hosts = """
            listeners:
              - name: web
                bind: ["127.0.0.1:8443"]
                router: by
                tls:
                  hosts:
                    - { certificates: [{ chain: c.pem, key: k.pem }], names: [open.test] }
                    - certificates: [{ chain: c.pem, key: k.pem }]
                      names: [a.test]
                      client_auth: { mode: require, ca: ca.pem }
            routers: [{ name: by, sni: { a.test: other, default: app } }]
            upstreams:
              - { name: app, servers: ["127.0.0.1:8080"] }
              - { name: other, servers: ["127.0.0.1:8081"] }

            """
        // The first host serves names that no host has, but a name of another host brings that host.
        #expect(lines(hosts).filter { $0.contains("by its HTTP Host") }.count == 0)
        let shared = hosts.replacing("a.test: other", with: "b.test: other")
        #expect(lines(shared).filter { $0.contains("by its HTTP Host") }.count == 1)
    }
}

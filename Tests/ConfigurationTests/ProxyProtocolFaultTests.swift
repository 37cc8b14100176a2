import RepriseVocabulary
import Testing

@testable import RepriseConfiguration

/// Whose headers of the PROXY protocol are believed must be written down.
@Suite struct ProxyProtocolFaultTests {
    private func load(_ listener: String, bind: String = "127.0.0.1:8443") -> LoadedConfiguration {
        let text = """
            listeners:
              - name: web
                bind: ["\(bind)"]
                router: app
            \(listener.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))
                tls: { hosts: [{ names: [a.test], certificates: [{ chain: a.pem, key: a.key }] }] }
            upstreams: [{ name: app, servers: ["127.0.0.1:1"] }]
            """
        return ConfigurationLoader.load(bytes: Array(text.utf8), file: "x.yaml", directory: "/", environment: [:])
    }

    private func words(_ faults: [Fault]) -> [String] { faults.map { "\($0.source.line): \($0.message)" } }

    @Test(arguments: ["optional", "required"]) func `a mode without trusted proxies is a fault`(mode: String) {
        #expect(
            words(load("proxy_protocol: \(mode)").faults) == [
                "5: \(mode) needs trusted_proxies: whoever can send a header can pass for any client"
            ])
        #expect(
            words(load("proxy_protocol: \(mode)\ntrusted_proxies: []").faults) == [
                "6: expected at least one network, address or unix, found none"
            ])
    }

    @Test func `networks, addresses and unix are read; what is none is a fault`() {
        let good = load("proxy_protocol: optional\ntrusted_proxies: [10.0.0.0/8, 192.0.2.1, \"::1\", unix]")
        #expect(good.faults.isEmpty && good.warnings.isEmpty, "\(good.faults) \(good.warnings)")
        let trusted = good.plan?.listeners.first?.proxyProtocol.trusted.map(\.description)
        #expect(trusted == ["10.0.0.0/8", "192.0.2.1", "::1", "unix"])
        for bad in ["10.0.0.1/8", "10.0.0.0/33", "localhost", "Unix"] {
            let faults = load("proxy_protocol: required\ntrusted_proxies: [\"\(bad)\"]").faults
            #expect(faults.count == 1 && faults.first?.message.contains("expected a network") == true, "\(faults)")
        }
    }

    @Test func `what protects less than it seems to, or does nothing, is a warning`() {
        #expect(words(load("trusted_proxies: [10.0.0.0/8]").warnings) == ["5: has no effect without proxy_protocol"])
        for everyone in ["0.0.0.0/0", "::/0"] {
            let warnings = load(
                "proxy_protocol: required\ntrusted_proxies: [\"\(everyone)\"]",
                bind: everyone.contains(":") ? "[::1]:8443" : "127.0.0.1:8443"
            ).warnings
            #expect(
                words(warnings) == ["6: believes everyone, so that every client can pass for any other"], "\(warnings)")
        }
        #expect(
            words(load("proxy_protocol: required\ntrusted_proxies: [unix]").warnings) == [
                "6: has no proxy that can connect to 127.0.0.1:8443"
            ])
    }

    @Test func `a peer is trusted by its address, one on a Unix socket by the word`() throws {
        var acceptance = ProxyAcceptance()
        acceptance.trusted = ["10.0.0.0/8", "unix"].compactMap(TrustedProxies.init(parsing:))
        let (inside, outside) = try (
            #require(Endpoint(parsing: "10.1.2.3:5")), #require(Endpoint(parsing: "192.0.2.1:5"))
        )
        #expect(acceptance.expectation(of: inside) == .tls)
        acceptance.mode = .optional
        #expect(acceptance.expectation(of: inside) == .either && acceptance.expectation(of: outside) == .tls)
        acceptance.mode = .required
        #expect(acceptance.expectation(of: .unix(path: "")) == .header)
        #expect(acceptance.expectation(of: inside) == .header && acceptance.expectation(of: outside) == .nothing)
    }
}

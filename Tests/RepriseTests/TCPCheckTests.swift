import Glibc
import RepriseEventLoop
import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import Reprise
@testable import RepriseConfiguration

/// TCP options that this machine may not do.
@Suite struct TCPCheckTests {
    private func plan(listener: String = "{}", upstream: String = "{}") throws -> Plan {
        let text = """
            listeners:
              - name: web
                bind: ["127.0.0.1:0"]
                router: app
                tcp: \(listener)
                tls: { hosts: [{ names: [a.test], certificates: [{ chain: a.pem, key: a.key }] }] }
            upstreams: [{ name: app, servers: ["127.0.0.1:1"], tcp: \(upstream) }]
            """
        let loaded = ConfigurationLoader.load(
            bytes: Array(text.utf8), file: "x.yaml", directory: ".", environment: [:])
        return try #require(loaded.plan, "\(loaded.faults)")
    }

    @Test func `a client's address without the right to it is a fault that says what is needed`() throws {
        let plan = try plan(upstream: "{ source: client }")
        let refused = TCPCheck(plan, refusal: { $0 == .client ? SystemErrno(EPERM) : nil })
        #expect(refused.faults.map(\.source.path) == ["upstreams[0].tcp.source"])
        #expect(
            refused.faults.first?.message.contains("CAP_NET_RAW or CAP_NET_ADMIN") == true && refused.warnings.isEmpty)
        #expect(TCPCheck(plan, refusal: { _ in nil }).faults.isEmpty)
    }

    @Test func `an address that this machine lacks is a warning, since it may come later`() throws {
        let check = TCPCheck(try plan(upstream: "{ source: 192.0.2.77 }"))
        #expect(check.faults.isEmpty)
        #expect(check.warnings.map(\.source.path) == ["upstreams[0].tcp.source"])
        #expect(check.warnings.first?.message.contains("EADDRNOTAVAIL") == true)
        let own = TCPCheck(try plan(upstream: "{ source: 127.0.0.9 }"))
        #expect(own.faults.isEmpty && own.warnings.isEmpty)
    }

    @Test func `fast open that the kernel has off is a warning`() throws {
        let plan = try plan(listener: "{ fast_open: 256 }")
        #expect(TCPCheck(plan, takesFastOpen: false).warnings.map(\.source.path) == ["listeners[0].tcp.fast_open"])
        #expect(TCPCheck(plan, takesFastOpen: true).warnings.isEmpty)
        #expect(TCPCheck(plan, takesFastOpen: nil).warnings.isEmpty)
        #expect(TCPCheck(try self.plan(), takesFastOpen: false).warnings.isEmpty)
        #expect(TCPCheck(nil).faults.isEmpty)
    }
}

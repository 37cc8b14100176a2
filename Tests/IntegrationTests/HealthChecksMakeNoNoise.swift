import Foundation
import Glibc
import RepriseTestSupport
import Testing

/// Balancers look whether somebody listens by connecting and leaving.
@Suite(.waits) struct HealthChecksMakeNoNoise {
    /// No connection comes as far as to its upstream.
    private var configuration: TestConfiguration {
        var configuration = TestConfiguration()
        configuration.servers = ["\"127.0.0.1:1\""]
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        return configuration
    }

    private func look(at port: Int, resetting: Bool = false) {
        let descriptor = Loopback.socket()
        #expect(Loopback.connect(descriptor, to: port))
        if resetting {
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        }
        close(descriptor)
    }

    @Test(arguments: [false, true])
    func `a client that leaves without a byte is a probe, and no failed handshake`(resetting: Bool) throws {
        let reprise = try configuration.start()
        look(at: reprise.port(), resetting: resetting)
        let line = reprise.closedConnection()
        #expect(line["cause"] == "probe" && line["ending"] == (resetting ? "client_reset" : "client_fin"), "\(line)")
        #expect(try reprise.metric("reprise_probes_total{listener=\"web\"}") == 1)
        let failed = try reprise.metrics().split(separator: "\n").filter {
            $0.hasPrefix("reprise_handshakes_failed_total{") && !$0.hasSuffix(" 0")
        }
        #expect(failed.isEmpty, "\(failed)")
    }

    @Test func `a client that leaves after a byte has failed`() throws {
        let reprise = try configuration.start()
        _ = RawClient.answer(port: reprise.port(), to: [22])
        #expect(reprise.closedConnection()["cause"] == "client_went_away")
        #expect(try reprise.metric("reprise_probes_total{listener=\"web\"}") == 0)
    }

    @Test func `probes are counted without a line where they are muted, from a reload on too`() throws {
        let configuration = configuration
        let reprise = try configuration.start(log: "probes: off")
        look(at: reprise.port())
        #expect(eventually { (try? reprise.metric("reprise_probes_total{listener=\"web\"}")) == 1 })
        // A line of another connection comes behind the one that a probe would have left.
        _ = RawClient.answer(port: reprise.port(), to: [22])
        #expect(reprise.closedConnection()["cause"] == "client_went_away")
        try reprise.rewrite(configuration.text)
        reprise.signal(SIGHUP)
        #expect(reprise.waitForLine { $0["message"] == "configuration reloaded" } != nil)
        look(at: reprise.port())
        #expect(reprise.closedConnection(2)["cause"] == "probe")
    }
}

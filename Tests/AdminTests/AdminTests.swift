import Admin
import EventLoop
import Metrics
import Testing
import Vocabulary

@Suite struct AdminTests {
    private let registry = MetricRegistry()

    private func answer(_ path: String, isDraining: Bool = false) -> HTTPResponse {
        AdminResponder(registry: registry).answer(HTTPRequest(method: "GET", path: path), isDraining: isDraining)
    }

    @Test func `healthz is 200 while serving and 503 while draining`() {
        #expect(answer("/healthz").status == 200)
        #expect(answer("/healthz", isDraining: true).status == 503)
    }

    @Test func `metrics are in Prometheus' format`() {
        registry.counter(MetricCatalog.connectionsAccepted, ["web"]).add(1)
        let response = answer("/metrics")
        #expect(response.headers.contains { $0 == ("Content-Type", "text/plain; version=0.0.4; charset=utf-8") })
        #expect(String(decoding: response.body, as: UTF8.self).contains("accepted_total{listener=\"web\"} 1"))
    }

    @Test func `another path is not found`() {
        #expect(answer("/metrics/").status == 404)
        #expect(answer("/etc/passwd").status == 404)
        #expect(answer("/").status == 200)
    }

    @Test func `it serves on a port of its own and gives it back`() throws {
        let server = try AdminServer(registry: registry)
        let endpoint = try server.start(on: .ip(.loopback4, port: 0))
        #expect(throws: SocketError.self) { try Socket.probe(endpoint) }
        server.stop()
        #expect(throws: Never.self) { try Socket.probe(endpoint) }
    }
}

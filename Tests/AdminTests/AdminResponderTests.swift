import RepriseAdmin
import RepriseEventLoop
import RepriseMetrics
import Testing

@Suite struct AdminResponderTests {
    private func answer(_ path: String, isDraining: Bool = false) -> HTTPResponse {
        let registry = MetricRegistry()
        registry.counter(MetricCatalog.connectionsAccepted, ["web"]).add(3)
        return AdminResponder(registry: registry)
            .answer(HTTPRequest(method: "GET", path: path), isDraining: isDraining)
    }

    private func text(_ response: HTTPResponse) -> String {
        String(decoding: response.body, as: UTF8.self)
    }

    private func header(_ name: String, _ response: HTTPResponse) -> String? {
        response.headers.first { $0.0 == name }?.1
    }

    @Test func `metrics are Prometheus text of version 0.0.4`() {
        let response = answer("/metrics")
        #expect(response.status == 200)
        #expect(header("Content-Type", response) == "text/plain; version=0.0.4; charset=utf-8")
        #expect(text(response).contains("\nreprise_connections_accepted_total{listener=\"web\"} 3\n"))
    }

    @Test(arguments: [(false, 200, "ok\n"), (true, 503, "draining\n")])
    func `healthz says whether clients are accepted`(_ isDraining: Bool, _ status: Int, _ body: String) {
        let response = answer("/healthz", isDraining: isDraining)
        #expect(response.status == status && text(response) == body)
        #expect(header("Content-Type", response) == "text/plain; charset=utf-8")
        #expect(header("Cache-Control", response) == "no-store")
    }

    @Test func `the index names what there is`() {
        let response = answer("/")
        #expect(response.status == 200)
        #expect(text(response).contains("/metrics") && text(response).contains("/healthz"))
    }

    @Test(arguments: ["", "/metrics/", "//metrics", "/Metrics", "/healthz?x", "/../metrics", "*", "/favicon.ico"])
    func `anything else is not found`(_ path: String) {
        #expect(answer(path).status == 404)
    }
}

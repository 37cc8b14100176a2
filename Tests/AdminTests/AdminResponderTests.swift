import Admin
import Metrics
import Testing
import Vocabulary

@Suite struct AdminResponderTests {
    private let now = WallTime(secondsSinceEpoch: 1_795_410_480)

    private func responder(_ state: ServiceState = .serving) -> AdminResponder {
        let registry = MetricRegistry()
        registry.counter(MetricCatalog.connectionsAccepted, ["web"]).add(3)
        return AdminResponder(registry: registry) { state }
    }

    private func text(_ response: AdminResponse) -> String {
        String(decoding: response.body, as: UTF8.self)
    }

    private func header(_ name: String, _ response: AdminResponse) -> String? {
        response.headers.first { $0.0 == name }?.1
    }

    @Test(arguments: ["GET", "HEAD"])
    func `metrics are Prometheus text of version 0.0.4`(_ method: String) {
        let response = responder().respond(method: method, path: "/metrics", at: now)
        #expect(response.status == 200)
        #expect(header("Content-Type", response) == "text/plain; version=0.0.4; charset=utf-8")
        #expect(text(response).contains("\nreprise_connections_accepted_total{listener=\"web\"} 3\n"))
    }

    @Test(arguments: [
        (ServiceState.serving, 200, "ok\n"), (.draining, 503, "draining\n"), (.starting, 503, "starting\n"),
    ])
    func `healthz says whether clients are accepted`(_ state: ServiceState, _ status: Int, _ body: String) {
        let response = responder(state).respond(method: "GET", path: "/healthz", at: now)
        #expect(response.status == status && text(response) == body)
        #expect(header("Content-Type", response) == "text/plain; charset=utf-8")
        #expect(header("Cache-Control", response) == "no-store")
    }

    @Test func `the index names what there is`() {
        let response = responder().respond(method: "GET", path: "/", at: now)
        #expect(response.status == 200)
        #expect(text(response).contains("/metrics") && text(response).contains("/healthz"))
    }

    @Test(arguments: ["", "/metrics/", "//metrics", "/Metrics", "/healthz?x", "/../metrics", "*", "/favicon.ico"])
    func `anything else is not found`(_ path: String) {
        #expect(responder().respond(method: "GET", path: path, at: now).status == 404)
        #expect(responder().respond(method: "POST", path: path, at: now).status == 404)
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", ""])
    func `other methods are refused with those that are allowed`(_ method: String) {
        for path in ["/", "/metrics", "/healthz"] {
            let response = responder().respond(method: method, path: path, at: now)
            #expect(response.status == 405 && header("Allow", response) == "GET, HEAD")
        }
    }

    @Test func `each answer reads the state anew`() {
        let switched = Gauge()
        let responder = AdminResponder(registry: MetricRegistry()) { switched.value == 0 ? .serving : .draining }
        #expect(responder.respond(method: "GET", path: "/healthz", at: now).status == 200)
        switched.set(1)
        #expect(responder.respond(method: "GET", path: "/healthz", at: now).status == 503)
    }
}

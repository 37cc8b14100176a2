package import EventLoop
package import Metrics

/// What the administrative endpoint answers to a request.
package struct AdminResponder: Sendable {
    private let registry: MetricRegistry

    package init(registry: MetricRegistry) {
        self.registry = registry
    }

    /// The answer; a path that is none of ours is a 404.
    ///
    /// - Parameter isDraining: the process finishes what runs and takes no new connections.
    package func answer(_ request: HTTPRequest, isDraining: Bool) -> HTTPResponse {
        switch request.path {
        case "/metrics":
            HTTPResponse(
                status: 200, headers: [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")],
                body: Array(registry.exposition().utf8))
        case "/healthz": isDraining ? Self.plain(503, "draining\n") : Self.plain(200, "ok\n")
        case "/":
            Self.plain(
                200,
                "Reprise\n\n/metrics  counts, in Prometheus' text format\n/healthz  200 while serving, 503 while draining\n"
            )
        default: Self.plain(404, "not found; there are /metrics and /healthz\n")
        }
    }

    private static func plain(_ status: Int, _ text: String) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("Content-Type", "text/plain; charset=utf-8")], body: Array(text.utf8))
    }
}

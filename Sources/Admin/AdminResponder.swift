package import Metrics
package import Vocabulary

/// What the admin endpoint answers: `/metrics`, `/healthz`, and an index at `/`.
///
/// It does no I/O and reads no clock; any thread may ask it.
package struct AdminResponder: Sendable {
    private let registry: MetricRegistry
    private let state: @Sendable () -> ServiceState

    /// A responder for these metrics.
    ///
    /// - Parameters:
    ///   - registry: what `/metrics` writes out.
    ///   - state: asked at each `/healthz`.
    package init(registry: MetricRegistry, state: @escaping @Sendable () -> ServiceState) {
        self.registry = registry
        self.state = state
    }

    /// Answers one request.
    ///
    /// - Parameters:
    ///   - method: the request's method, as it was sent; methods are case-sensitive (RFC 9110 §9.1).
    ///   - path: the path of its target, without the query.
    ///   - now: the time that computed gauges are worked out for.
    /// - Returns: the answer; 404 for what is not here, 405 for a method other than GET and HEAD.
    package func respond(method: String, path: String, at now: WallTime) -> AdminResponse {
        guard let page = Page(rawValue: path) else {
            return AdminResponse(status: 404, text: "not found; there are /metrics and /healthz\n")
        }
        guard method == "GET" || method == "HEAD" else {
            return AdminResponse(status: 405, allow: "GET, HEAD", text: "only GET and HEAD are answered here\n")
        }
        switch page {
        case .index: return AdminResponse(status: 200, text: Self.index)
        case .metrics:
            return AdminResponse(
                status: 200, contentType: AdminResponse.exposition, body: registry.exposition(at: now))
        case .health: return health
        }
    }

    private enum Page: String {
        case index = "/"
        case metrics = "/metrics"
        case health = "/healthz"
    }

    private var health: AdminResponse {
        let state = state()
        switch state {
        case .serving: return AdminResponse(status: 200, text: "ok\n")
        case .starting, .draining: return AdminResponse(status: 503, text: "\(state.rawValue)\n")
        }
    }

    private static let index = """
        Reprise

        /metrics  counts, for Prometheus (docs/metrics.md)
        /healthz  200 while clients are accepted, 503 while starting or draining

        """
}

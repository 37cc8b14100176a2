package import RepriseEventLoop
package import RepriseMetrics

/// The answers of the administrative endpoint: `/metrics`, `/healthz`, and an index at `/`.
///
/// It does no I/O; any thread may ask it.
package struct AdminResponder: Sendable {
    /// What the header `Server` of every answer says, by which a probe tells it from another program's.
    package static let product = "reprise"
    /// The line at `/healthz` of a process that serves.
    package static let healthy = "ok"

    private let registry: MetricRegistry
    private let hosts: AdminHosts

    /// A responder with this registry at `/metrics`.
    ///
    /// - Parameter hosts: the names by which clients may address it.
    package init(registry: MetricRegistry, hosts: AdminHosts = AdminHosts()) {
        self.registry = registry
        self.hosts = hosts
    }

    /// Answers one request; an unknown path gets a 404, an unknown Host a 421 (RFC 9110 §15.5.20).
    ///
    /// - Parameters:
    ///   - request: a GET or a HEAD; the server answers other methods itself.
    ///   - isDraining: whether the process drains and takes no new connections.
    /// - Returns: the answer, which no cache may store (RFC 9111 §5.2.2.5).
    package func answer(_ request: HTTPRequest, isDraining: Bool) -> HTTPResponse {
        guard hosts.allows(request.host) else { return plain(421, Self.misdirected) }
        return switch request.path {
        case "/metrics": respond(200, registry.exposition(), type: "text/plain; version=0.0.4; charset=utf-8")
        case "/healthz": isDraining ? plain(503, "draining\n") : plain(200, "\(Self.healthy)\n")
        case "/": plain(200, Self.index)
        default: plain(404, "not found; there are /metrics and /healthz\n")
        }
    }

    private func plain(_ status: Int, _ text: String) -> HTTPResponse {
        respond(status, Array(text.utf8), type: "text/plain; charset=utf-8")
    }

    private func respond(_ status: Int, _ body: [UInt8], type: String) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: [
                ("Server", Self.product), ("Content-Type", type), ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ],
            body: body)
    }

    private static let misdirected = """
        this endpoint answers to addresses and to localhost, so that no page in a browser can read it by a name of its own
        (DNS rebinding); other names stand in admin.hosts

        """

    private static let index = """
        Reprise

        /metrics  counts, in Prometheus' text format
        /healthz  200 while serving, 503 while draining

        """
}

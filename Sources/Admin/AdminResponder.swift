package import RepriseEventLoop
package import RepriseMetrics

/// The answers of the administrative endpoint: `/metrics`, `/healthz`, `/upstreams`, and an index at `/`.
///
/// It does no I/O; any thread may ask it.
package struct AdminResponder: Sendable {
    /// What the header `Server` of every answer says, by which a probe tells it from another program's.
    package static let product = "reprise"
    /// The line at `/healthz` of a process that serves.
    package static let healthy = "ok"

    /// The methods that are answered at a path.
    package static func methods(_ path: String) -> [String] {
        path == "/upstreams" ? ["GET", "HEAD", "POST"] : ["GET", "HEAD"]
    }

    private let registry: MetricRegistry
    private let hosts: AdminHosts
    private let upstreams: AdminUpstreams

    /// A responder with this registry at `/metrics`.
    ///
    /// - Parameters:
    ///   - hosts: the names by which clients may address it.
    ///   - upstreams: what is at `/upstreams`.
    package init(
        registry: MetricRegistry, hosts: AdminHosts = AdminHosts(), upstreams: AdminUpstreams = .none
    ) {
        self.upstreams = upstreams
        self.registry = registry
        self.hosts = hosts
    }

    /// Answers one request; an unknown path gets a 404, an unknown Host a 421 (RFC 9110 §15.5.20).
    ///
    /// - Parameters:
    ///   - request: a GET, a HEAD or a POST; the server answers other methods itself.
    ///   - isDraining: whether the process drains and takes no new connections.
    /// - Returns: the answer, which no cache may store (RFC 9111 §5.2.2.5).
    package func answer(_ request: HTTPRequest, isDraining: Bool) -> HTTPResponse {
        guard hosts.allows(request.host) else { return plain(421, Self.misdirected) }
        if request.method == "POST" { return change(request) }
        return switch request.path {
        case "/upstreams":
            respond(
                200, Array("{\"upstreams\":[\(upstreams.list().map(\.json).joined(separator: ","))]}\n".utf8),
                type: "application/json")
        case "/metrics": respond(200, registry.exposition(), type: "text/plain; version=0.0.4; charset=utf-8")
        case "/healthz": isDraining ? plain(503, "draining\n") : plain(200, "\(Self.healthy)\n")
        case "/": plain(200, Self.index)
        default: plain(404, "not found; there are /metrics, /healthz and /upstreams\n")
        }
    }

    /// Changes a server, for an operator of this machine: whoever may connect from another one may look, and a page in a
    /// browser here may not even that (its POST has an Origin, Fetch §3.2).
    private func change(_ request: HTTPRequest) -> HTTPResponse {
        guard request.isLocal, !request.headers.contains(where: { $0.name.lowercased() == "origin" }) else {
            return plain(403, "servers are changed from this machine alone, and not by a page in a browser\n")
        }
        guard !request.hasBody else { return plain(400, "the change stands in the query: /upstreams?upstream=…\n") }
        do throws(AdminServerChange.Fault) {
            let (upstream, server, change) = try AdminServerChange.read(request.query)
            guard upstreams.change(upstream, server, change) else {
                return plain(404, "no server \"\(server)\" in an upstream group \"\(upstream)\"\n")
            }
            let view = upstreams.list().first { $0.name == upstream }?.servers.first { $0.id == server }
            return respond(200, Array("\(view?.json ?? "{}")\n".utf8), type: "application/json")
        } catch {
            return plain(400, "\(error.words)\n")
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
        /upstreams  the servers and their states, in JSON; POST /upstreams?upstream=app&server=a&state=drained
                    (or up; percent=0 to 100 of its weight) changes one, from this machine

        """
}

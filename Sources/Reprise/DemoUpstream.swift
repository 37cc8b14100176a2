internal import RepriseEventLoop
internal import RepriseRouting
internal import RepriseVocabulary

/// The demo's upstream: an HTTP server in the same process that knows which TLS connection a request came over.
///
/// The proxy reports every upstream connection to it before it sends a byte there; the source port of a request
/// identifies the connection.
final class DemoUpstream: ConnectionObserver {
    private struct Visits {
        var pages: [Endpoint: DemoPage] = [:]
        var places: [ConnectionID: Endpoint] = [:]
        /// How long the full handshakes took, by the lineages that began with them.
        var full: [LineageID: Duration] = [:]
    }

    /// How many lineages' full handshakes are remembered; then it begins anew.
    private static let maximumLineages = 10_000

    private let visits = Locked(Visits())
    private let metrics: String?

    /// - Parameter metrics: where the metrics are; `nil` without an administrative endpoint.
    init(metrics: String?) {
        self.metrics = metrics
    }

    func connected(_ connection: borrowing ConnectionView) {
        guard let place = connection.upstreamLocal else { return }
        let full = fullHandshake(of: connection)
        let (page, id) = (DemoPage(connection, full: full, metrics: metrics), connection.id)
        visits.withLock { visits in
            visits.pages[place] = page
            visits.places[id] = place
        }
    }

    /// How long the lineage's full handshake took, which may be this one.
    private func fullHandshake(of connection: borrowing ConnectionView) -> Duration? {
        guard let id = connection.lineage?.id else { return nil }
        let own = connection.resumedBy == .no ? connection.handshakeDuration : nil
        return visits.withLock { visits in
            if let own {
                if visits.full.count >= Self.maximumLineages { visits.full = [:] }
                visits.full[id] = own
            }
            return visits.full[id]
        }
    }

    func ended(_ report: ConnectionReport) {
        visits.withLock { visits in
            if let place = visits.places.removeValue(forKey: report.id) { visits.pages[place] = nil }
        }
    }

    /// Answers one request with the page about its connection.
    func answer(_ request: HTTPRequest) -> HTTPResponse {
        let page = visits.withLock { visits in request.peer.flatMap { visits.pages[$0] } } ?? DemoPage()
        let wantsHTML = request.headers.contains { name, value in
            name.lowercased() == "accept" && value.contains("text/html")
        }
        return HTTPResponse(
            status: 200,
            headers: [("Content-Type", wantsHTML ? "text/html; charset=utf-8" : "text/plain; charset=utf-8")],
            // A visitor that comes again makes another handshake, which is what there is to see.
            body: Array((wantsHTML ? page.html : page.text).utf8), closes: true)
    }
}

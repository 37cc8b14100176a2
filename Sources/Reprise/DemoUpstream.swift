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
    }

    private let visits = Locked(Visits())

    init() {}

    func connected(_ connection: borrowing ConnectionView) {
        guard let place = connection.upstreamLocal else { return }
        let (page, id) = (DemoPage(connection), connection.id)
        visits.withLock { visits in
            visits.pages[place] = page
            visits.places[id] = place
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
            body: Array((wantsHTML ? page.html : page.text).utf8))
    }
}

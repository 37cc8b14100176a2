internal import RepriseEventLoop
internal import RepriseProxy
internal import RepriseTLS
internal import RepriseVocabulary

/// The demo's upstream: an HTTP server in the same process that knows which TLS connection a request came over.
///
/// The proxy reports every upstream connection to it before it sends a byte there; the source port of a request
/// identifies the connection.
final class DemoUpstream: ConnectionObserver {
    private typealias Known = (record: ConnectionRecord, summary: HandshakeSummary)

    private let connections = Locked<[Endpoint: Known]>([:])

    init() {}

    func connected(_ record: ConnectionRecord, _ summary: HandshakeSummary, from local: Endpoint) {
        connections.withLock { $0[local] = (record, summary) }
    }

    func ended(from local: Endpoint) {
        _ = connections.withLock { $0.removeValue(forKey: local) }
    }

    /// Answers one request with the page about its connection.
    func answer(_ request: HTTPRequest) -> HTTPResponse {
        let known = connections.withLock { connections in request.peer.flatMap { connections[$0] } }
        let page = DemoPage(known)
        let wantsHTML = request.headers.contains { name, value in
            name.lowercased() == "accept" && value.contains("text/html")
        }
        return HTTPResponse(
            status: 200,
            headers: [("Content-Type", wantsHTML ? "text/html; charset=utf-8" : "text/plain; charset=utf-8")],
            body: Array((wantsHTML ? page.html : page.text).utf8))
    }
}

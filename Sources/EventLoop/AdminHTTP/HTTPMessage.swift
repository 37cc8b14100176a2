internal import Glibc
package import RepriseVocabulary

/// A request as the small HTTP server hands it on.
package struct HTTPRequest: Sendable {
    /// One of those that the server serves: `GET`, `HEAD`, `POST`.
    package let method: String
    /// Without the query.
    package let path: String
    package let query: String?
    /// The server that was asked for, with its port if it was written; only HTTP/1.0 may leave it out.
    package let host: String?
    package let headers: [(name: String, value: String)]
    /// The client, as far as the server knows.
    package let peer: Endpoint?
    /// Whether a body follows, which nobody reads.
    package let hasBody: Bool

    /// Whether the client is on this machine, by its address: on loopback, or a Unix socket.
    package var isLocal: Bool {
        switch peer {
        case .unix: true
        case .ip(let address, _): address.isLoopback
        case nil: false
        }
    }

    package init(
        method: String, path: String, query: String? = nil, host: String? = nil,
        headers: [(name: String, value: String)] = [],
        peer: Endpoint? = nil, hasBody: Bool = false
    ) {
        self.hasBody = hasBody
        self.method = method
        self.path = path
        self.query = query
        self.host = host
        self.headers = headers
        self.peer = peer
    }
}

/// The answer to a request.
package struct HTTPResponse: Sendable {
    /// 100 to 599.
    package var status: Int
    package var headers: [(String, String)]
    package var body: [UInt8]
    /// Whether the connection ends behind it.
    package var closes: Bool

    package init(status: Int, headers: [(String, String)] = [], body: [UInt8] = [], closes: Bool = false) {
        self.status = status
        self.closes = closes
        self.headers = headers
        self.body = body
    }
}

/// A moment as HTTP writes it.
enum HTTPDate {
    /// Such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7). The program never sets a locale, so the words are
    /// English.
    static func text(_ time: WallTime) -> String {
        var seconds = time_t(time.secondsSinceEpoch)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

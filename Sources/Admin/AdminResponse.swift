/// An answer of the admin endpoint, before it is put on the wire.
package struct AdminResponse: Sendable, Equatable {
    /// The status code (RFC 9110 §15).
    package let status: Int
    /// The value of Content-Type.
    package let contentType: String
    /// The value of Allow, where the method was the fault (RFC 9110 §15.5.6).
    package let allow: String?
    /// The content; for HEAD, what GET would have sent (the server leaves it out).
    package let body: [UInt8]

    init(status: Int, contentType: String = Self.plainText, allow: String? = nil, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.allow = allow
        self.body = body
    }

    init(status: Int, allow: String? = nil, text: String) {
        self.init(status: status, allow: allow, body: Array(text.utf8))
    }

    /// Every header field that the answer needs besides Content-Length and Date.
    package var headers: [(String, String)] {
        var fields = [
            ("Content-Type", contentType), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
        ]
        if let allow { fields.append(("Allow", allow)) }
        return fields
    }

    private static let plainText = "text/plain; charset=utf-8"
    /// Prometheus' text exposition format.
    static let exposition = "text/plain; version=0.0.4; charset=utf-8"
}

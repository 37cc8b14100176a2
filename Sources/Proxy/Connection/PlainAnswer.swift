/// What someone gets who speaks plain HTTP to a TLS port.
enum PlainAnswer {
    /// A short HTTP/1.1 400 that says what is wrong and closes.
    static let badRequest: [UInt8] = {
        let body = "This port speaks TLS: use https:// instead of http://.\n"
        let head = [
            "HTTP/1.1 400 Bad Request", "Content-Type: text/plain; charset=utf-8", "Content-Length: \(body.utf8.count)",
            "Connection: close", "", "",
        ]
        return Array((head.joined(separator: "\r\n") + body).utf8)
    }()
}

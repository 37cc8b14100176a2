import Testing

@testable import RepriseLoad

/// Where an answer ends.
@Suite struct HTTPReplyTests {
    /// What an answer comes to that arrives in pieces of that length.
    private func take(_ text: String, pieces: Int) -> (progress: HTTPReply.Progress, end: HTTPReply.Progress) {
        var reply = HTTPReply()
        var progress = HTTPReply.Progress.incomplete
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: pieces) where progress == .incomplete {
            progress = Array(bytes[start..<min(start + pieces, bytes.count)]).withUnsafeBytes { reply.take($0) }
        }
        return (progress, reply.end())
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n10;x=y\r\n0123456789abcdef\r\n0\r\nA: b\r\n\r\n",
    ])
    func `an answer ends where its length says, in whatever pieces it comes`(text: String) {
        for pieces in [1, 2, 7, 1000] {
            #expect(take(text, pieces: pieces).progress == .complete, "\(pieces)")
            #expect(take(String(text.dropLast()), pieces: pieces).progress == .incomplete, "\(pieces)")
        }
    }

    @Test func `an answer without a length ends with the connection`() {
        let (progress, end) = take("HTTP/1.0 200 ok\r\n\r\nabc", pieces: 5)
        #expect(progress == .incomplete && end == .complete)
        #expect(take("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", pieces: 5).end == .malformed)
        #expect(HTTPReply().end() == .incomplete)
    }

    @Test(arguments: [
        "SSH-2.0-x\r\n", "HTTP/2 200\r\n", "HTTP/1.1 abc\r\n", "HTTP/1.1 200 OK\r\nno field\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: HTTPReply.headBytes),
    ])
    func `what is no answer is malformed`(text: String) {
        #expect(take(text, pieces: 10_000).progress == .malformed)
    }
}

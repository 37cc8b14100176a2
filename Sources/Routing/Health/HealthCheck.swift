package import RepriseVocabulary

/// How servers are asked whether they are well.
package struct HealthCheck: Sendable, Hashable {
    /// What a server must do.
    package enum Kind: Sendable, Hashable {
        /// Take a connection.
        case tcp
        /// Complete a TLS handshake, by the settings that connections have, and without any for any certificate.
        case tls
        /// Answer a request of HTTP/1.1.
        case http(HTTPQuestion)
        /// Nothing: a program of the operator's finds out, and ends with status 0 where all is well.
        case exec([String])
    }

    package var kind = Kind.tcp
    package var interval = Duration.seconds(2)
    /// By how much of itself an interval varies at most, in percent, so that not all machines ask at once.
    package var jitter = 10
    package var timeout = Duration.seconds(1)
    package var rule = CheckRule()
    /// Another port than that of the connections.
    package var port: UInt16?
    /// How the server is told that the connection is our own.
    package var proxy = ProxyProtocolVersion.off

    package init() {}

    /// Whether it asks where connections go.
    var isAtDoor: Bool {
        if case .exec = kind { return false }
        return port == nil
    }
}

/// A request of HTTP/1.1, and what answers it well.
package struct HTTPQuestion: Sendable, Hashable {
    package var path = "/"
    package var host = "localhost"
    package var status = 200...399
    /// What the answer's body must have in it; empty for anything.
    package var body = ""

    package init() {}

    /// The request.
    package var bytes: [UInt8] {
        Array(
            "GET \(path) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: reprise-health\r\nAccept: */*\r\nConnection: close\r\n\r\n"
                .utf8)
    }
}

/// What a server has answered to an ``HTTPQuestion`` so far. Pure.
package struct HTTPAnswer: Sendable {
    /// The longest answer that is looked at.
    package static let maximumBytes = 64 << 10

    private let question: HTTPQuestion
    private let text: [UInt8]
    private var bytes: [UInt8] = []
    private var sought = Part.line
    /// What is sought now does not begin before: no byte is searched again with each receive.
    private var searched = 0

    /// What is sought, one after the other.
    private enum Part {
        /// The end of the status line.
        case line
        /// The empty line behind the header.
        case header
        /// The text, in the body.
        case text
    }

    package init(to question: HTTPQuestion) {
        self.question = question
        text = Array(question.body.utf8)
    }

    /// What is known of it.
    package enum Verdict: Sendable, Equatable {
        case undecided
        case good
        case bad(String)
    }

    /// More of it has come.
    package mutating func add(_ more: [UInt8]) -> Verdict {
        bytes += more.prefix(Self.maximumBytes + 1 - bytes.count)
        return judge(isWhole: false)
    }

    /// Nothing more comes.
    package mutating func end() -> Verdict {
        let verdict = judge(isWhole: true)
        guard verdict == .undecided else { return verdict }
        return .bad(bytes.isEmpty ? "closed without an answer" : "closed within its answer")
    }

    private mutating func judge(isWhole: Bool) -> Verdict {
        if sought == .line {
            guard let line = find([10]) else { return bytes.count > 256 ? .bad("its answer is not HTTP") : .undecided }
            let verdict = judge(statusLine: bytes[..<line])
            guard verdict == .undecided else { return verdict }
            // The line's end is the first half of the header's, where there is nothing in it.
            (sought, searched) = (.header, line - 1)
        }
        if sought == .header {
            guard let end = find([13, 10, 13, 10]) else {
                return bytes.count > Self.maximumBytes ? .bad("its answer is too long") : .undecided
            }
            (sought, searched) = (.text, end + 4)
        }
        if find(text) != nil { return .good }
        if bytes.count > Self.maximumBytes { return .bad("its first 64 KiB lack the text") }
        return isWhole ? .bad("its answer lacks the text") : .undecided
    }

    private func judge(statusLine line: ArraySlice<UInt8>) -> Verdict {
        let words = String(decoding: line, as: UTF8.self).split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].utf8.count == 3,
            let status = Int(words[1].filter { !$0.isWhitespace })
        else { return .bad("its answer is not HTTP") }
        guard question.status.contains(status) else { return .bad("answered \(status)") }
        return question.body.isEmpty ? .good : .undecided
    }

    /// Where the first of these begins that was not searched for yet.
    private mutating func find(_ sought: [UInt8]) -> Int? {
        let last = bytes.count - sought.count
        while searched <= last {
            if bytes[searched] == sought[0], bytes[searched...].starts(with: sought) { return searched }
            searched += 1
        }
        return nil
    }
}

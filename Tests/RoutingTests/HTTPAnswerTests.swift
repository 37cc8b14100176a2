import Testing

@testable import RepriseRouting

/// What a server answers to a health check is judged by all of it, however it comes.
@Suite struct HTTPAnswerTests {
    private static let question: HTTPQuestion = {
        var question = HTTPQuestion()
        question.body = "aab"
        return question
    }()

    /// The verdict on an answer that comes in these parts.
    private func verdict(_ parts: [ArraySlice<UInt8>]) -> HTTPAnswer.Verdict {
        var answer = HTTPAnswer(to: Self.question)
        for part in parts {
            let verdict = answer.add(Array(part))
            if verdict != .undecided { return verdict }
        }
        return answer.end()
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nA: b\r\n\r\naaaab", HTTPAnswer.Verdict.good),
        ("HTTP/1.1 200 OK\r\n\r\nxaabx", .good),
        ("HTTP/1.1 200 OK\r\nA: aab\r\n\r\naa", .bad("its answer lacks the text")),
        ("HTTP/1.1 200 OK\r\n\r\n", .bad("its answer lacks the text")),
        ("HTTP/1.1 500 No\r\n\r\naab", .bad("answered 500")),
        ("HTTP/1.1 200 OK\r\nA: aab\r\n", .bad("closed within its answer")),
        ("HTTP/1.1 200", .bad("closed within its answer")),
        ("\n", .bad("its answer is not HTTP")), ("\r\n\r\naab", .bad("its answer is not HTTP")),
        ("", .bad("closed without an answer")),
    ])
    func `an answer is judged alike wherever it is cut`(text: String, expected: HTTPAnswer.Verdict) {
        let bytes = Array(text.utf8)
        #expect(verdict(bytes.indices.map { bytes[$0...$0] }) == expected)
        for cut in 0...bytes.count { #expect(verdict([bytes[..<cut], bytes[cut...]]) == expected, "cut at \(cut)") }
    }

    @Test func `an answer without end is looked at for 64 KiB, and a text in them is found`() {
        let head = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
        let filler = [UInt8](repeating: 97, count: HTTPAnswer.maximumBytes)
        #expect(verdict([head[...], filler[...]]) == .bad("its first 64 KiB lack the text"))
        let rest = filler.count - head.count - 1
        #expect(verdict([head[...], filler[..<rest], [98], filler[...]]) == .good)
        #expect(verdict([head[..<17], filler[...]]) == .bad("its answer is too long"))
    }

    @Test func `a long answer in small parts costs about as much as in one`() {
        let parts = (0..<4000).map { _ in [UInt8](repeating: 97, count: 16)[...] }
        let head = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)[...]
        let clock = ContinuousClock()
        // Searched anew with each part, it would be 130 million bytes.
        let time = clock.measure { #expect(verdict([head] + parts) == .bad("its answer lacks the text")) }
        #expect(time < .seconds(2))
    }
}

import Foundation
import RepriseMetrics
import Testing

@Suite struct MetricDocumentTests {
    private func page(_ name: String) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/\(name)")
    }

    private var file: URL { page("metrics.md") }

    @Test func `docs/metrics.md is made from the catalog`() throws {
        if ProcessInfo.processInfo.environment["REPRISE_WRITE_DOCS"] != nil {
            try MetricDocument.text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == MetricDocument.text)
    }

    @Test func `the words in docs/logs.md are those of the lists`() throws {
        let text = try String(contentsOf: page("logs.md"), encoding: .utf8)
        let begin = try #require(text.firstRange(of: "## Words\n")).upperBound
        let introduction = """

            The words of a connection's line, with what they mean and what to do about them, as `reprise explain WORD` prints it. They
            come from the code's own lists (`make docs` writes them anew); [metrics.md](metrics.md#closed-lists) has the others.

            """
        let words = introduction + MetricDocument.logWords
        if ProcessInfo.processInfo.environment["REPRISE_WRITE_DOCS"] != nil {
            try (text[..<begin] + words).write(to: page("logs.md"), atomically: true, encoding: .utf8)
            return
        }
        #expect(text[begin...] == words)
    }
}

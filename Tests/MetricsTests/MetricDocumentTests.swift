import Foundation
import RepriseMetrics
import Testing

@Suite struct MetricDocumentTests {
    private var file: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/metrics.md")
    }

    @Test func `docs/metrics.md is made from the catalog`() throws {
        if ProcessInfo.processInfo.environment["REPRISE_WRITE_DOCS"] != nil {
            try MetricDocument.text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == MetricDocument.text)
    }
}

import RepriseMetrics
import RepriseVocabulary
import Testing

@Suite struct MetricCatalogTests {
    @Test(arguments: MetricCatalog.all.map(\.name))
    func `a name follows the conventions of Prometheus`(_ name: String) throws {
        let metric = try #require(MetricCatalog.all.first { $0.name == name })
        #expect(name.wholeMatch(of: /(reprise|process)_[a-z0-9]+(_[a-z0-9]+)*/) != nil)
        #expect(name.hasSuffix("_total") == (metric.kind == .counter))
        #expect(name.hasSuffix("_seconds") == (metric.unit == .seconds))
        #expect(name.contains("_bytes") == (metric.unit == .bytes))
        #expect(metric.help.hasSuffix("."))
        for label in metric.labels { #expect(label.name.wholeMatch(of: /[a-z]+/) != nil && label.name != "le") }
    }

    @Test func `every metric has a name of its own`() {
        #expect(Set(MetricCatalog.all.map(\.name)).count == MetricCatalog.all.count)
    }

    @Test func `the series of closed lists stand in the lists' order`() {
        #expect(
            MetricCatalog.connectionEndings.series(open: ["web"])
                == Ending.Kind.words.map { ["web", $0] })
        #expect(
            MetricCatalog.handshakesFailed.series(open: ["web"])[HandshakeFailure.Kind.malformed.index]
                == ["web", "malformed"])
        let completed = MetricCatalog.handshakesCompleted.series(open: ["web"])
        #expect(completed.count == 16)
        #expect(completed[3] == ["web", "TLSv1", "psk"])
        #expect(completed[4] == ["web", "TLSv1.1", "no"])
    }
}

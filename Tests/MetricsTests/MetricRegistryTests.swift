import Metrics
import Testing

@Suite struct MetricRegistryTests {
    @Test func `workers count apart and are read out together`() {
        let registry = MetricRegistry()
        for shard in 0..<3 { registry.counter(MetricCatalog.connectionsAccepted, ["web"], shard: shard).add(2) }
        #expect(registry.exposition().contains("reprise_connections_accepted_total{listener=\"web\"} 6\n"))
    }

    @Test func `asking again gives the same cell, so that a reload takes no count back`() {
        let registry = MetricRegistry()
        registry.counter(MetricCatalog.connectionsAccepted, ["web"]).add(5)
        #expect(registry.counter(MetricCatalog.connectionsAccepted, ["web"]).value == 5)
    }

    @Test func `label values are escaped`() {
        let registry = MetricRegistry()
        registry.counter(MetricCatalog.connectionsAccepted, ["a\"b\\c\nd"]).add(1)
        #expect(registry.exposition().contains(#"{listener="a\"b\\c\nd"} 1"#))
    }

    @Test func `a histogram's buckets add up, with their sum and count`() {
        let registry = MetricRegistry()
        let histogram = registry.histogram(MetricCatalog.connectDuration, ["app"])
        for seconds in [0.0001, 0.0002, 3, 100] { histogram.observe(seconds: seconds) }
        let text = registry.exposition()
        #expect(text.contains("reprise_upstream_connect_duration_seconds_bucket{upstream=\"app\",le=\"0.0001\"} 1\n"))
        #expect(text.contains("reprise_upstream_connect_duration_seconds_bucket{upstream=\"app\",le=\"5\"} 3\n"))
        #expect(text.contains("reprise_upstream_connect_duration_seconds_bucket{upstream=\"app\",le=\"+Inf\"} 4\n"))
        #expect(text.contains("reprise_upstream_connect_duration_seconds_count{upstream=\"app\"} 4\n"))
        #expect(text.contains("reprise_upstream_connect_duration_seconds_sum{upstream=\"app\"} 103.0003\n"))
    }

    @Test func `a computed gauge is worked out when it is read, until it is removed`() {
        let registry = MetricRegistry()
        let gauge = registry.computed(MetricCatalog.workers) { 2 }
        #expect(registry.exposition().contains("reprise_workers 2\n"))
        registry.remove(gauge)
        #expect(!registry.exposition().contains("reprise_workers 2\n"))
    }

    @Test func `every metric has a name of its own, a unit and words`() {
        #expect(Set(MetricCatalog.all.map(\.name)).count == MetricCatalog.all.count)
        for metric in MetricCatalog.all {
            #expect(metric.name.hasPrefix("reprise_") && !metric.unit.isEmpty && metric.help.hasSuffix("."), "\(metric.name)")
            #expect((metric.kind == .counter) == metric.name.hasSuffix("_total"), "\(metric.name)")
            #expect((metric.kind == .histogram) == !metric.buckets.isEmpty, "\(metric.name)")
            #expect(metric.buckets == metric.buckets.sorted(), "\(metric.name)")
        }
    }
}

import RepriseMetrics
import RepriseVocabulary
import Testing

private enum Sky: Int, ClosedList {
    case clear, grey

    static let title = "Skies"

    var text: (word: String, meaning: String) {
        switch self {
        case .clear: ("clear", "There is no cloud.")
        case .grey: ("grey", "There is nothing but clouds.")
        }
    }
}

private enum Wind: Int, ClosedList {
    case calm, breeze, storm

    static let title = "Winds"

    var text: (word: String, meaning: String) { ("\(self)", "There is a \(self).") }
}

@Suite struct MetricRegistryTests {
    private let requests = Metric.counter("t_requests_total", .connections, [.open("listener")], help: "Requests.")
    private let weather = Metric.counter(
        "t_weather_total", .none, [.open("listener"), .closed("sky", Sky.self)], help: "Weather.")
    private let open = Metric.gauge("t_open", .connections, [.open("listener")], help: "Open.")
    private let days = Metric.computed("t_days", .gauge, .seconds, [.open("listener")], help: "Days.")
    private let time = Metric.histogram("t_seconds", [.open("listener")], buckets: [0.1, 1, 10], help: "Time.")

    private func text(_ registry: MetricRegistry) -> String {
        String(decoding: registry.exposition(), as: UTF8.self)
    }

    @Test func `the exposition adds the shards of a series`() {
        let registry = MetricRegistry(catalog: [requests, open])
        registry.counter(requests, ["web"], shard: 0).add(2)
        registry.counter(requests, ["web"], shard: 1).add(40)
        registry.gauge(open, ["web"], shard: 0).add(5)
        registry.gauge(open, ["web"], shard: 1).subtract(2)
        #expect(
            text(registry) == """
                # HELP t_requests_total Requests.
                # TYPE t_requests_total counter
                t_requests_total{listener="web"} 42
                # HELP t_open Open.
                # TYPE t_open gauge
                t_open{listener="web"} 3

                """)
    }

    @Test func `the same series and shard is the same cell`() {
        let registry = MetricRegistry(catalog: [requests, time])
        #expect(registry.counter(requests, ["a"]) === registry.counter(requests, ["a"]))
        #expect(registry.counter(requests, ["a"]) !== registry.counter(requests, ["a"], shard: 1))
        #expect(registry.counter(requests, ["a"]) !== registry.counter(requests, ["b"]))
        #expect(registry.histogram(time, ["a"]) === registry.histogram(time, ["a"]))
    }

    @Test func `families stand in the catalog's order and series in their labels'`() {
        let registry = MetricRegistry(catalog: [open, requests])
        registry.counter(requests, ["b"]).add()
        registry.counter(requests, ["a"]).add()
        registry.gauge(open, ["z"]).set(1)
        let lines = text(registry).split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(
            lines == [
                #"t_open{listener="z"} 1"#, #"t_requests_total{listener="a"} 1"#,
                #"t_requests_total{listener="b"} 1"#,
            ])
    }

    @Test func `label values and help texts are escaped`() {
        let odd = Metric.counter("t_odd_total", .none, [.open("name")], help: "back\\slash\nline \"quoted\"")
        let registry = MetricRegistry(catalog: [odd])
        registry.counter(odd, ["a\\b\"c\nd{}é"]).add()
        #expect(
            text(registry) == #"""
                # HELP t_odd_total back\\slash\nline "quoted"
                # TYPE t_odd_total counter
                t_odd_total{name="a\\b\"c\nd{}é"} 1

                """#)
    }

    @Test func `a histogram's buckets are cumulated and end with the count`() {
        let registry = MetricRegistry(catalog: [time])
        let cell = registry.histogram(time, ["web"])
        for seconds in [0.05, 0.1, 0.5, 11, -1, .nan] { cell.observe(seconds: seconds) }
        registry.histogram(time, ["web"], shard: 3).observe(.milliseconds(9500))
        #expect(
            text(registry) == """
                # HELP t_seconds Time.
                # TYPE t_seconds histogram
                t_seconds_bucket{listener="web",le="0.1"} 4
                t_seconds_bucket{listener="web",le="1"} 5
                t_seconds_bucket{listener="web",le="10"} 6
                t_seconds_bucket{listener="web",le="+Inf"} 7
                t_seconds_sum{listener="web"} 21.15
                t_seconds_count{listener="web"} 7

                """)
    }

    @Test func `an endless duration does not trap`() {
        let histogram = Histogram(buckets: [1])
        histogram.observe(seconds: .infinity)
        #expect(histogram.snapshot.counts == [0, 1])
    }

    @Test func `a listener that appears exposes its closed lists from zero`() {
        let registry = MetricRegistry(catalog: [requests, weather, open, days])
        registry.expose(["listener": "web"])
        #expect(text(registry).contains(#"t_weather_total{listener="web",sky="grey"} 0"#))
        #expect(text(registry).contains(#"t_requests_total{listener="web"} 0"#))
        #expect(text(registry).contains(#"t_open{listener="web"} 0"#))
        #expect(!text(registry).contains("t_days"))
    }

    @Test func `the cells of a closed list come in its order`() {
        let registry = MetricRegistry(catalog: [weather])
        registry.counters(weather, ["web"], shard: 2)[1].add(7)
        #expect(registry.counter(weather, ["web", "grey"], shard: 2).value == 7)
    }

    @Test func `a list and a grid count each case in the cell of its word`() {
        let winds = Metric.counter(
            "t_winds_total", .none, [.open("listener"), .closed("sky", Sky.self), .closed("wind", Wind.self)],
            help: "Winds.")
        let registry = MetricRegistry(catalog: [weather, winds])
        CounterList<Sky>(weather, ["web"], in: registry, shard: 1)[.grey].add(7)
        #expect(registry.counter(weather, ["web", "grey"], shard: 1).value == 7)
        let grid = CounterGrid<Sky, Wind>(winds, ["web"], in: registry)
        for sky in Sky.allCases {
            for wind in Wind.allCases { grid[sky, wind].add(UInt64(10 * sky.index + wind.index)) }
        }
        for sky in Sky.allCases {
            for wind in Wind.allCases {
                let value = registry.counter(winds, ["web", sky.word, wind.word]).value
                #expect(value == 10 * sky.index + wind.index)
            }
        }
    }

    @Test func `every ending and cause of a listener is exposed from zero`() {
        let registry = MetricRegistry()
        registry.expose(["listener": "web"])
        registry.expose(["upstream": "app", "server": "127.0.0.1:80"])
        registry.expose(["upstream": "app"])
        let text = text(registry)
        for ending in Ending.Kind.words {
            #expect(text.contains("reprise_connections_ended_total{listener=\"web\",ending=\"\(ending)\"} 0\n"))
        }
        for cause in HandshakeFailure.Kind.words {
            #expect(text.contains("reprise_handshakes_failed_total{listener=\"web\",cause=\"\(cause)\"} 0\n"))
        }
        #expect(text.contains(#"{upstream="app",server="127.0.0.1:80",reason="timeout"} 0"#))
        #expect(text.contains(#"reprise_configuration_reloads_total{result="refused"} 0"#))
        #expect(text.contains("reprise_upstream_connect_duration_seconds_count{upstream=\"app\"} 0\n"))
        #expect(text.contains("reprise_log_lines_dropped_total 0\n"))
    }

    @Test func `a computed gauge is read at each exposition`() {
        let registry = MetricRegistry(catalog: [days])
        let moved = Gauge()
        let gauge = registry.computed(days, ["web"]) { Double(moved.value) + 0.5 }
        #expect(text(registry).contains("t_days{listener=\"web\"} 0.5\n"))
        moved.set(-3)
        #expect(text(registry).contains("t_days{listener=\"web\"} -2.5\n"))
        registry.remove(gauge)
        #expect(text(registry).isEmpty)
    }

    @Test(arguments: [(Double.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (1e300, "1e+300"), (-0.0, "0")])
    func `odd numbers are written as Prometheus reads them`(_ value: Double, _ words: String) {
        let registry = MetricRegistry(catalog: [days])
        let gauge = registry.computed(days, ["web"]) { value }
        #expect(text(registry).contains("t_days{listener=\"web\"} \(words)\n"))
        registry.remove(gauge)
    }

    @Test func `a counter that is kept elsewhere is a counter`() {
        let elsewhere = Metric.computed("t_elsewhere_total", .counter, .failures, help: "Elsewhere.")
        let registry = MetricRegistry(catalog: [elsewhere])
        _ = registry.computed(elsewhere) { 4 }
        #expect(text(registry).hasSuffix("# TYPE t_elsewhere_total counter\nt_elsewhere_total 4\n"))
    }

    @Test func `a reload replaces a computed gauge without doubling or losing its series`() {
        let registry = MetricRegistry(catalog: [days])
        let old = registry.computed(days, ["web"]) { 1 }
        let new = registry.computed(days, ["web"]) { 2 }
        #expect(text(registry).hasSuffix("TYPE t_days gauge\nt_days{listener=\"web\"} 2\n"))
        registry.remove(old)
        #expect(text(registry).hasSuffix("TYPE t_days gauge\nt_days{listener=\"web\"} 2\n"))
        registry.remove(new)
        registry.remove(new)
        #expect(text(registry).isEmpty)
    }

    @Test func `a computed gauge may use the registry it is read by`() {
        let registry = MetricRegistry(catalog: [days, requests])
        let gauge = registry.computed(days, ["web"]) { Double(registry.counter(requests, ["web"]).value) }
        #expect(text(registry).contains("t_days{listener=\"web\"} 0\n"))
        registry.remove(gauge)
    }

    @Test func `series beyond the limit count but are not exposed`() {
        let registry = MetricRegistry(catalog: [requests, MetricCatalog.metricSeriesDropped], seriesLimit: 2)
        registry.counter(requests, ["a"]).add()
        let beyond = registry.counter(requests, ["b"])
        beyond.add(3)
        #expect(beyond.value == 3)
        #expect(!text(registry).contains("\"b\""))
        #expect(text(registry).contains("reprise_metric_series_dropped_total 1\n"))
        registry.counter(requests, ["a"]).add()
        #expect(text(registry).contains("t_requests_total{listener=\"a\"} 2\n"))
    }

    @Test func `many threads count without losing one`() async {
        let registry = MetricRegistry(catalog: [requests, time])
        await withTaskGroup(of: Void.self) { group in
            for shard in 0..<4 {
                group.addTask {
                    for _ in 0..<5000 {
                        registry.counter(requests, ["web"], shard: shard % 2).add()
                        registry.histogram(time, ["web"]).observe(seconds: 0.5)
                    }
                }
            }
            group.addTask { for _ in 0..<20 { _ = registry.exposition() } }
        }
        #expect(text(registry).contains("t_requests_total{listener=\"web\"} 20000\n"))
        #expect(text(registry).contains("t_seconds_sum{listener=\"web\"} 10000\n"))
    }
}

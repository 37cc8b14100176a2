internal import Synchronization

/// Where every cell of every metric is known by, so that it can be read out.
///
/// Each worker asks for cells of its own (`shard`); reading out adds them up. Cells stay for as long as the process
/// lives, so that a reload never takes a count back.
package final class MetricRegistry: Sendable {
    private let state = Mutex(State())

    private struct State {
        var counters: [Metric: [[String]: [Int: Counter]]] = [:]
        var gauges: [Metric: [[String]: [Int: Gauge]]] = [:]
        var histograms: [Metric: [[String]: [Int: Histogram]]] = [:]
        var computed: [Int: Computed] = [:]
        var nextComputed = 0
    }

    private struct Computed {
        let metric: Metric
        let labels: [String]
        let read: @Sendable () -> Double
    }

    package init() {}

    /// The shard's counter for those values of the metric's labels.
    package func counter(_ metric: Metric, _ labels: [String] = [], shard: Int = 0) -> Counter {
        precondition(metric.kind == .counter && labels.count == metric.labels.count, "\(metric.name) \(labels)")
        return state.withLock { $0.counters[metric, default: [:]][labels, default: [:]].cell(shard, Counter.init) }
    }

    /// The shard's gauge for those values of the metric's labels.
    package func gauge(_ metric: Metric, _ labels: [String] = [], shard: Int = 0) -> Gauge {
        precondition(metric.kind == .gauge && labels.count == metric.labels.count, "\(metric.name) \(labels)")
        return state.withLock { $0.gauges[metric, default: [:]][labels, default: [:]].cell(shard, Gauge.init) }
    }

    /// The shard's histogram for those values of the metric's labels.
    package func histogram(_ metric: Metric, _ labels: [String] = [], shard: Int = 0) -> Histogram {
        precondition(metric.kind == .histogram && labels.count == metric.labels.count, "\(metric.name) \(labels)")
        return state.withLock { state in
            state.histograms[metric, default: [:]][labels, default: [:]].cell(shard) {
                Histogram(bounds: metric.buckets)
            }
        }
    }

    /// A gauge whose value is worked out whenever it is read; the answer names it for ``remove(_:)``.
    package func computed(
        _ metric: Metric, _ labels: [String] = [], _ read: @escaping @Sendable () -> Double
    ) -> ComputedGauge {
        precondition(metric.labels.count == labels.count, "\(metric.name) \(labels)")
        return state.withLock { state in
            state.nextComputed += 1
            state.computed[state.nextComputed] = Computed(metric: metric, labels: labels, read: read)
            return ComputedGauge(number: state.nextComputed)
        }
    }

    /// Takes a computed gauge out.
    package func remove(_ gauge: ComputedGauge) {
        _ = state.withLock { $0.computed.removeValue(forKey: gauge.number) }
    }

    /// A computed gauge's name for its owner.
    package struct ComputedGauge: Sendable {
        fileprivate let number: Int
    }

    /// Everything in Prometheus' text format 0.0.4, in the order of the catalog.
    package func exposition() -> String {
        let samples = state.withLock { state in
            MetricCatalog.all.map { metric in (metric, Self.samples(of: metric, state)) }
        }
        let computed = state.withLock { Array($0.computed.values) }
        var text = ""
        for (metric, lines) in samples {
            let own = computed.filter { $0.metric == metric }
                .map { Exposition.line(metric.name, metric.labels, $0.labels, Exposition.number($0.read())) }
            let all = lines + own.sorted()
            guard !all.isEmpty else { continue }
            text +=
                "# HELP \(metric.name) \(Exposition.help(metric.help))\n# TYPE \(metric.name) \(metric.kind.rawValue)\n"
            text += all.joined()
        }
        return text
    }

    private static func samples(of metric: Metric, _ state: State) -> [String] {
        switch metric.kind {
        case .counter:
            sorted(state.counters[metric]) { labels, shards in
                let sum = shards.values.reduce(0) { $0 + $1.value }
                return Exposition.line(metric.name, metric.labels, labels, "\(sum)")
            }
        case .gauge:
            sorted(state.gauges[metric]) { labels, shards in
                let sum = shards.values.reduce(0) { $0 + $1.value }
                return Exposition.line(metric.name, metric.labels, labels, "\(sum)")
            }
        case .histogram:
            sorted(state.histograms[metric]) { labels, shards in
                Exposition.histogram(metric, labels, shards.values.map(\.snapshot))
            }
        }
    }

    private static func sorted<Cell>(
        _ cells: [[String]: [Int: Cell]]?, _ write: ([String], [Int: Cell]) -> String
    ) -> [String] {
        (cells ?? [:]).sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { write($0.key, $0.value) }
    }
}

extension Dictionary where Key == Int {
    fileprivate mutating func cell(_ shard: Int, _ make: () -> Value) -> Value {
        if let cell = self[shard] { return cell }
        let cell = make()
        self[shard] = cell
        return cell
    }
}

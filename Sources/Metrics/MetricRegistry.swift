import RepriseVocabulary

/// Every series of the process: hands out cells to count in, and writes them all out.
///
/// A part gets or creates its cells once, when it is built, under one lock; counting in them takes none. Series are
/// removed when what they count is gone for good (``removeSeries(_:but:)``).
package final class MetricRegistry: Sendable {
    enum Cell: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)
    }

    struct Series: Sendable {
        /// By shard.
        var cells: [Int: Cell] = [:]
        /// The exposition reads the last one; those before it belong to a plan that is being replaced.
        var computed: [ComputedGauge] = []
    }

    /// A value that is computed when it is read, and the handle to remove it.
    package final class ComputedGauge: Sendable {
        fileprivate let metric: Metric
        fileprivate let labels: [String]
        let read: @Sendable () -> Double

        fileprivate init(metric: Metric, labels: [String], read: @escaping @Sendable () -> Double) {
            self.metric = metric
            self.labels = labels
            self.read = read
        }
    }

    private struct State: Sendable {
        var families: [String: [[String]: Series]] = [:]
        var seriesCount = 0
    }

    private let catalog: [Metric]
    private let seriesLimit: Int
    private let state = Locked(State())
    private let dropped: Counter

    /// A registry of these families; what has no open label is exposed from zero at once.
    package init(catalog: [Metric] = MetricCatalog.all, seriesLimit: Int = Limits.metricSeries) {
        precondition(Set(catalog.map(\.name)).count == catalog.count, "a metric stands in the catalog twice")
        self.catalog = catalog
        self.seriesLimit = seriesLimit
        dropped = Counter()
        for metric in catalog { state.withLock { $0.families[metric.name] = [:] } }
        if catalog.contains(MetricCatalog.metricSeriesDropped) {
            _ = cell(MetricCatalog.metricSeriesDropped, [], shard: 0, make: .counter(dropped))
        }
        expose([:])
    }

    /// The cell of that series and shard, created at the first call.
    ///
    /// - Parameters:
    ///   - metric: a counter of the catalog.
    ///   - labels: a value for each of its labels, in their order.
    ///   - shard: the owner of the cell: the worker's number, or 0 for parts without a worker. The exposition adds all
    ///     shards.
    /// - Returns: the cell; one that is not exposed when the process has too many series.
    package func counter(_ metric: Metric, _ labels: [String] = [], shard: Int = 0) -> Counter {
        precondition(metric.kind == .counter && !metric.isComputed, "\(metric.name) is no counter")
        guard case .counter(let counter) = cell(metric, labels, shard: shard, make: .counter(Counter())) else {
            preconditionFailure("\(metric.name) holds a cell of another kind")
        }
        return counter
    }

    /// The cell of that series and shard, created at the first call; see ``counter(_:_:shard:)``.
    package func gauge(_ metric: Metric, _ labels: [String] = [], shard: Int = 0) -> Gauge {
        precondition(metric.kind == .gauge && !metric.isComputed, "\(metric.name) is no gauge that is moved")
        guard case .gauge(let gauge) = cell(metric, labels, shard: shard, make: .gauge(Gauge())) else {
            preconditionFailure("\(metric.name) holds a cell of another kind")
        }
        return gauge
    }

    /// The cell of that series and shard, created at the first call; see ``counter(_:_:shard:)``.
    package func histogram(_ metric: Metric, _ labels: [String] = [], shard: Int = 0) -> Histogram {
        precondition(metric.kind == .histogram, "\(metric.name) is no histogram")
        let new = Cell.histogram(Histogram(buckets: metric.buckets))
        guard case .histogram(let histogram) = cell(metric, labels, shard: shard, make: new) else {
            preconditionFailure("\(metric.name) holds a cell of another kind")
        }
        return histogram
    }

    /// A cell for every series that these open labels can have, in the closed lists' order, the last label moving
    /// fastest: `counters(endings, ["web"])[ending.index]`.
    package func counters(_ metric: Metric, _ open: [String] = [], shard: Int = 0) -> [Counter] {
        metric.series(open: open).map { counter(metric, $0, shard: shard) }
    }

    /// Registers a value that `read` computes at each exposition, on the thread that asks for it.
    ///
    /// If the series exists already, the exposition reads the new gauge instead, until one of the two is removed: so a
    /// reload may register the new plan's gauges before it removes the old plan's.
    package func computed(
        _ metric: Metric, _ labels: [String] = [], _ read: @escaping @Sendable () -> Double
    ) -> ComputedGauge {
        precondition(metric.isComputed, "\(metric.name) is not computed")
        let gauge = ComputedGauge(metric: metric, labels: labels, read: read)
        withSeries(metric, labels) { $0.computed.append(gauge) }
        return gauge
    }

    /// Removes a computed gauge, and its series when it has no other gauge.
    package func remove(_ gauge: ComputedGauge) {
        state.withLock { state in
            guard var series = state.families[gauge.metric.name]?[gauge.labels] else { return }
            series.computed.removeAll { $0 === gauge }
            let isGone = series.computed.isEmpty && series.cells.isEmpty
            if isGone { state.seriesCount -= 1 }
            state.families[gauge.metric.name]?[gauge.labels] = isGone ? nil : series
        }
    }

    /// Removes every series with all of these labels whose values are no longer kept, except computed ones: their
    /// owners remove those. Later counts in such a cell are not exposed.
    ///
    /// - Parameter isKept: gets the values in the order of the labels.
    package func removeSeries(with wanted: [String], but isKept: ([String]) -> Bool) {
        state.withLock { state in
            for metric in catalog {
                let places = wanted.compactMap { label in metric.labels.firstIndex { $0.name == label } }
                guard places.count == wanted.count else { continue }
                for (labels, series) in state.families[metric.name] ?? [:]
                where series.computed.isEmpty && !isKept(places.map { labels[$0] }) {
                    state.families[metric.name]?[labels] = nil
                    state.seriesCount -= 1
                }
            }
        }
    }

    /// The value of each series of a gauge now, all shards together, by its labels.
    package func values(_ metric: Metric) -> [[String]: Int64] {
        let family = state.withLock { $0.families[metric.name] ?? [:] }
        return family.mapValues { series in
            series.cells.values.reduce(0) { sum, cell in
                if case .gauge(let gauge) = cell { sum + gauge.value } else { sum }
            }
        }
    }

    /// Exposes every family whose open labels are exactly these, with each value of its closed lists, from zero.
    ///
    /// Called when a part appears: `expose(["listener": "web"])`, `expose(["upstream": "app", "server": "a"])`.
    package func expose(_ known: [String: String]) {
        for metric in catalog where !metric.isComputed {
            let open = metric.openLabels
            guard open.count == known.count else { continue }
            let values = open.compactMap { known[$0.name] }
            guard values.count == open.count else { continue }
            for labels in metric.series(open: values) {
                switch metric.kind {
                case .counter: _ = counter(metric, labels)
                case .gauge: _ = gauge(metric, labels)
                case .histogram: _ = histogram(metric, labels)
                }
            }
        }
    }

    /// All series in Prometheus' text format 0.0.4: families in the catalog's order, series by their labels.
    package func exposition() -> [UInt8] {
        // Copied under the lock, written outside of it: a gauge's `read` may take long, or register another.
        let families = state.withLock { $0.families }
        var writer = ExpositionWriter()
        for metric in catalog {
            guard let family = families[metric.name], !family.isEmpty else { continue }
            writer.begin(metric)
            for (labels, series) in family.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                writer.write(metric, labels, series)
            }
        }
        return writer.bytes
    }

    private func cell(_ metric: Metric, _ labels: [String], shard: Int, make new: Cell) -> Cell {
        let kept = withSeries(metric, labels) { series in
            if let cell = series.cells[shard] { return cell }
            series.cells[shard] = new
            return new
        }
        return kept ?? new
    }

    /// Works on a series, which it creates when missing; `nil` when the process has too many.
    @discardableResult
    private func withSeries<Result: Sendable>(
        _ metric: Metric, _ labels: [String], _ body: (inout Series) -> Result
    ) -> Result? {
        check(labels, of: metric)
        return state.withLock { state -> Result? in
            precondition(state.families[metric.name] != nil, "\(metric.name) is not in the catalog")
            if state.families[metric.name]?[labels] == nil {
                guard state.seriesCount < seriesLimit else {
                    dropped.add()
                    return nil
                }
                state.seriesCount += 1
            }
            return body(&state.families[metric.name, default: [:]][labels, default: Series()])
        }
    }

    private func check(_ labels: [String], of metric: Metric) {
        precondition(
            labels.count == metric.labels.count,
            "\(metric.name) has the labels \(metric.labels.map(\.name)), but was given \(labels)")
        for (label, value) in zip(metric.labels, labels) {
            if let values = label.values {
                precondition(values.contains(value), "\(value) is no value of \(label.name) in \(metric.name)")
            }
        }
    }
}

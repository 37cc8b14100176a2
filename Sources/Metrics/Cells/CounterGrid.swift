package import RepriseVocabulary

/// A counter for each pair of two closed lists' cases, found in constant time.
package struct CounterGrid<Rows: ClosedList, Columns: ClosedList>: Sendable {
    private let counters: [Counter]
    private let width: Int

    /// The cells of a metric whose two closed labels take their values from the lists, in that order; see
    /// ``CounterList/init(_:_:in:shard:)``.
    package init(_ metric: Metric, _ open: [String] = [], in registry: MetricRegistry, shard: Int = 0) {
        let lists = metric.labels.compactMap(\.list)
        precondition(
            lists == [MetricLabel.List(Rows.self), MetricLabel.List(Columns.self)],
            "\(metric.name) counts \(lists), not \(Rows.self) by \(Columns.self)")
        counters = registry.counters(metric, open, shard: shard)
        width = lists[1].words.count
    }

    /// The counter of one pair.
    package subscript(_ row: Rows, _ column: Columns) -> Counter { counters[row.index * width + column.index] }
}

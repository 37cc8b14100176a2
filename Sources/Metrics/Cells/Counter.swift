package import RepriseVocabulary
import Synchronization

/// A number that only grows: one cell of a counter's series, of one worker.
///
/// Any thread may add; a worker that adds to a cell of its own shares no cache line with another.
package final class Counter: Sendable {
    private let cell = Atomic<UInt64>(0)
    /// Keeps the next object's hot bytes (its reference count) off this cell's cache line of 64 bytes.
    private let padding: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)

    package init() {}

    /// Adds `amount`; past 2^64 it begins anew, which Prometheus takes for a restart.
    package func add(_ amount: UInt64 = 1) {
        cell.wrappingAdd(amount, ordering: .relaxed)
    }

    /// The sum so far.
    package var value: UInt64 { cell.load(ordering: .relaxed) }
}

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

/// A counter for each case of a closed list, found in constant time.
package struct CounterList<List: ClosedList>: Sendable {
    private let counters: [Counter]

    /// The cells of a metric whose one closed label takes its values from the list.
    ///
    /// - Parameters:
    ///   - open: a value for each label that the configuration decides, in their order.
    ///   - shard: the owner of the cells; see ``MetricRegistry/counter(_:_:shard:)``.
    package init(_ metric: Metric, _ open: [String] = [], in registry: MetricRegistry, shard: Int = 0) {
        let lists = metric.labels.compactMap(\.list)
        precondition(lists == [MetricLabel.List(List.self)], "\(metric.name) counts \(lists), not \(List.self)")
        counters = registry.counters(metric, open, shard: shard)
    }

    /// The counter of one case.
    package subscript(_ element: List) -> Counter { counters[element.index] }
}

package import RepriseVocabulary

/// A counter for each case of a closed list, found in constant time.
package struct CounterList<List: ClosedList>: Sendable {
    private let counters: [Counter]

    /// The cells of a metric whose one closed label takes its values from the list.
    ///
    /// - Parameters:
    ///   - open: a value for each label that the configuration decides, in their order.
    ///   - shard: whose cells; see ``MetricRegistry/counter(_:_:shard:)``.
    package init(_ metric: Metric, _ open: [String] = [], in registry: MetricRegistry, shard: Int = 0) {
        let lists = metric.labels.compactMap(\.list)
        precondition(lists == [MetricLabel.List(List.self)], "\(metric.name) counts \(lists), not \(List.self)")
        counters = registry.counters(metric, open, shard: shard)
    }

    /// The counter of one case.
    package subscript(_ element: List) -> Counter { counters[element.index] }
}

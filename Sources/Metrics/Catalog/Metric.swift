/// One family of metrics: a name with everything that is known of it before the first value.
package struct Metric: Sendable, Hashable {
    /// The name in the exposition: `reprise_connections_accepted_total`.
    package let name: String
    /// What the values mean.
    package let kind: MetricKind
    /// What one step of the value stands for.
    package let unit: MetricUnit
    /// One sentence for a person, in the exposition and in docs/metrics.md.
    package let help: String
    /// The labels, in the order in which their values are given and written.
    package let labels: [MetricLabel]
    /// The upper bounds of a histogram's buckets, ascending, without the infinite one.
    package let buckets: [Double]
    /// Whether the value is worked out when it is read, rather than kept in a cell.
    package let isComputed: Bool

    private init(
        _ name: String, _ kind: MetricKind, _ unit: MetricUnit, _ help: String, _ labels: [MetricLabel],
        buckets: [Double] = [], isComputed: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.help = help
        self.labels = labels
        self.buckets = buckets
        self.isComputed = isComputed
    }

    /// A family of counters; the name ends in `_total`.
    package static func counter(
        _ name: String, _ unit: MetricUnit, _ labels: [MetricLabel] = [], help: String
    ) -> Metric {
        Metric(name, .counter, unit, help, labels)
    }

    /// A family of gauges that the code moves.
    package static func gauge(
        _ name: String, _ unit: MetricUnit, _ labels: [MetricLabel] = [], help: String
    ) -> Metric {
        Metric(name, .gauge, unit, help, labels)
    }

    /// A family whose values are worked out at each exposition: gauges, or a counter that is kept elsewhere.
    package static func computed(
        _ name: String, _ kind: MetricKind, _ unit: MetricUnit, _ labels: [MetricLabel] = [], help: String
    ) -> Metric {
        precondition(kind != .histogram, "\(name): a histogram cannot be computed")
        return Metric(name, kind, unit, help, labels, isComputed: true)
    }

    /// A family of histograms of durations in seconds; the bounds ascend.
    package static func histogram(
        _ name: String, _ labels: [MetricLabel] = [], buckets: [Double], help: String
    ) -> Metric {
        precondition(
            !buckets.isEmpty && zip(buckets, buckets.dropFirst()).allSatisfy { $0 < $1 },
            "the buckets of \(name) do not ascend: \(buckets)")
        return Metric(name, .histogram, .seconds, help, labels, buckets: buckets)
    }

    /// The labels whose values the configuration decides.
    package var openLabels: [MetricLabel] { labels.filter { $0.values == nil } }

    /// Every series that the open labels' values can have.
    ///
    /// - Parameter known: a value for each open label, in the labels' order.
    /// - Returns: the label values of each, in the closed lists' order, the last label moving fastest.
    package func series(open known: [String]) -> [[String]] {
        precondition(known.count == openLabels.count, "\(name) has \(openLabels.count) open labels, not \(known.count)")
        var rest = known[...]
        var rows: [[String]] = [[]]
        for label in labels {
            let values = label.values ?? [rest.removeFirst()]
            rows = rows.flatMap { row in values.map { row + [$0] } }
        }
        return rows
    }
}

package import RepriseVocabulary

/// One family of metrics: a name with everything that is fixed before the first value.
package struct Metric: Sendable, Hashable {
    /// The name in the exposition: `reprise_connections_accepted_total`.
    package let name: String
    /// What the values mean.
    package let kind: MetricKind
    /// The unit of the value.
    package let unit: MetricUnit
    /// One sentence for a person, in the exposition and in docs/metrics.md.
    package let help: String
    /// The labels, in the order in which their values are given and written.
    package let labels: [MetricLabel]
    /// The upper bounds of a histogram's buckets, ascending, without the infinite one.
    package let buckets: [Double]
    /// Whether the value is computed when it is read, rather than kept in a cell.
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

    /// A family whose values are computed at each exposition: gauges, or a counter that is kept elsewhere.
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

/// What a metric's values mean, in Prometheus' words (exposition format 0.0.4).
package enum MetricKind: String, Sendable, Hashable {
    /// Only grows, from zero at the start of the process.
    case counter
    /// Goes up and down.
    case gauge
    /// Observations, counted in buckets.
    case histogram
}

/// The unit of a metric's value.
package enum MetricUnit: String, Sendable, Hashable {
    case addresses, blocks, bytes, calls, changes, checks, connections, descriptors, failures, flights,
        handshakes,
        keys,
        lineages, lines,
        messages,
        pauses, parts
    case reloads, seconds, series, servers, sessions, threads, workers
    /// The value carries no quantity: a constant 1.
    case none
}

/// A label of a metric, and its values where they are a closed list.
package struct MetricLabel: Sendable, Hashable {
    /// The label's name, as the exposition writes it.
    package let name: String
    /// Every value the label can take, or `nil` when the configuration decides.
    package let list: List?

    /// A closed list as the exposition and its document need it: in its order, without its type.
    package struct List: Sendable, Hashable {
        /// The subject of the words.
        package let title: String
        /// The words, each at the place of its index.
        package let words: [String]
        /// One sentence for each word.
        package let meanings: [String]
        /// What can be done about each word, where something can.
        package let advice: [String?]
        /// For a list of failures, each word's origin and whether a retry makes sense; otherwise empty.
        package let failures: [Failure]

        /// What a list of failures says of each.
        package struct Failure: Sendable, Hashable {
            package let origin: FailureOrigin
            package let isWorthRetrying: Bool
        }

        /// That list.
        package init(_ list: (some ClosedList).Type) {
            (title, words, meanings) = (list.title, list.words, list.allCases.map(\.meaning))
            advice = list.allCases.map(\.advice)
            failures = list.allCases.compactMap { $0 as? any FailureList }.map {
                Failure(origin: $0.origin, isWorthRetrying: $0.isWorthRetrying)
            }
        }
    }

    /// The words of its list, or `nil` when the configuration decides.
    package var values: [String]? { list?.words }

    /// A label whose values come from the configuration: a listener, an upstream.
    package static func open(_ name: String) -> MetricLabel {
        MetricLabel(name: name, list: nil)
    }

    /// A label that takes the words of that list and no other value.
    package static func closed(_ name: String, _ list: (some ClosedList).Type) -> MetricLabel {
        MetricLabel(name: name, list: List(list))
    }
}

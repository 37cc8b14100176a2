/// One family of metrics: its name, what it counts, in which unit, under which labels.
package struct Metric: Sendable, Hashable {
    /// How values behave.
    package enum Kind: String, Sendable {
        /// Only grows while the process lives.
        case counter
        /// Goes up and down.
        case gauge
        /// Counts observations by size.
        case histogram
    }

    /// The name in the exposition; its ending says the unit (`_seconds`, `_bytes`, `_total`).
    package let name: String
    package let kind: Kind
    /// The unit, for people: `seconds`, `bytes`, `connections` …
    package let unit: String
    package let help: String
    /// The labels' names, in the order in which values are given.
    package let labels: [String]
    /// The upper bounds of a histogram's buckets, ascending, in ``unit``; empty for other kinds.
    package let buckets: [Double]

    init(_ name: String, _ kind: Kind, unit: String, _ help: String, labels: [String] = [], buckets: [Double] = []) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.help = help
        self.labels = labels
        self.buckets = buckets
    }
}

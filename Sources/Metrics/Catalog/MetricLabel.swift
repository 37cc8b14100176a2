/// A label of a metric, and its values where they are a closed list.
package struct MetricLabel: Sendable, Hashable {
    /// The label's name, as the exposition writes it.
    package let name: String
    /// Every value the label can take, or `nil` when the configuration decides.
    package let values: [String]?

    /// A label whose values come from the configuration: a listener, an upstream.
    package static func open(_ name: String) -> MetricLabel {
        MetricLabel(name: name, values: nil)
    }

    /// A label that takes one of these values and no other.
    package static func closed(_ name: String, _ values: [String]) -> MetricLabel {
        precondition(!values.isEmpty, "the closed label \(name) has no values")
        return MetricLabel(name: name, values: values)
    }
}

/// What one step of a metric's value stands for.
package enum MetricUnit: String, Sendable, Hashable {
    case bytes, connections, days, descriptors, durations, failures, flights, handshakes, lineages, lines, messages,
        pauses
    case reloads, seconds, series, workers
    /// The value carries no quantity: a constant 1.
    case none
}

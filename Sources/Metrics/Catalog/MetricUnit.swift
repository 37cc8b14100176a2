/// What one step of a metric's value stands for.
package enum MetricUnit: String, Sendable, Hashable {
    case bytes, connections, days, descriptors, durations, failures, flights, handshakes, keys, lineages, lines,
        messages,
        pauses
    case reloads, seconds, series, sessions, workers
    /// The value carries no quantity: a constant 1.
    case none
}

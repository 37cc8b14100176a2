/// What one step of a metric's value stands for.
package enum MetricUnit: String, Sendable, Hashable {
    case bytes, connections, days, descriptors, entries, failures, handshakes, lines, messages
    case pauses, reloads, seconds, series, tickets, threads, timers
    /// The value carries no quantity: a constant 1.
    case none
}

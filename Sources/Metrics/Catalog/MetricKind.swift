/// What a metric's values mean, in Prometheus' words (exposition format 0.0.4).
package enum MetricKind: String, Sendable, Hashable {
    /// Only grows, from zero at the start of the process.
    case counter
    /// Goes up and down.
    case gauge
    /// Observations, counted in buckets.
    case histogram
}

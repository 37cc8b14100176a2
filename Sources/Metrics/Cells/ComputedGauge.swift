import Vocabulary

/// A gauge that is worked out when it is read, and the handle to take it away by.
package final class ComputedGauge: Sendable {
    let metric: Metric
    let labels: [String]
    let read: @Sendable (_ now: WallTime) -> Double

    init(metric: Metric, labels: [String], read: @escaping @Sendable (_ now: WallTime) -> Double) {
        self.metric = metric
        self.labels = labels
        self.read = read
    }
}

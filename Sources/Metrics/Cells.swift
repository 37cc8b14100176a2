internal import Synchronization

/// A count that only grows. One relaxed addition from whichever worker owns it.
package final class Counter: Sendable {
    private let count = Atomic<UInt64>(0)

    init() {}

    /// Counts on, wrapping around at 2^64.
    package func add(_ amount: UInt64) {
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    package var value: UInt64 { count.load(ordering: .relaxed) }
}

/// A number that goes up and down.
package final class Gauge: Sendable {
    private let number = Atomic<Int64>(0)

    init() {}

    /// Goes up.
    package func add(_ amount: Int64) {
        number.wrappingAdd(amount, ordering: .relaxed)
    }

    /// Goes down.
    package func subtract(_ amount: Int64) {
        number.wrappingSubtract(amount, ordering: .relaxed)
    }

    /// Takes a value, whatever it was before.
    package func set(_ value: Int64) {
        number.store(value, ordering: .relaxed)
    }

    package var value: Int64 { number.load(ordering: .relaxed) }
}

/// Observations counted by size.
package final class Histogram: Sendable {
    private let bounds: [Double]
    private let counts: [Counter]
    /// In nanounits, so that a relaxed addition is exact.
    private let total = Atomic<UInt64>(0)

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = (0...bounds.count).map { _ in Counter() }
    }

    /// Counts one observation, in seconds, at least 0.
    package func observe(seconds: Double) {
        let bucket = bounds.firstIndex { seconds <= $0 } ?? bounds.count
        counts[bucket].add(1)
        total.wrappingAdd(UInt64(max(0, seconds) * 1e9), ordering: .relaxed)
    }

    /// What was counted up to each bound, then in all, and the sum of the observations.
    var snapshot: (buckets: [UInt64], sum: Double) {
        (counts.map(\.value), Double(total.load(ordering: .relaxed)) / 1e9)
    }
}

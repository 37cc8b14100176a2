import Synchronization

/// A number that goes up and down: one cell of a gauge's series, of one worker.
///
/// The exposition adds the cells of all shards, so ``set(_:)`` makes sense for a series that has one.
package final class Gauge: Sendable {
    private let cell = Atomic<Int64>(0)
    /// Keeps the next object's hot bytes (its reference count) off this cell's cache line of 64 bytes.
    private let padding: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)

    package init() {}

    /// Goes up by `amount`.
    package func add(_ amount: Int64 = 1) {
        cell.wrappingAdd(amount, ordering: .relaxed)
    }

    /// Goes down by `amount`.
    package func subtract(_ amount: Int64 = 1) {
        cell.wrappingSubtract(amount, ordering: .relaxed)
    }

    /// Sets the value.
    package func set(_ value: Int64) {
        cell.store(value, ordering: .relaxed)
    }

    /// The value now.
    package var value: Int64 { cell.load(ordering: .relaxed) }
}

import Synchronization

/// A number that only grows: one cell of a counter's series, of one worker.
///
/// Any thread may add; a worker that adds to a cell of its own shares no cache line with another.
package final class Counter: Sendable {
    private let cell = Atomic<UInt64>(0)
    /// Keeps the next object's hot bytes (its reference count) off this cell's cache line of 64 bytes.
    private let padding: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)

    package init() {}

    /// Adds `amount`; past 2^64 it begins anew, which Prometheus takes for a restart.
    package func add(_ amount: UInt64 = 1) {
        cell.wrappingAdd(amount, ordering: .relaxed)
    }

    /// The sum so far.
    package var value: UInt64 { cell.load(ordering: .relaxed) }
}

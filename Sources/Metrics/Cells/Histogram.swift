import RepriseVocabulary
import Synchronization

/// Durations counted in fixed buckets: one cell of a histogram's series, of one worker.
///
/// Any thread may observe. The sum is kept in whole nanoseconds, so that it is exact for 584 years of observations.
package final class Histogram: Sendable {
    /// What a histogram holds at one moment.
    package struct Snapshot: Sendable, Equatable {
        /// Observations in each bucket, not cumulated; the last bucket has no upper bound.
        package var counts: [UInt64]
        /// The sum of all observations, in nanoseconds.
        package var nanoseconds: UInt64

        /// How many observations there are.
        package var count: UInt64 { counts.reduce(0, &+) }

        /// Adds what another histogram with the same buckets holds.
        package mutating func add(_ other: Snapshot) {
            precondition(counts.count == other.counts.count, "histograms of different buckets")
            for index in counts.indices { counts[index] &+= other.counts[index] }
            nanoseconds &+= other.nanoseconds
        }
    }

    private let bounds: [Double]
    // Written once, in init; what it points at is atomic. The sum is the last cell.
    private nonisolated(unsafe) let cells: UnsafeMutablePointer<Atomic<UInt64>>

    /// A histogram with these upper bounds in seconds, ascending, without the infinite one.
    package init(buckets bounds: [Double]) {
        self.bounds = bounds
        let count = bounds.count + 2
        // Whole cache lines of its own: another worker's cells are never on them.
        let bytes = (count * MemoryLayout<Atomic<UInt64>>.stride + 63) & ~63
        cells = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
            .bindMemory(to: Atomic<UInt64>.self, capacity: count)
        for index in 0..<count { (cells + index).initialize(to: Atomic(0)) }
    }

    deinit {
        cells.deinitialize(count: bounds.count + 2)
        UnsafeMutableRawPointer(cells).deallocate()
    }

    /// Counts one duration; a negative one, or NaN, counts as zero.
    package func observe(seconds: Double) {
        let seconds = seconds > 0 ? seconds : 0
        let bucket = bounds.firstIndex { seconds <= $0 } ?? bounds.count
        cells[bucket].wrappingAdd(1, ordering: .relaxed)
        let nanoseconds = (seconds * 1e9).rounded()
        cells[bounds.count + 1].wrappingAdd(nanoseconds < 0x1p63 ? UInt64(nanoseconds) : 1 << 63, ordering: .relaxed)
    }

    /// Counts one duration.
    package func observe(_ duration: Duration) {
        observe(seconds: duration.inSeconds)
    }

    /// What has been counted so far.
    package var snapshot: Snapshot {
        Snapshot(
            counts: (0...bounds.count).map { cells[$0].load(ordering: .relaxed) },
            nanoseconds: cells[bounds.count + 1].load(ordering: .relaxed))
    }
}

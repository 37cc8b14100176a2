internal import Histogram

/// How long something took, time and again: written down as it comes, which costs next to nothing, and counted in an HDR
/// histogram when somebody wants to know.
struct RecordedSpans: Sendable {
    /// How many are written down before they are counted, however rarely somebody asks.
    static let limit = 1 << 16

    private var fresh: [UInt32] = []
    private var counted: Histogram<UInt64>?

    var count: Int { fresh.count + Int(clamping: counted?.totalCount ?? 0) }

    /// Adds one, in microseconds.
    mutating func add(_ microseconds: UInt32) {
        fresh.append(microseconds)
        if fresh.count >= Self.limit { countAll() }
    }

    /// Adds all of others.
    mutating func merge(_ other: RecordedSpans) {
        fresh += other.fresh
        if let histogram = other.counted { counted = counted.map { Self.sum($0, histogram) } ?? histogram }
        if fresh.count >= Self.limit { countAll() }
    }

    /// Counts what is only written down, so that the next who asks need not.
    mutating func countAll() {
        guard !fresh.isEmpty else { return }
        var histogram = counted ?? Self.empty
        fresh.sort()
        var start = 0
        while start < fresh.count {
            // The histogram's own call is worth many additions: equal ones go together.
            var end = start + 1
            while end < fresh.count, fresh[end] == fresh[start] { end += 1 }
            _ = histogram.record(UInt64(fresh[start]), count: UInt64(end - start))
            start = end
        }
        counted = histogram
        fresh.removeAll(keepingCapacity: true)
    }

    /// All of them; `nil` for none.
    var histogram: Histogram<UInt64>? {
        guard !fresh.isEmpty else { return counted }
        var copy = self
        copy.countAll()
        return copy.counted
    }

    static let empty = Histogram<UInt64>(
        lowestDiscernibleValue: 1, highestTrackableValue: UInt64(Measurements.longestMicroseconds),
        numberOfSignificantValueDigits: .three)

    private static func sum(_ one: Histogram<UInt64>, _ other: Histogram<UInt64>) -> Histogram<UInt64> {
        var sum = one
        sum.add(other)
        return sum
    }
}

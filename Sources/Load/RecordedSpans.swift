internal import Histogram

/// How long something took, time and again: written down as it comes, which costs next to nothing, and counted when somebody
/// wants to know.
///
/// Counts are kept in the buckets of an HDR histogram of three digits, each 1/1024 wider than the time that it begins with at
/// most. What is asked for every second is read from them directly; reports read the histogram.
struct RecordedSpans: Sendable {
    /// How many are written down before they are counted, however rarely somebody asks.
    static let limit = 1 << 16

    private var fresh: [UInt32] = []
    /// By ``bucket(of:)``; empty for none.
    private var counts: [UInt32] = []
    private var counted = 0
    private var longest: UInt32 = 0

    var count: Int { fresh.count + counted }

    /// Adds one, in microseconds.
    mutating func add(_ microseconds: UInt32) {
        fresh.append(microseconds)
        if fresh.count >= Self.limit { countAll() }
    }

    /// Adds all of others.
    mutating func merge(_ other: RecordedSpans) {
        fresh += other.fresh
        if fresh.count >= Self.limit { countAll() }
        guard other.counted > 0 else { return }
        if counts.isEmpty { counts = Self.noCounts }
        for index in counts.indices { counts[index] &+= other.counts[index] }
        counted += other.counted
        longest = max(longest, other.longest)
    }

    /// Counts what is only written down, so that the next who asks need not.
    mutating func countAll() {
        guard !fresh.isEmpty else { return }
        if counts.isEmpty { counts = Self.noCounts }
        for microseconds in fresh {
            counts[Self.bucket(of: microseconds)] &+= 1
            longest = max(longest, microseconds)
        }
        counted += fresh.count
        fresh.removeAll(keepingCapacity: true)
    }

    /// The times below which those shares of all lie, as the histogram tells them, and the longest; `nil` for none.
    func percentiles(_ percents: [Double]) -> (percentiles: [UInt64], longest: UInt64)? {
        guard count > 0 else { return nil }
        guard fresh.isEmpty else {
            var copy = self
            copy.countAll()
            return copy.percentiles(percents)
        }
        let found = percents.map { percent in
            // As the histogram takes it.
            let wanted = max(1, Int((percent.nextDown * Double(counted) / 100).rounded(.up)))
            var sum = 0
            let bucket = counts.indices.first { index in
                sum += Int(counts[index])
                return sum >= wanted
            }
            return Self.end(of: bucket ?? 0)
        }
        return (found, Self.end(of: Self.bucket(of: longest)))
    }

    /// All of them; `nil` for none.
    var histogram: Histogram<UInt64>? {
        guard count > 0 else { return nil }
        var all = self
        all.countAll()
        var histogram = Self.empty
        for (bucket, count) in all.counts.enumerated() where count > 0 {
            _ = histogram.record(Self.end(of: bucket), count: UInt64(count))
        }
        return histogram
    }

    private static let empty = Histogram<UInt64>(
        lowestDiscernibleValue: 1, highestTrackableValue: UInt64(Measurements.longestMicroseconds),
        numberOfSignificantValueDigits: .three)

    // MARK: Buckets

    /// So many times are told apart to the microsecond; from then on so many halves as many in each power of two.
    private static let exact: UInt32 = 2048
    private static let noCounts = [UInt32](
        repeating: 0, count: bucket(of: Measurements.longestMicroseconds) + 1)

    /// The number of the bucket that it falls into.
    private static func bucket(of microseconds: UInt32) -> Int {
        guard microseconds >= exact else { return Int(microseconds) }
        let shift = exact.leadingZeroBitCount - microseconds.leadingZeroBitCount + 1
        return shift * Int(exact / 2) + Int(microseconds >> UInt32(shift))
    }

    /// The longest time of a bucket.
    private static func end(of bucket: Int) -> UInt64 {
        guard bucket >= Int(exact) else { return UInt64(bucket) }
        let shift = bucket / Int(exact / 2) - 1
        return (UInt64(bucket - shift * Int(exact / 2) + 1) << UInt64(shift)) - 1
    }
}

/// A histogram as a report holds it: pairs of a time and how often it came.
///
/// The times are those of an HDR histogram of three digits, and so is what is read from them: percentiles and the mean
/// are the same as `valueAtPercentile` and `mean` of the histogram that the pairs came from.
struct RecordedTimes: Sendable {
    /// The shortest first, each once.
    private(set) var pairs: [(value: UInt64, count: UInt64)]
    private(set) var total: UInt64 = 0
    /// The longest, as exactly as it was measured.
    let longest: UInt64

    /// Leaves out what is no pair.
    init(_ histogram: [[UInt64]], longest: UInt64) {
        var counts: [UInt64: UInt64] = [:]
        for pair in histogram where pair.count == 2 && pair[1] > 0 {
            counts[pair[0], default: 0] = Self.sum(counts[pair[0]] ?? 0, pair[1])
        }
        pairs = counts.map { ($0.key, $0.value) }.sorted { $0.value < $1.value }
        for pair in pairs { total = Self.sum(total, pair.count) }
        self.longest = longest
    }

    /// Of several measures together.
    init(_ times: [LoadReport.Times]) {
        self.init(times.flatMap(\.histogram), longest: times.map(\.max).max() ?? 0)
    }

    /// As ``LoadReport/Times`` has it.
    var histogram: [[UInt64]] { pairs.map { [$0.value, $0.count] } }

    /// The time that so many percent took at most; 0 where there is none.
    func percentile(_ percent: Double) -> UInt64 {
        guard total > 0 else { return 0 }
        guard percent > 0 else { return pairs.first.map { Self.lowest($0.value) } ?? 0 }
        guard percent < 100 else { return longest }
        let place = (percent.nextDown * Double(total) / 100).rounded(.up)
        return time(at: max(1, UInt64(place)))
    }

    /// The time at a place in the order, from 1 to ``total``.
    func time(at place: UInt64) -> UInt64 {
        var seen: UInt64 = 0
        for pair in pairs {
            seen = Self.sum(seen, pair.count)
            if seen >= place {
                let highest = Self.highest(pair.value)
                return longest >= Self.lowest(pair.value) ? min(highest, longest) : highest
            }
        }
        return longest
    }

    /// In microseconds; 0 where there is none.
    var mean: Double {
        total > 0 ? pairs.reduce(0) { $0 + Self.middle($1.value) * Double($1.count) } / Double(total) : 0
    }

    /// The spread around the mean, squared; 0 where fewer than two were measured.
    var variance: Double {
        guard total > 1 else { return 0 }
        let mean = mean
        let squares = pairs.reduce(0.0) {
            let distance = Self.middle($1.value) - mean
            return $0 + distance * distance * Double($1.count)
        }
        return squares / Double(total - 1)
    }

    /// How many times are told apart by the histogram only so far: 1 up to 2048 µs, then one in about a thousand.
    private static func step(_ value: UInt64) -> UInt64 {
        1 << UInt64(max(0, 64 - (value | 2047).leadingZeroBitCount - 11))
    }

    private static func lowest(_ value: UInt64) -> UInt64 { value & ~(step(value) - 1) }
    private static func highest(_ value: UInt64) -> UInt64 { value | (step(value) - 1) }
    private static func middle(_ value: UInt64) -> Double { Double(lowest(value) + step(value) / 2) }

    private static func sum(_ one: UInt64, _ other: UInt64) -> UInt64 {
        let (sum, isTooLarge) = one.addingReportingOverflow(other)
        return isTooLarge ? .max : sum
    }
}

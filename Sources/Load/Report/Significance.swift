internal import Glibc

/// Whether two figures differ by more than chance, at 99 %.
package enum Significance: String, Sendable, Hashable {
    case standsOut = "stands out"
    case withinNoise = "within the noise"
    case tooFew = "too few to tell"

    /// Of the standard normal distribution: 99 % lie within so many deviations on both sides.
    private static let deviations = 2.5758293035489

    /// How many seconds a run has at least for its rate to be compared.
    static let leastSeconds = 5
    /// How many were counted at least for a share or a mean to be compared.
    static let leastCounts = 30

    /// Welch's t-test on two samples, as the rates of seconds are.
    init(samples one: [Double], _ other: [Double]) {
        guard min(one.count, other.count) >= Self.leastSeconds else {
            self = .tooFew
            return
        }
        self.init(Sample(one), Sample(other))
    }

    /// Welch's t-test on the means of recorded times.
    init(means one: RecordedTimes, _ other: RecordedTimes) {
        guard min(one.total, other.total) >= Self.leastCounts else {
            self = .tooFew
            return
        }
        self.init(Sample(one), Sample(other))
    }

    /// Confidence intervals of a percentile from the order of the times, whatever their distribution.
    ///
    /// How many of them are below it is binomial, and normal where there are enough. What stands out are intervals that
    /// have nothing in common.
    init(percentile percent: Double, of one: RecordedTimes, _ other: RecordedTimes) {
        guard let one = Self.interval(percent, of: one), let other = Self.interval(percent, of: other) else {
            self = .tooFew
            return
        }
        self = one.overlaps(other) ? .withinNoise : .standsOut
    }

    /// The z-test of two shares, with what both have in common as the expectation.
    init(shares one: (part: Int, whole: Int), _ other: (part: Int, whole: Int)) {
        let (first, second) = (Double(one.whole), Double(other.whole))
        guard min(one.whole, other.whole) >= Self.leastCounts else {
            self = .tooFew
            return
        }
        let common = (Double(one.part) + Double(other.part)) / (first + second)
        if common <= 0 || common >= 1 {
            self = .withinNoise
            return
        }
        // Below five of each, the normal distribution is not theirs.
        guard min(first, second) * min(common, 1 - common) >= 5 else {
            self = .tooFew
            return
        }
        let error = (common * (1 - common) * (1 / first + 1 / second)).squareRoot()
        let distance = abs(Double(one.part) / first - Double(other.part) / second)
        self = distance > Self.deviations * error ? .standsOut : .withinNoise
    }

    /// The times between which a percentile lies at 99 %; `nil` where too few were measured to have such times.
    static func interval(_ percent: Double, of times: RecordedTimes) -> ClosedRange<UInt64>? {
        let (total, share) = (Double(times.total), percent / 100)
        let spread = deviations * (total * share * (1 - share)).squareRoot()
        let (lower, upper) = ((total * share - spread).rounded(.down), (total * share + spread).rounded(.up) + 1)
        // Beyond 2^53, places are no longer told apart.
        guard lower >= 1, upper <= total, upper < 0x1p53 else { return nil }
        let (low, high) = (times.time(at: UInt64(lower)), times.time(at: UInt64(upper)))
        return low...max(low, high)
    }

    private init(_ one: Sample, _ other: Sample) {
        let (first, second) = (one.variance / one.count, other.variance / other.count)
        guard first + second > 0 else {
            self = one.mean == other.mean ? .withinNoise : .standsOut
            return
        }
        let freedom =
            (first + second) * (first + second)
            / (first * first / (one.count - 1) + second * second / (other.count - 1))
        let distance = abs(one.mean - other.mean) / (first + second).squareRoot()
        self = distance > Self.deviations(freedom) ? .standsOut : .withinNoise
    }

    /// Student's t at 99 % on both sides.
    ///
    /// By its expansion in one over the degrees of freedom (Abramowitz and Stegun, 26.7.5).
    static func deviations(_ freedom: Double) -> Double {
        let z = deviations
        let (z3, z5, z7, z9) = (pow(z, 3), pow(z, 5), pow(z, 7), pow(z, 9))
        return z + (z3 + z) / (4 * freedom) + (5 * z5 + 16 * z3 + 3 * z) / (96 * pow(freedom, 2))
            + (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * pow(freedom, 3))
            + (79 * z9 + 776 * z7 + 1482 * z5 - 1920 * z3 - 945 * z) / (92160 * pow(freedom, 4))
    }

    /// What Welch's test needs to know.
    private struct Sample {
        let count: Double
        let mean: Double
        let variance: Double

        init(_ values: [Double]) {
            let mean = values.reduce(0, +) / Double(values.count)
            count = Double(values.count)
            variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
            self.mean = mean
        }

        init(_ times: RecordedTimes) {
            (count, mean, variance) = (Double(times.total), times.mean, times.variance)
        }
    }
}

/// A moment of civil time (CLOCK_REALTIME), for log lines and for the validity of certificates.
///
/// It can jump; durations are measured with ``Instant``.
///
/// ```swift
/// if let expires = session.details.expires {
///     print("it resumes until \(expires)", expires < WallTime.now ? "and is over" : "")
/// }
/// let restart = WallTime(rfc3339: "2026-11-23T05:08:00Z")
/// ```
public struct WallTime: Sendable, Hashable, Comparable {
    /// Whole seconds since 1970-01-01T00:00:00Z, without leap seconds.
    public let secondsSinceEpoch: Int64
    /// Nanoseconds within the second, 0 to 999,999,999.
    public let nanoseconds: Int32

    /// A moment that many seconds after 1970-01-01T00:00:00Z.
    public init(secondsSinceEpoch: Int64, nanoseconds: Int32 = 0) {
        self.secondsSinceEpoch = secondsSinceEpoch
        self.nanoseconds = nanoseconds
    }

    /// Whether `left` comes before `right`.
    public static func < (left: WallTime, right: WallTime) -> Bool {
        (left.secondsSinceEpoch, left.nanoseconds) < (right.secondsSinceEpoch, right.nanoseconds)
    }

    /// Whole days from `other` to this moment, rounded towards the past: negative when this moment is the earlier one.
    public func days(since other: WallTime) -> Int {
        let seconds = secondsSinceEpoch - other.secondsSinceEpoch
        let days = seconds / 86_400
        return Int(seconds % 86_400 < 0 ? days - 1 : days)
    }
}

extension WallTime: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds: `2026-11-23T05:08:00.123Z`.
    public var description: String {
        let (year, month, day) = Self.civil(fromDays: Self.floorDivide(secondsSinceEpoch, 86_400))
        let second = (secondsSinceEpoch % 86_400 + 86_400) % 86_400
        return (year < 0 ? "-" : "")
            + "\(pad(abs(year), 4))-\(pad(month))-\(pad(day))T\(pad(second / 3600)):\(pad(second / 60 % 60)):\(pad(second % 60))"
            + ".\(pad(Int64(nanoseconds) / 1_000_000, 3))Z"
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        value / divisor - (value % divisor < 0 ? 1 : 0)
    }

    /// The proleptic Gregorian date of a day count, in eras of 400 years that begin on 1 March.
    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private func pad(_ value: Int64, _ width: Int = 2) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

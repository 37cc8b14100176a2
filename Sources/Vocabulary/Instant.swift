/// A moment on the monotonic clock (CLOCK_MONOTONIC).
///
/// Only the loop reads the clock (design decision D8); all other code gets an instant. Instants of two machines, or of
/// two boots of one machine, say nothing about each other.
///
/// ```swift
/// let opened = Instant(nanoseconds: 1_000_000_000)
/// let deadline = opened + .seconds(5)
/// print((deadline - opened).inSeconds)  // 5.0
/// ```
public struct Instant: Sendable, Hashable, Comparable {
    /// Nanoseconds since an arbitrary origin.
    public let nanoseconds: UInt64

    /// An instant that many nanoseconds after the clock's origin.
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// Whether `left` comes before `right`.
    public static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The instant that much later; a negative duration that would pass the origin stops there.
    public static func + (instant: Instant, duration: Duration) -> Instant {
        let nanoseconds = duration.wholeNanoseconds
        if nanoseconds < 0 {
            let back = nanoseconds.magnitude
            return Instant(nanoseconds: back > instant.nanoseconds ? 0 : instant.nanoseconds - back)
        }
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(UInt64(nanoseconds))
        return Instant(nanoseconds: overflow ? .max : sum)
    }

    /// The time from `right` to `left`; zero when `left` is the earlier one.
    public static func - (left: Instant, right: Instant) -> Duration {
        guard left > right else { return .zero }
        return .nanoseconds(Int64(clamping: left.nanoseconds - right.nanoseconds))
    }
}

extension Duration {
    /// The duration in nanoseconds, clamped to what an `Int64` holds (292 years).
    public var wholeNanoseconds: Int64 { Int64(clamping: attoseconds / 1_000_000_000) }

    /// The duration in seconds, as metrics and logs give it.
    public var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}

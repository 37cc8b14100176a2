extension WallTime {
    /// The earliest time there is.
    package static let distantPast = WallTime(secondsSinceEpoch: .min)
    /// The latest time there is.
    package static let distantFuture = WallTime(secondsSinceEpoch: .max, nanoseconds: 999_999_999)

    /// Nanoseconds since the epoch; every time has some.
    package var wholeNanoseconds: Int128 { Int128(secondsSinceEpoch) * 1_000_000_000 + Int128(nanoseconds) }

    /// The time that many nanoseconds after the epoch, or the end of time on that side.
    package init(wholeNanoseconds: Int128) {
        let remainder = wholeNanoseconds % 1_000_000_000
        let nanoseconds = remainder < 0 ? remainder + 1_000_000_000 : remainder
        let seconds = (wholeNanoseconds - nanoseconds) / 1_000_000_000
        guard let seconds = Int64(exactly: seconds) else {
            self = seconds < 0 ? .distantPast : .distantFuture
            return
        }
        self.init(secondsSinceEpoch: seconds, nanoseconds: Int32(nanoseconds))
    }

    /// The second that this time is in, as sessions store times.
    package var wholeSecond: WallTime { WallTime(secondsSinceEpoch: secondsSinceEpoch) }

    /// The time that much later, to the nanosecond, or the end of time; earlier for a negative duration.
    public func later(by duration: Duration) -> WallTime {
        WallTime(wholeNanoseconds: wholeNanoseconds + duration.nanosecondsInFull)
    }

    /// ``later(by:)`` of whole seconds, for handshakes: it needs no arithmetic of 128 bits.
    package func later(bySeconds seconds: Int64) -> WallTime {
        let (sum, overflow) = secondsSinceEpoch.addingReportingOverflow(seconds)
        guard overflow else { return WallTime(secondsSinceEpoch: sum, nanoseconds: nanoseconds) }
        return seconds < 0 ? .distantPast : .distantFuture
    }
}

extension Duration {
    /// The duration in nanoseconds, for any duration there is.
    package var nanosecondsInFull: Int128 {
        Int128(components.seconds) * 1_000_000_000 + Int128(components.attoseconds / 1_000_000_000)
    }
}

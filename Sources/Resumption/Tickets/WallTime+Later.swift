import RepriseVocabulary

extension WallTime {
    /// Before every time that a ring works with.
    static let distantPast = WallTime(secondsSinceEpoch: .min)
    /// After every time that a ring works with.
    static let distantFuture = WallTime(secondsSinceEpoch: .max, nanoseconds: 999_999_999)

    /// Nanoseconds since the epoch; every time has some.
    var wholeNanoseconds: Int128 { Int128(secondsSinceEpoch) * 1_000_000_000 + Int128(nanoseconds) }

    /// The time that many nanoseconds after the epoch, or the end of time on that side.
    init(wholeNanoseconds: Int128) {
        let remainder = wholeNanoseconds % 1_000_000_000
        let nanoseconds = remainder < 0 ? remainder + 1_000_000_000 : remainder
        let seconds = (wholeNanoseconds - nanoseconds) / 1_000_000_000
        guard let seconds = Int64(exactly: seconds) else {
            self = seconds < 0 ? .distantPast : .distantFuture
            return
        }
        self.init(secondsSinceEpoch: seconds, nanoseconds: Int32(nanoseconds))
    }

    /// The time so much later, or the end of time.
    func later(by duration: Duration) -> WallTime {
        WallTime(wholeNanoseconds: wholeNanoseconds + duration.nanosecondsInFull)
    }

    /// This time, or the nearest that leaves room for any rotation and lifetime on both sides (30,000 million years).
    var withRoom: WallTime {
        let room = Int64(1) << 60
        return min(max(self, WallTime(secondsSinceEpoch: -room)), WallTime(secondsSinceEpoch: room))
    }
}

extension Duration {
    /// The duration in nanoseconds, for any duration there is.
    var nanosecondsInFull: Int128 {
        Int128(components.seconds) * 1_000_000_000 + Int128(components.attoseconds / 1_000_000_000)
    }
}

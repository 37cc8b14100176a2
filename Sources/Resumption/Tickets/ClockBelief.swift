import RepriseVocabulary

/// How far a clock that can leap is believed, for what cannot be undone.
///
/// A time that follows on the one before is believed at once. After a leap forward, as after a suspension, or by a
/// clock set wrong, the new time is believed when it has stood for ``Limits/clockDoubt``.
struct ClockBelief: Sendable {
    /// What lies before this is past, and stays so.
    private(set) var believed: WallTime
    /// When the clock will be believed, if it stays where it is; `nil` while it is.
    private(set) var doubtedUntil: WallTime?
    private var latest: WallTime

    init(at time: WallTime) {
        (believed, latest) = (time, time)
    }

    /// Takes note of a time that changes nothing else.
    mutating func pass(_ time: WallTime) {
        if time > latest { latest = time }
    }

    /// Takes note of a time.
    ///
    /// - Parameter stride: how far apart times may lie that follow on each other.
    mutating func see(_ time: WallTime, stride: Duration) {
        if time < latest {
            doubtedUntil = nil
            believed = min(believed, time)
        } else if time > latest.later(by: max(stride, Limits.clockDoubt)) {
            // Only a leap that was not taken back since makes the time before this one credible.
            if doubtedUntil.map({ time >= $0 }) ?? true { believed = max(believed, latest) }
            doubtedUntil = time.later(by: Limits.clockDoubt)
        } else if doubtedUntil.map({ time >= $0 }) ?? true {
            doubtedUntil = nil
            believed = time
        }
        latest = time
    }
}

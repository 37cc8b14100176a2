import RepriseVocabulary

/// How far we believe a clock that can leap, before doing what cannot be undone.
///
/// We believe a time that follows closely on the one before at once. After a leap forward, such as after a suspension
/// or by a clock set wrong, we believe the new time when it has stood for ``Limits/clockDoubt``.
struct ClockBelief: Sendable {
    /// Times before this are past, and stay so.
    private(set) var believed: WallTime
    /// When the clock will be believed, if it stays where it is; `nil` while it is.
    private(set) var doubtedUntil: WallTime?
    private var latest: WallTime

    init(at time: WallTime) {
        (believed, latest) = (time, time)
    }

    /// Notes a time that changes nothing else.
    mutating func pass(_ time: WallTime) {
        if time > latest { latest = time }
    }

    /// Notes a time.
    ///
    /// - Parameter stride: how far apart times may lie that follow each other.
    mutating func see(_ time: WallTime, stride: Duration) {
        if time < latest {
            doubtedUntil = nil
            believed = min(believed, time)
        } else if time > latest.later(by: max(stride, Limits.clockDoubt)) {
            // The time before this one is credible only if the leap was not taken back since.
            if doubtedUntil.map({ time >= $0 }) ?? true { believed = max(believed, latest) }
            doubtedUntil = time.later(by: Limits.clockDoubt)
        } else if doubtedUntil.map({ time >= $0 }) ?? true {
            doubtedUntil = nil
            believed = time
        }
        latest = time
    }
}

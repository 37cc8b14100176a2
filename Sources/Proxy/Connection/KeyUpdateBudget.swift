internal import RepriseVocabulary

/// How many of a client's KeyUpdates were seen, and whether they come too fast.
struct KeyUpdateBudget: Sendable, Equatable {
    /// All that were seen so far.
    private(set) var seen = 0
    private var bucket: TokenBucket?

    init() {}

    /// Takes in that there are `total` now; `false` when they are more than `perSecond` allows (0 allows any number).
    mutating func allow(upTo total: Int, perSecond: Int, at now: Instant) -> Bool {
        defer { seen = total }
        guard perSecond > 0 else { return true }
        var bucket = bucket ?? TokenBucket(rate: perSecond, at: now)
        defer { self.bucket = bucket }
        return (seen..<total).allSatisfy { _ in bucket.take(rate: perSecond, at: now) }
    }
}

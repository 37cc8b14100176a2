internal import RepriseVocabulary

/// Lets `rate` events pass in a second, up to one second's worth at once.
struct TokenBucket: Sendable, Equatable {
    private var tokens: Double
    private var last: Instant

    /// A full bucket.
    init(rate: Int, at now: Instant) {
        tokens = Double(rate)
        last = now
    }

    /// Whether there is a token now.
    ///
    /// - Parameter rate: tokens a second, more than 0; it may change from call to call.
    mutating func hasToken(rate: Int, at now: Instant) -> Bool {
        tokens = min(Double(rate), tokens + (now - last).inSeconds * Double(rate))
        last = max(last, now)
        return tokens >= 1
    }

    /// Takes one token; `false` when there is none.
    mutating func take(rate: Int, at now: Instant) -> Bool {
        guard hasToken(rate: rate, at: now) else { return false }
        tokens -= 1
        return true
    }
}

package import RepriseVocabulary

/// What a group may spend on tries after the first: a share of the first ones, and a few in any case. Time is a parameter.
///
/// When servers fail for all, tries would otherwise multiply the load on those that are left.
struct RetryBudget: Sendable {
    /// So many in a second are always allowed.
    static let leastPerSecond = 10
    /// So many are saved up at most.
    static let mostSaved = 100

    /// In hundredths, which add up exactly.
    private var saved = RetryBudget.mostSaved * 100
    private var last: Instant?

    /// A connection has begun with its first try.
    mutating func began(_ rule: RetryRule) {
        saved = min(Self.mostSaved * 100, saved + rule.budget)
    }

    /// Takes one; `false` when there is none.
    mutating func take(at now: Instant) -> Bool {
        let refill = last.map { Double(Self.leastPerSecond * 100) * min((now - $0).inSeconds, 3600) } ?? 0
        // What is less than a hundredth waits for the next time.
        if last == nil || refill >= 1 { last = max(last ?? now, now) }
        saved = min(Self.mostSaved * 100, saved + Int(refill))
        guard saved >= 100 else { return false }
        saved -= 100
        return true
    }
}

extension UpstreamGroup {
    /// A connection begins to try servers.
    package func begins() { loads.budget.withLock { $0.began(health.retries) } }

    /// Whether a connection may try another server, or another address; it counts as done.
    ///
    /// - Parameters:
    ///   - tries: how many it has had.
    ///   - first: when the first began.
    package func mayRetry(after tries: Int, since first: Instant, at now: Instant) -> RetryResult {
        let rule = health.retries
        guard tries <= rule.most else { return .tooMany }
        guard now - first < rule.time else { return .tooLate }
        return loads.budget.withLock { $0.take(at: now) } ? .allowed : .overBudget
    }
}

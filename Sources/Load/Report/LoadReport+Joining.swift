extension LoadReport.Second {
    /// Half as many, each twice as long; a last one without a partner stays.
    static func joiningPairs(_ seconds: [Self]) -> [Self] {
        stride(from: 0, to: seconds.count, by: 2).map { index in
            index + 1 < seconds.count ? seconds[index].joined(with: seconds[index + 1]) : seconds[index]
        }
    }

    /// This one and the one behind it as one.
    func joined(with next: Self) -> Self {
        var joined = self
        joined.add(next)
        joined.open = next.open
        return joined
    }

    /// Adds what another generator has measured in the same second.
    mutating func add(_ other: LoadReport.Second) {
        at = max(at, other.at)
        (started, done, failed) = (started + other.started, done + other.done, failed + other.failed)
        (late, skipped) = (late + other.late, skipped + other.skipped)
        (full, resumed, requests) = (full + other.full, resumed + other.resumed, requests + other.requests)
        (bytesUp, bytesDown) = (bytesUp + other.bytesUp, bytesDown + other.bytesDown)
        open += other.open
        busy = max(busy, other.busy)
        ready = .highest(ready, other.ready)
        fullHandshake = .highest(fullHandshake, other.fullHandshake)
        resumedHandshake = .highest(resumedHandshake, other.resumedHandshake)
        request = .highest(request, other.request)
    }
}

extension LoadReport.Spread {
    /// Percentiles of two spans cannot be joined: the higher of each is kept, so that none looks better than it was.
    static func highest(_ one: Self?, _ other: Self?) -> Self? {
        guard let one, let other else { return one ?? other }
        return Self(
            p50: Swift.max(one.p50, other.p50), p90: Swift.max(one.p90, other.p90), p99: Swift.max(one.p99, other.p99),
            max: Swift.max(one.max, other.max))
    }
}

extension LoadReport.Second {
    /// Half as many, each twice as long; a last one without a partner stays.
    static func joiningPairs(_ seconds: [Self]) -> [Self] {
        stride(from: 0, to: seconds.count, by: 2).map { index in
            index + 1 < seconds.count ? seconds[index].joined(with: seconds[index + 1]) : seconds[index]
        }
    }

    /// This one and the one behind it as one.
    func joined(with next: Self) -> Self {
        var joined = next
        joined.started += started
        joined.done += done
        joined.failed += failed
        joined.late += late
        joined.skipped += skipped
        joined.full += full
        joined.resumed += resumed
        joined.requests += requests
        joined.bytesUp += bytesUp
        joined.bytesDown += bytesDown
        joined.busy = max(busy, next.busy)
        joined.ready = LoadReport.Spread.highest(ready, next.ready)
        joined.fullHandshake = LoadReport.Spread.highest(fullHandshake, next.fullHandshake)
        joined.resumedHandshake = LoadReport.Spread.highest(resumedHandshake, next.resumedHandshake)
        joined.request = LoadReport.Spread.highest(request, next.request)
        return joined
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

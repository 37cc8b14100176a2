extension LoadReport {
    /// What an assertion looks at, times in seconds; `nil` where nothing was measured.
    ///
    /// The same as ``Measurements/value(of:)`` of the run that the report is of.
    package func value(of value: LoadAssertion.Value) -> Double? {
        switch value {
        case .percentile(let percent, let measure):
            time(measure) { Double(RecordedTimes($0.histogram, longest: $0.max).percentile(percent)) }
        case .mean(let measure): time(measure) { $0.mean }
        case .longest(let measure): time(measure) { Double($0.max) }
        case .figure(let figure): self.figure(figure)
        }
    }

    /// What comes of an assertion. What was never measured holds for nothing.
    package func verdict(on assertion: LoadAssertion) -> Verdict {
        let found = value(of: assertion.value)
        return Verdict(
            assertion: assertion.description, found: found, holds: found.map(assertion.holds) ?? false)
    }

    private func time(_ measure: Measure, _ read: (Times) -> Double) -> Double? {
        guard let times = times[measure.rawValue], times.count > 0 else { return nil }
        return read(times) / 1_000_000
    }

    private func figure(_ figure: LoadAssertion.Figure) -> Double? {
        func share(_ part: Int, _ whole: Int) -> Double? { whole > 0 ? Double(part) / Double(whole) : nil }
        switch figure {
        case .resumed: return share(summary.resumption.accepted, summary.resumption.offered)
        case .errors: return Double(summary.failed)
        case .errorRate: return share(summary.failed, summary.started)
        case .rate: return summary.elapsedSeconds > 0 ? summary.rate : nil
        case .late: return share(summary.late, summary.started)
        case .connections: return Double(summary.done)
        }
    }
}

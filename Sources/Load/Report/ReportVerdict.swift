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
        case .figure(let figure): summary.value(of: figure)
        case .resumed(let word): summary.resumed(of: word)
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
}

extension LoadReport.Summary {
    /// A number of the whole run; `nil` where there was nothing to take a share of.
    func value(of figure: LoadAssertion.Figure) -> Double? {
        switch figure {
        case .resumed: share(resumption.accepted, of: resumption.offered)
        case .errors: Double(failed)
        case .errorRate: share(failed, of: started)
        case .rate: elapsedSeconds > 0 ? rate : nil
        case .late: share(late, of: started)
        case .connections: Double(done)
        case .skipped: Double(skipped)
        case .unfinished: Double(unfinished)
        case .withoutSession: Double(resumption.withoutSession)
        case .httpErrors: Double((answers["4xx"] ?? 0) + (answers["5xx"] ?? 0))
        }
    }

    /// The share that was resumed of the sessions that the word is said of.
    func resumed(of word: String) -> Double? {
        let offers = resumption.by.filter { [$0.kind, $0.choice, $0.close].contains(word) }
        return share(offers.reduce(0) { $0 + $1.accepted }, of: offers.reduce(0) { $0 + $1.offered })
    }

    private func share(_ part: Int, of whole: Int) -> Double? { whole > 0 ? Double(part) / Double(whole) : nil }
}

extension LoadAssertion {
    /// What was found, as the assertion would write it.
    static func text(of found: Double?, for assertion: String) -> String? {
        guard let found else { return nil }
        return switch (try? LoadAssertion(parsing: assertion))?.value {
        case .percentile, .mean, .longest: ReportUnits.time(found * 1e6)
        case .figure(.rate): ReportUnits.rate(found)
        case .figure(let figure) where !figure.isShare: ReportUnits.number(found)
        case .figure, .resumed, nil: ReportUnits.fixed(found, 4)
        }
    }
}

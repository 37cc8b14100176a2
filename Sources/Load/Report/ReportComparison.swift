/// Two runs side by side, each figure with whether the difference is more than chance: `reprise load --compare`.
package struct LoadComparison: Sendable {
    /// A figure of both.
    package struct Figure: Sendable, Hashable {
        package let name: String
        /// Times in microseconds; `nil` where one run has none.
        package let a: Double?
        package let b: Double?
        package let unit: Unit
        package let significance: Significance

        /// How often a is in b.
        package var ratio: Double? {
            guard let a, let b, a != 0 else { return nil }
            return b / a
        }
    }

    /// How a figure is written.
    package enum Unit: Sendable, Hashable {
        case rate, share, time
    }

    package let figures: [Figure]
    /// Sentences: how the two runs are not alike.
    package let warnings: [String]
    private let names: [(String, String)]

    package init(_ a: LoadReport, _ b: LoadReport) {
        figures = Self.counts(a, b) + LoadReport.measures(in: [a, b]).flatMap { Self.times($0, a, b) }
        warnings = Self.differences(a, b)
        names = [("a", Self.name(a)), ("b", Self.name(b))]
    }

    /// The figures in a table, no line longer than `width`, which is taken as 40 at least.
    package func table(width: Int) -> String {
        let width = min(max(40, width), 200)
        var blocks: [[String]] = []
        if let runs = ReportSection.facts("Comparison", names.map { ($0, $1) }) {
            blocks.append(runs.text(width: width))
        }
        if let table = ReportSection.table(
            "", ["figure", "a", "b", "b/a", "difference"],
            figures.map {
                [
                    $0.name, Self.text($0.a, $0.unit), Self.text($0.b, $0.unit),
                    $0.ratio.map { ReportUnits.fixed($0, 3) } ?? "–", $0.significance.rawValue,
                ]
            }, words: [0, 4])
        {
            blocks.append(table.text(width: width))
        }
        blocks.append(TextLayout.wrapped(Self.advice, to: width))
        if !warnings.isEmpty {
            let lines = warnings.flatMap { warning in
                TextLayout.wrapped(TextLayout.clean(warning), to: width - 4).enumerated().map {
                    ($0 == 0 ? "  ! " : "    ") + $1
                }
            }
            blocks.append(["CAUTION: the two runs are not alike"] + lines)
        }
        return blocks.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    private static let advice =
        "Runs at different times on one machine differ by more than the noise within them: interleave several of each "
        + "(a, b, a, b, …) before you believe a difference that stands out."

    private static func name(_ report: LoadReport) -> String {
        "\(report.target), began \(report.began.isEmpty ? "at an unknown time" : report.began), "
            + "\(ReportUnits.seconds(report.summary.elapsedSeconds))"
    }

    private static func text(_ value: Double?, _ unit: Unit) -> String {
        guard let value else { return "–" }
        return switch unit {
        case .rate: ReportUnits.rate(value)
        case .share: ReportUnits.share(value)
        case .time: ReportUnits.time(value)
        }
    }
}

// MARK: Figures

extension LoadComparison {
    private static func counts(_ a: LoadReport, _ b: LoadReport) -> [Figure] {
        func share(_ name: String, _ read: (LoadReport.Summary) -> (part: Int, whole: Int)) -> Figure {
            let (one, other) = (read(a.summary), read(b.summary))
            func value(_ share: (part: Int, whole: Int)) -> Double? {
                share.whole > 0 ? Double(share.part) / Double(share.whole) : nil
            }
            return Figure(
                name: name, a: value(one), b: value(other), unit: .share,
                significance: Significance(shares: one, other))
        }
        func rate(_ report: LoadReport) -> Double? {
            report.summary.elapsedSeconds > 0 ? report.summary.rate : nil
        }
        return [
            Figure(
                name: "rate", a: rate(a), b: rate(b), unit: .rate,
                significance: Significance(samples: a.steadyRates, b.steadyRates)),
            share("errors") { ($0.failed, $0.started) },
            share("resumed") { ($0.resumption.accepted, $0.resumption.offered) },
        ]
    }

    private static func times(_ measure: String, _ a: LoadReport, _ b: LoadReport) -> [Figure] {
        let (first, second) = (a.times[measure], b.times[measure])
        let one = RecordedTimes([first].compactMap { $0 })
        let other = RecordedTimes([second].compactMap { $0 })
        func figure(_ name: String, _ significance: Significance, _ read: (LoadReport.Times) -> Double?) -> Figure {
            Figure(
                name: "\(measure) \(name)", a: first.flatMap(read), b: second.flatMap(read), unit: .time,
                significance: significance)
        }
        let percentiles = [50, 90, 99, 99.9].map { percent in
            figure("p\(percent.short)", Significance(percentile: percent, of: one, other)) {
                $0.percentiles[percent.short].map { Double($0) }
            }
        }
        // One longest time in each run: nothing is known of how it varies.
        return [figure("mean", Significance(means: one, other)) { $0.mean }] + percentiles
            + [figure("max", .tooFew) { Double($0.max) }]
    }
}

extension LoadReport {
    /// What was done per second in each whole second but the first, in which the load only begins.
    var steadyRates: [Double] {
        let ends = [0] + seconds.map(\.at)
        var rates: [Double] = []
        for (number, second) in seconds.enumerated() where number > 0 {
            let length = second.at - ends[number]
            let isLast = number == seconds.count - 1
            if length > 0, !isLast || length > 0.995 { rates.append(Double(second.done) / length) }
        }
        return rates
    }
}

// MARK: What is not alike

extension LoadComparison {
    private static func differences(_ a: LoadReport, _ b: LoadReport) -> [String] {
        var found: [String] = []
        func compare(_ what: String, _ one: String, _ other: String) {
            if one != other { found.append("\(what): a has \(quoted(one)), b has \(quoted(other)).") }
        }
        compare("Another target", a.target, b.target)
        for name in Set(a.settings.keys).union(b.settings.keys).sorted() {
            compare("Other \(name)", a.settings[name] ?? "", b.settings[name] ?? "")
        }
        let (here, there) = (a.environment, b.environment)
        compare("Another machine", here.host, there.host)
        compare("Another system", here.system, there.system)
        compare("Another processor", here.processor, there.processor)
        compare("Another number of cores", "\(here.cores)", "\(there.cores)")
        compare("Another libssl", here.libssl, there.libssl)
        compare("Another version of Reprise made the load", a.reprise, b.reprise)
        for (name, report) in [("a", a), ("b", b)] where !report.generator.limits.isEmpty {
            found.append("In \(name), the generator was a limit: \(report.generator.limits.joined(separator: " "))")
        }
        return found
    }

    private static func quoted(_ text: String) -> String { text.isEmpty ? "nothing" : "“\(text)”" }
}

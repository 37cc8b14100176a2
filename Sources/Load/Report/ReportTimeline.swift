/// A run's seconds for plots over time: of a long run, several neighbours become one point.
struct ReportTimeline {
    private typealias Second = LoadReport.Second

    private struct Group {
        let seconds: [LoadReport.Second]
        /// The middle, in seconds from the run's beginning.
        let at: Double
        let length: Double

        func rate(_ read: (LoadReport.Second) -> Int) -> Double {
            seconds.reduce(0) { $0 + Double(read($1)) } / length
        }
    }

    private let groups: [Group]
    private let size: Int
    private let end: Double
    private let events: [Plot.Event]

    init(_ report: LoadReport) {
        let seconds = report.seconds
        size = max(1, (seconds.count + Plot.mostPoints - 1) / Plot.mostPoints)
        var groups: [Group] = []
        var start = 0.0
        for first in stride(from: 0, to: seconds.count, by: size) {
            let part = Array(seconds[first..<min(first + size, seconds.count)])
            let end = part.last?.at ?? start
            groups.append(Group(seconds: part, at: (start + end) / 2, length: end > start ? end - start : 1))
            start = max(start, end)
        }
        self.groups = groups
        end = max(start, report.events.map(\.at).max() ?? 0)
        events = report.events.sorted { $0.at < $1.at }.map {
            Plot.Event(x: $0.at, label: "\(ReportUnits.seconds($0.at)): \($0.command)")
        }
    }

    private var axis: Plot.Axis { .span("time since the run began", to: end) }

    /// What a point of a long run stands for.
    private func resolution(_ how: String) -> String { size > 1 ? " Each point is \(how) of \(size) seconds." : "" }

    private func readOuts(_ text: (Group) -> String?) -> [(x: Double, text: String)] {
        groups.compactMap { group in
            text(group).map { (group.at, "at \(ReportUnits.seconds(group.at))\n\($0)") }
        }
    }

    /// Connections, handshakes and failures in a second.
    func ratePlot() -> Plot {
        func line(
            _ name: String, _ style: String, _ shape: Plot.Series.Shape, _ read: (LoadReport.Second) -> Int
        )
            -> Plot.Series?
        {
            let points = groups.map { group -> Plot.Point? in
                let rate = group.rate(read)
                return shape != .line && rate == 0 ? nil : Plot.Point(x: group.at, y: rate)
            }
            guard points.contains(where: { ($0?.y ?? 0) > 0 }) else { return nil }
            return Plot.Series(name: name, style: style, shape: shape, points: points)
        }
        let series = [
            line("connections done", "done", .line, \.done), line("full handshakes", "full", .line, \.full),
            line("resumed handshakes", "resumed", .line, \.resumed), line("late starts", "late", .triangles, \.late),
            line("failed", "failed", .crosses, \.failed),
        ]
        .compactMap { $0 }
        let readOuts = readOuts { group in
            series.isEmpty
                ? nil
                : "done \(ReportUnits.rate(group.rate(\.done)))\nfull \(ReportUnits.rate(group.rate(\.full)))\n"
                    + "resumed \(ReportUnits.rate(group.rate(\.resumed)))\n"
                    + "failed \(ReportUnits.rate(group.rate(\.failed)))\nlate \(ReportUnits.rate(group.rate(\.late)))"
        }
        return Plot(
            name: "rate", title: "Rate",
            caption: "Connections done and handshakes finished in each second; crosses are failures, "
                + "triangles late starts."
                + resolution("the mean"),
            x: axis,
            y: .linear("per second", to: series.flatMap { $0.points.compactMap { $0?.y } }.max() ?? 0) {
                ReportUnits.fixed($0, $0 == $0.rounded() ? 0 : 1)
            }, series: series, events: events, explainsEvents: true, readOuts: readOuts)
    }

    /// Percentiles of a time; `nil` where it was never measured.
    func spreadPlot(
        _ name: String, _ title: String, _ read: (LoadReport.Second) -> LoadReport.Spread?, _ words: String
    ) -> Plot? {
        let spreads = groups.map { group in (group, group.seconds.compactMap(read)) }
        guard spreads.contains(where: { !$0.1.isEmpty }) else { return nil }
        func line(_ word: String, _ style: String, _ value: (LoadReport.Spread) -> UInt64) -> Plot.Series {
            let points = spreads.map { group, spreads in
                spreads.map(value).max().map { Plot.Point(x: group.at, y: Double($0)) }
            }
            return Plot.Series(name: word, style: style, points: points)
        }
        let series = [
            line("max", "longest") { $0.max }, line("p99", "p99") { $0.p99 }, line("p90", "p90") { $0.p90 },
            line("p50", "p50") { $0.p50 },
        ]
        let readOuts = readOuts { group in
            guard let spread = group.seconds.compactMap(read).max(by: { $0.p99 < $1.p99 }) else { return nil }
            return [("max", spread.max), ("p99", spread.p99), ("p90", spread.p90), ("p50", spread.p50)]
                .map { "\($0.0) \(ReportUnits.time($0.1))" }.joined(separator: "\n")
        }
        return Plot(
            name: "over-time-\(name)", title: "\(title) over time",
            caption: "Percentiles in each second \(words)." + resolution("the highest"), x: axis,
            y: .times("time", series.flatMap { $0.points.compactMap { $0?.y } }), series: series, events: events,
            readOuts: readOuts)
    }

    /// Connections under way.
    func openPlot() -> Plot {
        let points = groups.map { group in
            Plot.Point(x: group.at, y: Double(group.seconds.map(\.open).max() ?? 0))
        }
        return Plot(
            name: "open", title: "Connections under way",
            caption: "How many connections were open at the end of each second." + resolution("the highest"), x: axis,
            y: .linear("connections", to: points.map(\.y).max() ?? 0, isWhole: true) { ReportUnits.fixed($0, 0) },
            series: [Plot.Series(name: "open", style: "done", shape: .area, points: points)], events: events,
            readOuts: readOuts { "open \(ReportUnits.count($0.seconds.map(\.open).max() ?? 0))" })
    }

    /// How busy the generator was.
    func busyPlot() -> Plot {
        let points = groups.map { group in
            Plot.Point(x: group.at, y: (group.seconds.map(\.busy).max() ?? 0) * 100)
        }
        return Plot(
            name: "busy", title: "The generator's busiest thread",
            caption:
                "The share of each second that it was on a CPU: near 100 %, the figures are its own rather than the "
                + "server's." + resolution("the highest"), x: axis,
            y: .linear("share of the second", to: 100) { "\($0.short)%" },
            series: [Plot.Series(name: "busy", style: "busy", shape: .area, points: points)], events: events,
            readOuts: readOuts { "busy \(ReportUnits.fixed(($0.seconds.map(\.busy).max() ?? 0) * 100, 1))%" })
    }
}

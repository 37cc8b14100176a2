/// A run as a whole screen of a terminal: what it has come to, and how it goes on.
///
/// It makes lines; who has the terminal draws them, once a second.
package struct LoadScreen: Sendable {
    /// The smallest terminal that it fits.
    package static let columns = 60
    package static let rows = 16

    private let title: String
    /// When the run ends, by time and by number.
    private let duration: Duration
    private let count: Int
    private var news: LoadConductor.News?
    private var rates: [Double] = []
    private var readies: [Double] = []

    /// How many seconds its lines go back: more than any terminal is wide.
    private static let history = 500

    /// - Parameter title: what is under load.
    package init(_ title: String, of plan: LoadPlan) {
        (self.title, duration, count) = (title, plan.duration, plan.connections)
    }

    /// Takes a second that is over.
    package mutating func take(_ news: LoadConductor.News) {
        self.news = news
        // What is left of a run at its end says little of how it went.
        guard news.length > 0.5 else { return }
        rates.append(Double(news.second.done) / news.length)
        readies.append(Double(news.second.ready?.p99 ?? 0))
        if rates.count > Self.history {
            rates.removeFirst()
            readies.removeFirst()
        }
    }

    /// The screen, from its top, no line longer and no more lines than there is room for.
    package func lines(columns: Int, rows: Int) -> [String] {
        let width = max(20, columns - 2)
        var lines = head(width)
        if let news {
            lines += ["", rateLine(news), ""] + sparklines(width) + [""] + times(news.total)
            lines += [""] + facts(news)
        }
        lines += ["", "Ctrl-C ends the run with its report."]
        return lines.prefix(max(1, rows - 1)).map { " " + String($0.prefix(width)) }
    }

    private func head(_ width: Int) -> [String] {
        let elapsed = news?.elapsed ?? .zero
        let done = news?.total.done ?? 0
        let share = min(1, max(elapsed.seconds / max(duration.seconds, 0.001), Double(done) / Double(max(count, 1))))
        let time = "\(ReportUnits.fixed(elapsed.seconds, 0))s of \(ReportUnits.seconds(duration.seconds))"
        let name = "reprise load  \(title)"
        let room = max(1, width - name.count - time.count)
        let full = Int((Double(width - 7) * share).rounded(.down))
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: max(0, width - 7 - full))
        return [
            name + String(repeating: " ", count: room) + time,
            bar + "\(ReportUnits.fixed(share * 100, 0)) %".leftPadded(to: 7),
        ]
    }

    private func rateLine(_ news: LoadConductor.News) -> String {
        func rate(_ count: Int) -> String { ReportUnits.rate(Double(count) / max(news.length, 0.001)) }
        let second = news.second
        var parts = ["\(rate(second.done)) done"]
        if let attempt = news.attempt { parts.insert("trying \(ReportUnits.rate(attempt)):", at: 0) }
        parts.append("full \(rate(second.full))")
        parts.append("resumed \(rate(second.resumed))")
        if second.requests > second.done { parts.append("requests \(rate(second.requests))") }
        return (parts + ["open \(second.open)", "failed \(news.total.failed)"]).joined(separator: "   ")
    }

    private func sparklines(_ width: Int) -> [String] {
        let room = width - 8 - 16
        func line(_ name: String, _ numbers: [Double], _ text: (Double) -> String) -> String {
            let bars = Sparkline.text(numbers, width: room)
            let most = numbers.suffix(room).max() ?? 0
            return name.rightPadded(to: 8) + bars.rightPadded(to: room) + "max \(text(most))".leftPadded(to: 16)
        }
        return [
            line("rate", rates, ReportUnits.rate), line("p99", readies) { ReportUnits.time($0) },
        ]
    }

    private func times(_ total: Measurements) -> [String] {
        let shown = Measure.allCases.filter { total.count(of: $0) > 0 }
        guard !shown.isEmpty else { return [] }
        func row(_ cells: [String]) -> String {
            cells[0].rightPadded(to: 17) + cells.dropFirst().map { $0.leftPadded(to: 10) }.joined()
        }
        return [row(["", "count", "p50", "p90", "p99", "max"])]
            + shown.map { measure in
                let percents = [50.0, 90, 99].map { total.microseconds(.percentile($0, measure)) }
                return row(
                    [measure.rawValue, ReportUnits.count(total.count(of: measure))]
                        + (percents + [total.microseconds(.longest(measure))]).map { ReportUnits.time($0) })
            }
    }

    private func facts(_ news: LoadConductor.News) -> [String] {
        let offers = news.total.offers()
        var facts: [String] = []
        if offers.offered > 0 {
            // What is under way has no answer yet.
            let share = ReportUnits.share(offers.accepted, of: offers.accepted + offers.refused)
            facts.append(
                "sessions  offered \(ReportUnits.count(offers.offered))  resumed \(share)  refused "
                    + ReportUnits.count(offers.refused))
        }
        let failures = LoadFailure.allCases.filter { news.total.failed(by: $0) > 0 }
        if !failures.isEmpty {
            facts.append(
                "failures  "
                    + failures.map { "\($0.rawValue) \(ReportUnits.count(news.total.failed(by: $0)))" }
                    .joined(separator: "  "))
        }
        let late = news.total.lateStarts + news.total.skippedStarts
        facts.append(
            "generator busy \(ReportUnits.fixed(news.second.busy * 100, 0)) %"
                + (late > 0 ? "  starts late or left out \(ReportUnits.count(late))" : ""))
        return facts
    }
}

extension String {
    /// With spaces behind it, so that columns stand below each other.
    func rightPadded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

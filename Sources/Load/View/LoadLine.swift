/// What a second of a run was like, in one line for people.
package struct LoadLine {
    private let news: LoadConductor.News

    package init(_ news: LoadConductor.News) {
        self.news = news
    }

    /// At most 110 columns, with nothing that needs a terminal.
    package var text: String {
        let second = news.second
        func rate(_ count: Int) -> String { ReportUnits.rate(Double(count) / max(news.length, 0.001)) }
        var parts = ["\(ReportUnits.fixed(second.at, 1))s".leftPadded(to: 7)]
        if let attempt = news.attempt { parts.append("at \(ReportUnits.rate(attempt))") }
        parts.append("\(rate(second.done)) done".leftPadded(to: 14))
        if second.full > 0 { parts.append("full \(rate(second.full))") }
        if second.resumed > 0 { parts.append("resumed \(rate(second.resumed))") }
        if second.requests > second.done { parts.append("requests \(rate(second.requests))") }
        if let ready = second.ready {
            parts.append("ready p50 \(ReportUnits.time(ready.p50)) p99 \(ReportUnits.time(ready.p99))")
        }
        parts.append("open \(second.open)")
        if second.failed > 0 { parts.append("failed \(second.failed)") }
        if second.late + second.skipped > 0 { parts.append("late \(second.late + second.skipped)") }
        return parts.joined(separator: "  ")
    }
}

extension String {
    /// With spaces before it, so that columns stand below each other.
    func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

internal import RepriseVocabulary

/// docs/metrics.md, made from ``MetricCatalog``.
package enum MetricDocument {
    /// The whole file.
    package static var text: String {
        var text = introduction
        for (title, metrics) in MetricCatalog.sections {
            text += "\n## \(title)\n\n| Metric | Kind | Unit | Labels | Meaning |\n|---|---|---|---|---|\n"
            for metric in metrics { text += row(metric) }
        }
        text += "\n## Closed lists\n\n"
        text += "These words stand in metrics, in the log and in the configuration; each is one of its list.\n"
        var seen: Set<MetricLabel.List> = []
        for list in MetricCatalog.all.flatMap(\.labels).compactMap(\.list) where seen.insert(list).inserted {
            text += section(list)
        }
        text += "\n## Buckets\n\n"
        for metric in MetricCatalog.all where metric.kind == .histogram {
            let bounds = metric.buckets.map { number($0) }.joined(separator: ", ")
            text += "- `\(metric.name)`: \(bounds), +Inf.\n"
        }
        return text
    }

    /// The part of docs/logs.md with the words of the log's lines.
    package static var logWords: String {
        [
            MetricLabel.List(Ending.Kind.self), MetricLabel.List(HandshakeFailure.Kind.self),
            MetricLabel.List(ResumptionMeans.self), MetricLabel.List(ResumptionRefusal.self),
            MetricLabel.List(AffinityResult.self), MetricLabel.List(UpstreamResumption.self),
        ].map { "\n### \($0.title)\n\n" + table($0) }.joined()
    }

    private static let introduction = """
        # Metrics

        `admin.bind` serves these at `/metrics` in Prometheus' text format 0.0.4. This page is made from the code's one \
        list; a test holds the two equal (`make docs` writes it anew). The words of [closed lists](#closed-lists) are those \
        of the log ([logs.md](logs.md)); `reprise explain WORD` prints the same texts.

        Counters start at zero with the process and never go back, not on a reload either. Labels that say *listener*, \
        *host*, *upstream* and *server* carry the names of the configuration; the series of a name \
        that a reload takes away go when its last connection has ended. Every value of a closed list is there from zero as soon as its listener or upstream is, so that an \
        alert can be written before the first event. Nothing that a client sends becomes a label.

        """

    private static func row(_ metric: Metric) -> String {
        let labels = metric.labels.map { "`\($0.name)`" }.joined(separator: ", ")
        let unit = metric.unit == .none ? "–" : metric.unit.rawValue
        return "| `\(metric.name)` | \(metric.kind.rawValue) | \(unit) | \(labels.isEmpty ? "–" : labels) "
            + "| \(metric.help) |\n"
    }

    /// A list's words with their sentences, under the labels that take their values from it.
    private static func section(_ list: MetricLabel.List) -> String {
        var text = "\n### \(list.title)\n\n"
        for metric in MetricCatalog.all {
            for label in metric.labels where label.list == list {
                text += "- `\(label.name)` of `\(metric.name)`\n"
            }
        }
        return text + "\n" + table(list)
    }

    private static func table(_ list: MetricLabel.List) -> String {
        let isFailures = !list.failures.isEmpty
        let hasAdvice = list.advice.contains { $0 != nil }
        var heads = ["Word", "Meaning"]
        if isFailures { heads += ["Whose it is", "Worth a retry"] }
        if hasAdvice { heads.append("What to do") }
        var text = line(heads) + String(repeating: "|---", count: heads.count) + "|\n"
        for (index, word) in list.words.enumerated() {
            var cells = ["`\(word)`", list.meanings[index]]
            if isFailures {
                let failure = list.failures[index]
                cells += [failure.origin.rawValue, failure.isWorthRetrying ? "yes" : "no"]
            }
            if hasAdvice { cells.append(list.advice[index] ?? "–") }
            text += line(cells)
        }
        return text
    }

    private static func line(_ cells: [String]) -> String {
        "| " + cells.joined(separator: " | ") + " |\n"
    }
}

/// A number as the exposition writes it: whole numbers without a point (`10`), the rest in the shortest exact form.
func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
    return value.description
}

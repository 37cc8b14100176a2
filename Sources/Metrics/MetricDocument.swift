/// docs/metrics.md, made from the catalog.
package enum MetricDocument {
    package static var text: String {
        let rows = MetricCatalog.all.map { metric in
            let labels = metric.labels.isEmpty ? "–" : metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(metric.name)` | \(metric.kind.rawValue) | \(metric.unit) | \(labels) | \(metric.help) |"
        }
        return """
            # Metrics

            `admin.bind` serves these at `/metrics` in Prometheus' text format. Counters add up all workers and never go
            back while the process lives, whatever is reloaded. Labels with a closed list of values (`cause`, `ending`,
            `limit`, `protocol`, `resumed`, `direction`, `company`, `reason`) are there from zero as soon as their listener
            or upstream is. The words of `ending` and `cause` are those of the log ([logs.md](logs.md)).

            This page is made from the code's one list; a test holds the two equal (`make docs` writes it anew).

            | Metric | Kind | Unit | Labels | Meaning |
            |---|---|---|---|---|
            \(rows.joined(separator: "\n"))

            """
    }
}

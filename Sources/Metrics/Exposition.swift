/// Prometheus' text format, line by line.
enum Exposition {
    /// One sample with its labels.
    static func line(_ name: String, _ labels: [String], _ values: [String], _ value: String) -> String {
        guard !labels.isEmpty else { return "\(name) \(value)\n" }
        let pairs = zip(labels, values).map { "\($0)=\"\(label($1))\"" }
        return "\(name){\(pairs.joined(separator: ","))} \(value)\n"
    }

    /// A histogram: its buckets added up, its sum and its count.
    static func histogram(
        _ metric: Metric, _ values: [String], _ snapshots: [(buckets: [UInt64], sum: Double)]
    ) -> String {
        var text = ""
        var running: UInt64 = 0
        let bounds = metric.buckets.map(number) + ["+Inf"]
        for (index, bound) in bounds.enumerated() {
            running += snapshots.reduce(0) { $0 + $1.buckets[index] }
            text += line("\(metric.name)_bucket", metric.labels + ["le"], values + [bound], "\(running)")
        }
        text += line("\(metric.name)_sum", metric.labels, values, number(snapshots.reduce(0) { $0 + $1.sum }))
        return text + line("\(metric.name)_count", metric.labels, values, "\(running)")
    }

    static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    }

    static func help(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }

    private static func label(_ text: String) -> String {
        help(text).replacing("\"", with: "\\\"")
    }
}

/// Writes series in Prometheus' text format 0.0.4.
struct ExpositionWriter {
    private(set) var bytes: [UInt8] = []

    /// Begins a family: its HELP and TYPE lines.
    mutating func begin(_ metric: Metric) {
        bytes += "# HELP \(metric.name) ".utf8
        escape(metric.help, quotes: false)
        bytes += "\n# TYPE \(metric.name) \(metric.kind.rawValue)\n".utf8
    }

    /// Writes one series of the family that was begun: the sum of its shards, or the value computed now.
    mutating func write(_ metric: Metric, _ labels: [String], _ series: MetricRegistry.Series) {
        if let computed = series.computed.last {
            line(metric.name, metric, labels, value: number(computed.read()))
            return
        }
        var counted: UInt64 = 0
        var gauged: Int64 = 0
        var observed = Histogram.Snapshot(counts: Array(repeating: 0, count: metric.buckets.count + 1), nanoseconds: 0)
        for cell in series.cells.values {
            switch cell {
            case .counter(let counter): counted &+= counter.value
            case .gauge(let gauge): gauged &+= gauge.value
            case .histogram(let histogram): observed.add(histogram.snapshot)
            }
        }
        switch metric.kind {
        case .counter: line(metric.name, metric, labels, value: String(counted))
        case .gauge: line(metric.name, metric, labels, value: String(gauged))
        case .histogram: lines(metric, labels, observed)
        }
    }

    private mutating func lines(_ metric: Metric, _ labels: [String], _ snapshot: Histogram.Snapshot) {
        var cumulated: UInt64 = 0
        for (bound, count) in zip(metric.buckets + [.infinity], snapshot.counts) {
            cumulated &+= count
            line("\(metric.name)_bucket", metric, labels, bound: number(bound), value: String(cumulated))
        }
        line("\(metric.name)_sum", metric, labels, value: number(Double(snapshot.nanoseconds) / 1e9))
        line("\(metric.name)_count", metric, labels, value: String(cumulated))
    }

    private mutating func line(
        _ name: String, _ metric: Metric, _ labels: [String], bound: String? = nil, value: String
    ) {
        bytes += name.utf8
        var pairs = zip(metric.labels.map(\.name), labels).map { ($0, $1) }
        if let bound { pairs.append(("le", bound)) }
        if !pairs.isEmpty {
            for (index, (label, value)) in pairs.enumerated() {
                bytes += "\(index == 0 ? "{" : ",")\(label)=\"".utf8
                escape(value, quotes: true)
                bytes.append(UInt8(ascii: "\""))
            }
            bytes.append(UInt8(ascii: "}"))
        }
        bytes += " \(value)\n".utf8
    }

    /// Backslash and line feed are escaped everywhere, the quotation mark in label values.
    private mutating func escape(_ text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            case UInt8(ascii: "\n"): bytes += "\\n".utf8
            case UInt8(ascii: "\"") where quotes: bytes += "\\\"".utf8
            default: bytes.append(byte)
            }
        }
    }
}

internal import Glibc

extension Plot {
    /// An axis with its ends and its ticks.
    struct Axis {
        let label: String
        let isLogarithmic: Bool
        let lower: Double
        let upper: Double
        let ticks: [(value: Double, text: String)]

        /// Where a value is between the ends, from 0 to 1.
        func place(_ value: Double) -> Double {
            let value = min(max(value, lower), upper)
            guard upper > lower else { return 0 }
            return isLogarithmic ? log10(value / lower) / log10(upper / lower) : (value - lower) / (upper - lower)
        }

        /// From 0 to a round number above a value, in five steps or so.
        static func linear(
            _ label: String, to highest: Double, isWhole: Bool = false, text: (Double) -> String
        ) -> Axis {
            let highest = highest.isFinite && highest > 0 ? min(highest, 1e12) : 1
            var step = round(up: highest / 5)
            if isWhole { step = max(1, step) }
            let count = Int((highest / step).rounded(.up))
            let ticks = (0...count).map { (value: Double($0) * step, text: text(Double($0) * step)) }
            return Axis(label: label, isLogarithmic: false, lower: 0, upper: Double(count) * step, ticks: ticks)
        }

        /// From 0 to exactly a number of seconds, with round ticks between: minutes in a long run, hours in a day's.
        static func span(_ label: String, to end: Double) -> Axis {
            let end = end.isFinite && end > 0 ? min(end, 1e9) : 1
            let (unit, word) = end > 14_400 ? (3600.0, "h") : end > 300 ? (60, "min") : (1, "s")
            let step = round(up: end / unit / 6) * unit
            let ticks = (0...Int((end / step).rounded(.down))).map { number in
                (value: Double(number) * step, text: "\((Double(number) * step / unit).short)\(word)")
            }
            return Axis(label: label, isLogarithmic: false, lower: 0, upper: end, ticks: ticks)
        }

        /// Times in microseconds, between round ones around those given.
        static func times(_ label: String, _ values: [Double]) -> Axis {
            let lowest = max(1, values.min() ?? 100)
            let highest = min(max(lowest * 1.01, values.max() ?? 10_000), 1e11)
            let bottom = round(down: lowest)
            let top = max(round(up: highest), bottom * 5)
            let decades = log10(top / bottom)
            let leads: [Double] = decades <= 2.4 ? [1, 2, 5] : decades <= 4 ? [1, 3] : [1]
            var ticks: [(value: Double, text: String)] = []
            for decade in Int(log10(bottom).rounded(.down))...Int(log10(top).rounded(.up)) {
                for lead in leads {
                    let value = lead * pow(10, Double(decade))
                    guard value >= bottom * 0.999, value <= top * 1.001 else { continue }
                    ticks.append((value, tick(value)))
                }
            }
            return Axis(label: label, isLogarithmic: true, lower: bottom, upper: top, ticks: ticks)
        }

        /// Percentiles, each nine as wide as the one before: a place is how many nines there are.
        static let nines = Axis(
            label: "percentile of handshakes", isLogarithmic: false, lower: 0, upper: mostNines,
            ticks: [0, 50, 90, 99, 99.9, 99.99].map { (place(ofPercent: $0), $0.short) } + [(mostNines, "100")])
        static let mostNines = 5.0

        static func place(ofPercent percent: Double) -> Double { -log10(1 - percent / 100) }
        static func percent(at place: Double) -> Double { (1 - pow(10, -place)) * 100 }

        /// A round time without digits that say nothing: `50ms`, `1s`.
        private static func tick(_ microseconds: Double) -> String {
            switch microseconds {
            case 59_999_999...: "\((microseconds / 1e6).short)s"
            case 999_999...: "\((microseconds / 1e6).short)s"
            case 999.9...: "\((microseconds / 1e3).short)ms"
            default: "\(microseconds.short)µs"
            }
        }

        private static func round(up value: Double) -> Double {
            let power = pow(10, log10(value).rounded(.down))
            return ([1, 2, 5, 10].first { $0 * power >= value * 0.999_999 } ?? 10) * power
        }

        private static func round(down value: Double) -> Double {
            let power = pow(10, log10(value).rounded(.down))
            return ([5, 2, 1].first { $0 * power <= value * 1.000_001 } ?? 1) * power
        }
    }
}

internal import Glibc

extension LoadReport {
    /// How long handshakes took, by what came of them; none where there was no handshake.
    func latencyPlots() -> [Plot] {
        let kinds = recordedHandshakes()
        return kinds.isEmpty ? [] : [percentilePlot(kinds), histogramPlot(kinds)]
    }

    private typealias Kind = (name: String, style: String, times: RecordedTimes)

    private func recordedHandshakes() -> [Kind] {
        [
            ("full", Measure.handshakeFull, "full"), ("resumed by id", .handshakeID, "id"),
            ("resumed by ticket", .handshakeTicket, "ticket"), ("resumed by PSK", .handshakePSK, "psk"),
        ]
        .compactMap { name, measure, style in
            guard let times = times[measure.rawValue] else { return nil }
            let recorded = RecordedTimes(times.histogram, longest: times.max)
            guard recorded.total > 0 else { return nil }
            return ("\(name) (\(ReportUnits.count(Int(clamping: recorded.total))))", style, recorded)
        }
    }

    private func percentilePlot(_ kinds: [Kind]) -> Plot {
        var series: [Plot.Series] = []
        for kind in kinds {
            // The line ends where its count ends: one in so many was the longest.
            let end = min(Plot.Axis.mostNines, log10(Double(kind.times.total)))
            let count = Plot.mostPoints / 2
            let points = (0..<count).map { number in
                let place = end * Double(number) / Double(count - 1)
                let percent = number == count - 1 ? 100 : Plot.Axis.percent(at: place)
                return Plot.Point(x: place, y: Double(kind.times.percentile(percent)))
            }
            series.append(Plot.Series(name: kind.name, style: kind.style, points: end > 0 ? points : [points.last]))
        }
        let readOuts = [0, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 99.999].map { percent in
            (
                x: Plot.Axis.place(ofPercent: percent),
                text: "p\(percent.short)\n"
                    + kinds.map { "\($0.name): \(ReportUnits.time($0.times.percentile(percent)))" }
                    .joined(separator: "\n")
            )
        }
        return Plot(
            name: "percentiles", title: "Handshake latency by percentile",
            caption: "How long the fastest so many percent of handshakes took at most, full and resumed. "
                + "The axis gives each nine the same width; a line ends with its longest time.",
            x: .nines, y: .times("handshake time", series.flatMap { $0.points.compactMap { $0?.y } }), series: series,
            readOuts: readOuts)
    }

    private func histogramPlot(_ kinds: [Kind]) -> Plot {
        let parts = 16.0
        func bin(_ value: UInt64) -> Int { Int((log10(Double(max(1, value))) * parts + 1e-9).rounded(.down)) }
        func edge(_ bin: Int) -> Double { pow(10, Double(bin) / parts) }
        let lowest = kinds.compactMap { $0.times.pairs.first.map { bin($0.value) } }.min() ?? 0
        let highest = kinds.compactMap { $0.times.pairs.last.map { bin($0.value) } }.max() ?? 0
        var shares: [[Double]] = []
        for kind in kinds {
            var counts = [Double](repeating: 0, count: highest - lowest + 1)
            for pair in kind.times.pairs { counts[bin(pair.value) - lowest] += Double(pair.count) }
            shares.append(counts.map { $0 / Double(kind.times.total) * 100 })
        }
        let series = zip(kinds, shares).map { kind, shares in
            let steps = shares.enumerated().flatMap { number, share in
                [
                    Plot.Point(x: edge(lowest + number), y: share),
                    Plot.Point(x: edge(lowest + number + 1), y: share),
                ]
            }
            return Plot.Series(name: kind.name, style: kind.style, shape: .area, points: steps)
        }
        let readOuts = (0...(highest - lowest)).map { number in
            let (from, to) = (edge(lowest + number), edge(lowest + number + 1))
            return (
                x: (from * to).squareRoot(),
                text: "\(ReportUnits.time(from)) to \(ReportUnits.time(to))\n"
                    + zip(kinds, shares).map { "\($0.name): \(ReportUnits.fixed($1[number], 2))%" }
                    .joined(separator: "\n")
            )
        }
        return Plot(
            name: "histogram", title: "Handshake latency distribution",
            caption:
                "What share of its kind's handshakes took how long; each column is 15 % wider than the last.",
            x: .times("handshake time", [edge(lowest), edge(highest + 1)]),
            y: .linear("share of handshakes", to: shares.flatMap { $0 }.max() ?? 0) { "\($0.short)%" },
            series: series, readOuts: readOuts)
    }
}

extension LoadReport {
    /// The run second by second; none where there was no second.
    func timePlots() -> [Plot] {
        guard !seconds.isEmpty else { return [] }
        let groups = ReportTimeline(self)
        return [groups.ratePlot()]
            + [
                groups.spreadPlot(
                    "ready", "Time until ready", \.ready, "from the scheduled start to the handshake's end"),
                groups.spreadPlot(
                    "full", "Full handshakes", \.fullHandshake, "of handshakes that offered nothing or were refused"),
                groups.spreadPlot("resumed", "Resumed handshakes", \.resumedHandshake, "of resumed handshakes"),
                groups.spreadPlot("request", "Requests", \.request, "from a request's first byte to the answer's last"),
            ].compactMap { $0 } + [groups.openPlot(), groups.busyPlot()]
    }
}

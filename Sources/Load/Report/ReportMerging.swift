internal import RepriseVocabulary

extension LoadReport {
    /// Why reports cannot become one.
    package enum MergeFault: Error, Sendable, Hashable, CustomStringConvertible {
        case nothingToMerge
        case otherTarget(String, String)
        /// One run was over before the other began.
        case apart(String, String)
        /// The same report again.
        case twice(String)
        /// Counts that no run reaches, and that cannot be added up.
        case implausible

        package var description: String {
            switch self {
            case .nothingToMerge: return "there is no report to merge"
            case .otherTarget(let one, let other):
                return "reports of different targets cannot be merged: \(one) and \(other)"
            case .apart(let one, let other):
                let begins = "they began at \(one) and \(other)"
                return "reports of runs that were not at once cannot be merged: \(begins)"
            case .twice(let began): return "the report of the run that began at \(began) is there twice"
            case .implausible: return "reports with figures that no run has cannot be merged"
            }
        }
    }

    /// The report of several generators that ran at once against the same server.
    ///
    /// - Counts are added up. The elapsed time is from the first beginning to the last end.
    /// - Histograms are merged exactly, and means and percentiles are read from what they become: those of the HDR
    ///   histogram of all times together, to its three digits.
    /// - Seconds are joined by when they were, as far as ``began`` tells whole seconds apart. A second's percentiles,
    ///   and its busiest thread, are the highest that any of the generators had. For percentiles that is never less
    ///   than those of all together, which cannot be told without the second's histogram.
    /// - The server's counts are those of the first report that has any: generators that ran at once see the same ones.
    /// - Assertions are judged anew. A search's limit is nobody's any more, and left out.
    ///
    /// - Throws: no report at all, different targets, runs that had no moment in common, or figures that no run has.
    package static func merging(_ reports: [LoadReport]) throws(MergeFault) -> LoadReport {
        let reports = reports.sorted { ($0.instant ?? 0, $0.began) < ($1.instant ?? 0, $1.began) }
        guard let first = reports.first else { throw .nothingToMerge }
        guard reports.allSatisfy(\.isPlausible) else { throw .implausible }
        guard reports.count > 1 else { return first }
        for (number, report) in reports.enumerated().dropFirst() where reports[..<number].contains(report) {
            throw .twice(report.began)
        }
        var merged = first
        var end = first.summary.elapsedSeconds
        var offsets: [Int] = []
        for report in reports {
            guard report.target == first.target else { throw .otherTarget(first.target, report.target) }
            let offset = report.offset(from: first)
            guard Double(offset) <= end else { throw .apart(first.began, report.began) }
            offsets.append(offset)
            end = max(end, Double(offset) + report.summary.elapsedSeconds)
        }
        merged.summary = Summary(merging: reports.map(\.summary))
        merged.summary.elapsedSeconds = end
        merged.times = [:]
        for measure in measures(in: reports) {
            merged.times[measure] = Times(merging: reports.compactMap { $0.times[measure] })
        }
        merged.seconds = joined(reports, offsets)
        merged.events = zip(reports, offsets).flatMap { report, offset in
            report.events.map { Event(at: $0.at + Double(offset), command: $0.command, status: $0.status) }
        }
        .sorted { $0.at < $1.at }
        merged.generator = Generator(merging: reports.map(\.generator))
        merged.environment = Environment(merging: reports.map(\.environment))
        merged.command = commands(reports)
        merged.ended = reports.contains { $0.ended == .byInterrupt } ? .byInterrupt : first.ended
        merged.server = reports.lazy.compactMap(\.server).first
        merged.limit = nil
        merged.assertions = merged.judgedAnew(reports)
        return merged
    }

    /// Whether it can be merged with a thousand like it.
    private var isPlausible: Bool {
        let sums = summary.resumption
        var counts = [summary.started, summary.done, summary.failed, summary.late, summary.skipped, summary.unfinished]
        counts += [summary.requests, sums.offered, sums.accepted, sums.refused, sums.withoutSession]
        counts += [sums.sessionsReceived, generator.threads, generator.residentBytes, environment.cores]
        counts += Array(summary.failures.values) + Array(summary.handshakes.values) + self.times.values.map(\.count)
        counts += Array(summary.answers.values)
        counts += sums.by.flatMap { [$0.offered, $0.accepted, $0.refused] }
        counts += seconds.flatMap { [$0.started, $0.done, $0.failed, $0.late, $0.skipped, $0.full, $0.resumed] }
        counts += seconds.flatMap { [$0.requests, $0.open] }
        let bytes = [summary.bytesUp, summary.bytesDown] + seconds.flatMap { [$0.bytesUp, $0.bytesDown] }
        // A run of a year, and fewer than 2^53 of everything.
        let year = 0.0...31_622_400
        let times = seconds.map(\.at) + events.map(\.at) + [summary.elapsedSeconds]
        return times.allSatisfy { year.contains($0) } && counts.allSatisfy { (0...1 << 53).contains($0) }
            && bytes.allSatisfy { $0 <= 1 << 53 }
    }

    /// Seconds since 1970 at which it began.
    private var instant: Double? {
        WallTime(rfc3339: began).map { Double($0.secondsSinceEpoch) + Double($0.nanoseconds) / 1e9 }
    }

    private func offset(from first: LoadReport) -> Int {
        guard let mine = instant, let other = first.instant else { return 0 }
        return Int((mine - other).rounded())
    }

    private static func joined(_ reports: [LoadReport], _ offsets: [Int]) -> [Second] {
        var all: [Second?] = []
        // Those of a long run are longer.
        let end = zip(reports, offsets).map { ($0.seconds.last?.at ?? 0) + Double($1) }.max() ?? 0
        let most = Double(LoadConductor.seconds)
        let length = max(reports.map(\.secondLength).max() ?? 1, (end / most).rounded(.up))
        for (report, offset) in zip(reports, offsets) {
            for second in report.seconds {
                var second = second
                second.at += Double(offset)
                // A second ends a little before or after its time.
                let place = max(0, Int((second.at / length - 0.25).rounded(.up)) - 1)
                while all.count <= place { all.append(nil) }
                all[place]?.add(second)
                if all[place] == nil { all[place] = second }
            }
        }
        return all.enumerated().map { place, second in
            if let second { return second }
            var silence = Second()
            silence.at = Double(place + 1) * length
            return silence
        }
    }

    /// How long one of its seconds is: 1, or more where they were joined.
    private var secondLength: Double {
        guard let first = seconds.first, let last = seconds.last, seconds.count > 1 else { return 1 }
        return max(1, ((last.at - first.at) / Double(seconds.count - 1)).rounded())
    }

    private static func commands(_ reports: [LoadReport]) -> [String] {
        var different: [[String]] = []
        for report in reports where !different.contains(report.command) { different.append(report.command) }
        return Array(different.joined(separator: ["&"]))
    }

    private func judgedAnew(_ reports: [LoadReport]) -> [Verdict] {
        var texts: [String] = []
        for verdict in reports.flatMap(\.assertions) where !texts.contains(verdict.assertion) {
            texts.append(verdict.assertion)
        }
        return texts.map { text in
            guard let assertion = try? LoadAssertion(parsing: text) else {
                return Verdict(assertion: text, found: nil, holds: false)
            }
            return verdict(on: assertion)
        }
    }
}

extension LoadReport.Summary {
    fileprivate init(merging parts: [LoadReport.Summary]) {
        self.init()
        var offers: [[String]: LoadReport.Offer] = [:]
        for part in parts {
            (started, done, failed) = (started + part.started, done + part.done, failed + part.failed)
            failures.merge(part.failures, uniquingKeysWith: +)
            (late, skipped) = (late + part.late, skipped + part.skipped)
            unfinished += part.unfinished
            handshakes.merge(part.handshakes, uniquingKeysWith: +)
            requests += part.requests
            (bytesUp, bytesDown) = (bytesUp + part.bytesUp, bytesDown + part.bytesDown)
            resumption.offered += part.resumption.offered
            resumption.accepted += part.resumption.accepted
            resumption.refused += part.resumption.refused
            resumption.withoutSession += part.resumption.withoutSession
            resumption.sessionsReceived += part.resumption.sessionsReceived
            for offer in part.resumption.by {
                let key = [offer.kind, offer.close, offer.choice]
                guard var sum = offers[key] else {
                    offers[key] = offer
                    continue
                }
                sum.offered += offer.offered
                sum.accepted += offer.accepted
                sum.refused += offer.refused
                offers[key] = sum
            }
        }
        resumption.by = offers.values.sorted { ($0.kind, $0.close, $0.choice) < ($1.kind, $1.close, $1.choice) }
    }
}

extension LoadReport.Times {
    fileprivate init(merging parts: [LoadReport.Times]) {
        self.init()
        let all = RecordedTimes(parts)
        count = parts.reduce(0) { $0 + $1.count }
        (mean, max) = (all.mean, all.longest)
        for percent in Measurements.percentiles { percentiles[percent.short] = all.percentile(percent) }
        histogram = all.histogram
    }
}

extension LoadReport.Generator {
    fileprivate init(merging parts: [LoadReport.Generator]) {
        self.init()
        threads = parts.reduce(0) { $0 + $1.threads }
        busy = parts.flatMap(\.busy)
        for source in parts.flatMap(\.sources) where !sources.contains(source) { sources.append(source) }
        residentBytes = parts.reduce(0) { $0 + $1.residentBytes }
        for limit in parts.flatMap(\.limits) where !limits.contains(limit) { limits.append(limit) }
    }
}

extension LoadReport.Environment {
    fileprivate init(merging parts: [LoadReport.Environment]) {
        self.init()
        func words(_ read: (LoadReport.Environment) -> String) -> String {
            var words: [String] = []
            for word in parts.map(read) where !word.isEmpty && !words.contains(word) { words.append(word) }
            return words.joined(separator: " + ")
        }
        (host, system, processor) = (words(\.host), words(\.system), words(\.processor))
        libssl = words(\.libssl)
        var seen: Set<String> = []
        // Generators on one machine share its cores.
        for part in parts where seen.insert(part.host).inserted { cores += part.cores }
    }
}

extension LoadReport {
    /// What was run, and where.
    var runSection: ReportSection? {
        let place = [
            environment.host, environment.system, environment.processor,
            environment.cores > 0 ? "\(environment.cores) cores" : "", environment.libssl,
        ]
        .filter { !$0.isEmpty }.joined(separator: ", ")
        return .facts(
            "Run",
            [
                ("target", target.isEmpty ? nil : target),
                ("command", command.isEmpty ? nil : shellCommand),
                ("began", began.isEmpty ? nil : began),
                ("elapsed", "\(ReportUnits.seconds(summary.elapsedSeconds))\(endedWords)"),
                ("seed", "\(seed)"),
                ("generator", place.isEmpty ? nil : place),
                ("reprise", reprise.isEmpty ? nil : reprise),
            ])
    }

    /// The command as a shell takes it.
    var shellCommand: String {
        command.map { word in
            let isPlain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:=,@%+".contains($0)) }
            return isPlain && !word.isEmpty
                ? word : "'\(word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
        }
        .joined(separator: " ")
    }

    private var endedWords: String {
        switch ended {
        case .byTime: ""
        case .byCount: ", until all connections were made"
        case .byInterrupt: ", then it was interrupted"
        case .bySearch: ", until the search was over"
        }
    }

    var connectionsSection: ReportSection? {
        func some(_ count: Int) -> String? { count > 0 ? ReportUnits.count(count) : nil }
        func share(_ count: Int) -> String? {
            count > 0
                ? "\(ReportUnits.count(count)) (\(ReportUnits.share(count, of: summary.started)) of those started)"
                : nil
        }
        return .facts(
            "Connections",
            [
                ("started", ReportUnits.count(summary.started)),
                ("done", ReportUnits.count(summary.done)),
                ("rate", ReportUnits.rate(summary.rate)),
                ("failed", share(summary.failed) ?? "0"),
                ("late starts", share(summary.late)),
                ("skipped starts", some(summary.skipped)),
                ("unfinished", some(summary.unfinished)),
            ])
    }

    var failuresSection: ReportSection? {
        .table(
            "Failures", ["reason", "connections", "share"],
            summary.failures.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
                [$0.key, ReportUnits.count($0.value), ReportUnits.share($0.value, of: summary.started)]
            })
    }

    var handshakesSection: ReportSection? {
        let all = summary.handshakes.values.reduce(0) { $0 &+ $1 }
        let order = HandshakeKind.allCases.map(\.word)
        let others = summary.handshakes.keys.filter { !order.contains($0) }.sorted()
        return .table(
            "Handshakes", ["kind", "finished", "share", "rate"],
            (order + others).compactMap { kind in
                guard let count = summary.handshakes[kind], count > 0 else { return nil }
                let rate = summary.elapsedSeconds > 0 ? Double(count) / summary.elapsedSeconds : 0
                return [kind, ReportUnits.count(count), ReportUnits.share(count, of: all), ReportUnits.rate(rate)]
            })
    }

    var resumptionSection: ReportSection? {
        let found = summary.resumption
        guard max(found.offered, found.withoutSession, found.sessionsReceived) > 0 else { return nil }
        return .facts(
            "Resumption",
            [
                ("offered", ReportUnits.count(found.offered)),
                (
                    "accepted",
                    "\(ReportUnits.count(found.accepted)) (\(ReportUnits.share(found.accepted, of: found.offered)))"
                ),
                ("refused", ReportUnits.count(found.refused)),
                ("without session", ReportUnits.count(found.withoutSession)),
                ("sessions received", ReportUnits.count(found.sessionsReceived)),
            ])
    }

    var offersSection: ReportSection? {
        .table(
            "Sessions offered, by the ending of the connection they came from",
            ["kind", "ending", "choice", "offered", "accepted", "refused", "share"],
            summary.resumption.by.map {
                [
                    $0.kind, $0.close, $0.choice, ReportUnits.count($0.offered), ReportUnits.count($0.accepted),
                    ReportUnits.count($0.refused), ReportUnits.share($0.accepted, of: $0.offered),
                ]
            }, words: [0, 1, 2])
    }

    var trafficSection: ReportSection? {
        func rated(_ bytes: UInt64) -> String? {
            guard bytes > 0 else { return nil }
            let rate = summary.elapsedSeconds > 0 ? Double(bytes) / summary.elapsedSeconds : 0
            return "\(ReportUnits.bytes(Double(bytes))) (\(ReportUnits.bytes(rate))/s)"
        }
        let rate = summary.elapsedSeconds > 0 ? Double(summary.requests) / summary.elapsedSeconds : 0
        return .facts(
            "Traffic",
            [
                (
                    "requests",
                    summary.requests > 0 ? "\(ReportUnits.count(summary.requests)) (\(ReportUnits.rate(rate)))" : nil
                ),
                (
                    "answers",
                    summary.answers.isEmpty
                        ? nil
                        : summary.answers.sorted { $0.key < $1.key }
                            .map { "\($0.key) \(ReportUnits.count($0.value))" }.joined(separator: ", ")
                ),
                ("bytes up", rated(summary.bytesUp)), ("bytes down", rated(summary.bytesDown)),
            ])
    }

    /// The measures that the run has, in ``Measure``'s order.
    var measured: [String] { Self.measures(in: [self]) }

    /// The measures that any of them has, in ``Measure``'s order.
    static func measures(in reports: [LoadReport]) -> [String] {
        let known = Measure.allCases.map(\.rawValue)
        let names = Set(reports.flatMap(\.times.keys))
        return known.filter(names.contains) + names.subtracting(known).sorted()
    }

    /// - Parameter isWide: there is room for more percentiles.
    func timesSection(isWide: Bool) -> ReportSection? {
        let percents = isWide ? ["50", "75", "90", "99", "99.9", "99.99"] : ["50", "90", "99", "99.9"]
        return .table(
            "Times", ["measure", "count", "mean"] + percents.map { "p\($0)" } + ["max"],
            measured.compactMap { name in
                guard let times = times[name] else { return nil }
                return [name, ReportUnits.count(times.count), ReportUnits.time(times.mean)]
                    + percents.map { ReportUnits.time(times.percentiles[$0]) } + [ReportUnits.time(times.max)]
            })
    }

    var eventsSection: ReportSection? {
        .table(
            "Events", ["mark", "at", "command", "exit code"],
            events.sorted { $0.at < $1.at }.enumerated().map { number, event in
                [
                    "\(number + 1)", ReportUnits.seconds(event.at), event.command,
                    event.status.map { "\($0)" } ?? "still running",
                ]
            }, words: [2], flexible: 2)
    }

    var serverSection: ReportSection? {
        let resumed = summary.handshakes.filter { $0.key != HandshakeKind.full.word }.values.reduce(0) { $0 &+ $1 }
        let client = [
            "\(ReportUnits.count(summary.started)) connections started",
            "\(ReportUnits.count(summary.handshakes[HandshakeKind.full.word] ?? 0)) full handshakes",
            "\(ReportUnits.count(resumed)) resumed", "\(ReportUnits.count(summary.failed)) failed",
            "\(ReportUnits.count(summary.requests)) requests",
        ]
        return .table(
            "The server's own counts", ["name", "before", "after", "difference"],
            (server ?? []).map {
                let difference = $0.after - $0.before
                return [
                    $0.name, ReportUnits.number($0.before), ReportUnits.number($0.after),
                    ReportUnits.number(difference),
                ]
            }, notes: ["The client's: \(client.joined(separator: ", "))."])
    }

    var limitSection: ReportSection? {
        guard let limit else { return nil }
        let found =
            limit.rate > 0
            ? "\(limit.condition) held up to \(ReportUnits.rate(limit.rate))." : "\(limit.condition) never held."
        return ReportSection(
            title: "Limit", header: ["asked", "reached", "found", ""],
            rows: limit.steps.map {
                [
                    ReportUnits.rate($0.rate), ReportUnits.rate($0.done),
                    LoadAssertion.text(of: $0.found, for: limit.condition) ?? "–",
                    $0.holds ? "held" : "did not hold",
                ]
            }, words: [3], flexible: 3, notes: [found])
    }

    var assertionsSection: ReportSection? {
        .table(
            "Assertions", ["", "assertion", "found"],
            assertions.map {
                [
                    $0.holds ? "ok" : "FAILED", $0.assertion,
                    LoadAssertion.text(of: $0.found, for: $0.assertion) ?? "nothing was measured",
                ]
            }, words: [0, 1], flexible: 1)
    }

    var generatorSection: ReportSection? {
        .facts(
            "Generator",
            [
                ("threads", generator.threads > 0 ? "\(generator.threads)" : nil),
                (
                    "busy",
                    generator.busy.isEmpty
                        ? nil : generator.busy.map { ReportUnits.fixed($0 * 100, 1) + "%" }.joined(separator: ", ")
                ),
                (
                    "memory",
                    generator.residentBytes > 0 ? ReportUnits.bytes(Double(generator.residentBytes)) : nil
                ),
                ("sources", generator.sources.isEmpty ? nil : generator.sources.joined(separator: ", ")),
            ])
    }
}

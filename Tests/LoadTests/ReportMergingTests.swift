import RepriseLoad
import Testing

/// Reports of several generators as one.
@Suite struct ReportMergingTests {
    /// Two halves and the whole, measured from the same times.
    private func halves(apart seconds: Int = 0) -> (LoadReport, LoadReport, LoadReport) {
        var (one, other, both) = (Measurements(), Measurements(), Measurements())
        var random = SampleRandom(state: 5)
        for number in 0..<6000 {
            let microseconds = number < 20 ? number : Int(40_000 * random.fraction() * random.fraction()) + 100
            let offer = LoadOffer(number.isMultiple(of: 3) ? .ticket : .statefulPSK, from: .notify)
            func fill(_ measured: inout Measurements) {
                measured.start(isLate: number.isMultiple(of: 7))
                measured.offered(offer)
                measured.handshake(number.isMultiple(of: 5) ? .full : offer.kind.handshake, offer)
                measured.record(.ready, .microseconds(microseconds))
                measured.record(number < 3000 ? .connect : .close, .microseconds(microseconds * 99))
                measured.end(number.isMultiple(of: 50) ? .broken : nil)
                measured.sent(3)
                measured.received(5)
            }
            if number < 3000 { fill(&one) } else { fill(&other) }
            fill(&both)
        }
        return (
            report(one, "2026-11-27T20:00:00Z", 10), report(other, "2026-11-27T20:00:0\(seconds)Z", 10),
            report(both, "2026-11-27T20:00:00Z", 10 + seconds)
        )
    }

    private func report(_ measured: Measurements, _ began: String, _ seconds: Int) -> LoadReport {
        var measured = measured
        measured.elapsed = .seconds(seconds)
        var report = LoadReport()
        report.take(measured)
        (report.target, report.began) = ("tls://a:1", began)
        return report
    }

    @Test(arguments: [0, 4]) func `two halves are the whole`(apart seconds: Int) throws {
        let (one, other, both) = halves(apart: seconds)
        for order in [[one, other], [other, one]] {
            let merged = try LoadReport.merging(order)
            #expect(merged.summary == both.summary)
            #expect(Set(merged.times.keys) == ["ready", "connect", "close"])
            for (name, times) in both.times {
                let found = try #require(merged.times[name])
                #expect(found.histogram == times.histogram && found.count == times.count && found.max == times.max)
                #expect(found.percentiles == times.percentiles, "the same as the histogram's own")
                #expect(abs(found.mean - times.mean) < times.mean * 1e-9)
            }
        }
    }

    @Test func `one report is itself`() throws {
        let report = SampleReports.everything(seconds: 3)
        #expect(try LoadReport.merging([report]) == report)
    }

    @Test func `seconds are joined by when they were`() throws {
        var (one, other) = (SampleReports.run(seconds: 5, seed: 1), SampleReports.run(seconds: 5, seed: 2))
        other.began = "2026-11-27T20:15:02.1Z"
        one.events = [.init(at: 4, command: "later", status: 0)]
        other.events = [.init(at: 1, command: "sooner", status: 0)]
        let merged = try LoadReport.merging([other, one])
        #expect(merged.seconds.map(\.at) == [1, 2, 3, 4, 5, 6, 7] && merged.summary.elapsedSeconds == 7)
        #expect(merged.seconds[0] == one.seconds[0] && merged.seconds[6].done == other.seconds[4].done)
        #expect(merged.seconds[2].done == one.seconds[2].done + other.seconds[0].done)
        let (mine, theirs) = (try #require(one.seconds[2].ready), try #require(other.seconds[0].ready))
        #expect(merged.seconds[2].ready?.p99 == max(mine.p99, theirs.p99))
        #expect(merged.events.map(\.command) == ["sooner", "later"] && merged.events.map(\.at) == [3, 4])
        #expect(merged.began == one.began)
    }

    @Test func `generators are put side by side, and the server is counted once`() throws {
        var (one, other) = (SampleReports.run(seconds: 2), SampleReports.everything(seconds: 2))
        other.environment.host = "bench-2"
        one.assertions = [.init(assertion: "connections > 1200", found: 800, holds: false)]
        let merged = try LoadReport.merging([one, other])
        #expect(merged.generator.threads == 4 && merged.generator.busy.count == 4)
        #expect(merged.generator.limits == other.generator.limits && merged.server == other.server)
        #expect(merged.environment.host == "bench-1 + bench-2" && merged.environment.cores == 4)
        #expect(merged.limit == nil && merged.command == one.command)
        let verdict = try #require(merged.assertions.first)
        #expect(verdict.holds && verdict.found == Double(merged.summary.done))
        #expect(merged.assertions.count == 4)
    }

    @Test func `what does not belong together is refused`() throws {
        let one = SampleReports.run(seconds: 2)
        var (elsewhere, tomorrow) = (one, one)
        elsewhere.target = "tls://other:1"
        tomorrow.began = "2026-11-28T20:15:00Z"
        for spoil in [
            { $0.summary.started = .max }, { $0.summary.bytesUp = .max }, { $0.seconds[1].open = .max },
            { $0.summary.elapsedSeconds = 1e300 }, { $0.summary.failures["broken"] = -1 },
        ] as [(inout LoadReport) -> Void] {
            var spoilt = one
            spoil(&spoilt)
            #expect(throws: LoadReport.MergeFault.implausible) { try LoadReport.merging([spoilt, spoilt]) }
        }
        #expect(throws: LoadReport.MergeFault.nothingToMerge) { try LoadReport.merging([]) }
        #expect(throws: LoadReport.MergeFault.otherTarget(one.target, elsewhere.target)) {
            try LoadReport.merging([one, elsewhere])
        }
        #expect(throws: LoadReport.MergeFault.apart(one.began, tomorrow.began)) {
            try LoadReport.merging([tomorrow, one])
        }
    }

    @Test func `an assertion finds the same in a report as in the run`() throws {
        var measured = Measurements()
        for time in 1...1000 {
            measured.start(isLate: time > 990)
            measured.record(.ready, .microseconds(time * 37))
            measured.offered(LoadOffer(.ticket, from: .fin))
            measured.handshake(time > 3 ? .ticket : .full, LoadOffer(.ticket, from: .fin))
            measured.end(time.isMultiple(of: 100) ? .broken : nil)
        }
        measured.elapsed = .seconds(4)
        var report = LoadReport()
        report.take(measured)
        for text in [
            "p0(ready) < 1s", "p33.3(ready) < 1s", "p50(ready) < 1s", "p97(ready) < 1s", "p100(ready) < 1s",
            "mean(ready) < 1s", "max(ready) < 1s", "resumed > 0.9", "errors < 20", "error_rate < 1", "rate > 1",
            "late < 1", "connections > 2", "p50(close) < 1s", "mean(close) < 1s",
        ] {
            let assertion = try LoadAssertion(parsing: text)
            let verdict = report.verdict(on: assertion)
            #expect(verdict.holds == measured.reaches(assertion), "\(text)")
            let (found, expected) = (verdict.found ?? -1, measured.value(of: assertion.value) ?? -1)
            #expect(abs(found - expected) <= abs(expected) * 1e-9, "\(text): \(found), \(expected)")
        }
    }
}

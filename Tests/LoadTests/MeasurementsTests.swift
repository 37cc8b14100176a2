import Foundation
import RepriseLoad
import RepriseVocabulary
import Testing

/// What a run has measured: counts, times, and what a report says of them.
@Suite struct MeasurementsTests {
    private func assertion(_ text: String) throws -> LoadAssertion { try LoadAssertion(parsing: text) }

    @Test func `times keep three digits from a microsecond to an hour`() throws {
        var measured = Measurements()
        for milliseconds in 1...1000 { measured.record(.handshakeFull, .milliseconds(milliseconds)) }
        #expect(measured.count(of: .handshakeFull) == 1000)
        let median = try #require(measured.value(of: .percentile(50, .handshakeFull)))
        #expect(abs(median - 0.5) < 0.001)
        let longest = try #require(measured.value(of: .longest(.handshakeFull)))
        #expect(abs(longest - 1) < 0.001)
        let mean = try #require(measured.value(of: .mean(.handshakeFull)))
        #expect(abs(mean - 0.5005) < 0.001)
        measured.record(.connect, .nanoseconds(700))
        measured.record(.close, .seconds(7200))
        #expect(measured.value(of: .longest(.connect)) == 0)
        let hour = try #require(measured.value(of: .longest(.close)))
        #expect(abs(hour - 3600) < 4)
        #expect(measured.value(of: .mean(.request)) == nil)
    }

    @Test func `two threads' measurements are one's`() throws {
        var (one, other, both) = (Measurements(), Measurements(), Measurements())
        let offer = LoadOffer(.ticket, from: .rst)
        func fill(_ measured: inout Measurements, _ milliseconds: ClosedRange<Int>) {
            for time in milliseconds {
                measured.start(isLate: time.isMultiple(of: 2))
                measured.record(.connect, .milliseconds(time))
                measured.offered(offer)
                measured.handshake(time.isMultiple(of: 3) ? .full : .ticket, offer)
                measured.end(time.isMultiple(of: 5) ? .closedEarly : nil)
                measured.sent(10)
                measured.received(100)
            }
        }
        fill(&one, 1...30)
        fill(&other, 31...60)
        fill(&both, 1...60)
        (one.elapsed, other.elapsed, both.elapsed) = (.seconds(1), .seconds(2), .seconds(2))
        one.merge(other)
        let reports = [one, both].map { measured in
            var report = LoadReport()
            report.take(measured)
            return report
        }
        #expect(reports[0] == reports[1])
        #expect(one.started == 60 && one.lateStarts == 30 && one.done == 48 && one.failed(by: .closedEarly) == 12)
        #expect(one.offers(.ticket, from: .rst) == .init(offered: 60, accepted: 40, refused: 20))
        #expect(one.offers(.id) == .init() && one.offers() == one.offers(nil, from: .rst))
        #expect(one.bytesUp == 600 && one.bytesDown == 6000)
        #expect(try one.reaches(assertion("resumed > 0.66")) && !one.reaches(assertion("resumed > 0.67")))
        #expect(try one.reaches(assertion("errors == 12")) && one.reaches(assertion("error_rate <= 0.2")))
        #expect(try one.reaches(assertion("rate == 24")) && one.reaches(assertion("late == 0.5")))
        #expect(try one.reaches(assertion("p50(connect) < 31ms")) && !one.reaches(assertion("max(connect) < 50ms")))
    }

    @Test func `what a second shows is what the histogram of the whole says`() throws {
        var random = SeededRandom(5)
        var measured = Measurements()
        // More than are written down before they are counted, from microseconds to minutes.
        for _ in 0..<100_000 {
            measured.record(.ready, .microseconds(Int64(exp2(random.fraction() * 27))))
        }
        let report = LoadReport.Second(measured, at: .seconds(1), open: 0, busy: 0)
        let spread = try #require(report.ready)
        for (percent, found) in [(50, spread.p50), (90, spread.p90), (99, spread.p99), (100, spread.max)]
            as [(Double, UInt64)]
        {
            let value = try #require(measured.value(of: .percentile(percent, .ready)))
            #expect(UInt64((value * 1e6).rounded()) == found, "p\(percent)")
        }
        var twice = measured
        twice.merge(measured)
        #expect(twice.count(of: .ready) == 200_000)
        #expect(twice.value(of: .percentile(99, .ready)) == measured.value(of: .percentile(99, .ready)))
    }

    @Test func `what was never measured reaches nothing`() throws {
        let nothing = Measurements()
        for text in ["p99(ready) < 1h", "resumed >= 0", "error_rate < 1", "rate >= 0", "late < 1"] {
            #expect(try !nothing.reaches(assertion(text)), "\(text)")
        }
        #expect(try nothing.reaches(assertion("errors == 0")) && nothing.reaches(assertion("connections == 0")))
    }

    @Test func `the report holds every recorded time`() throws {
        var measured = Measurements()
        for time in [10, 10, 20, 5000] { measured.record(.ready, .microseconds(time)) }
        measured.start()
        measured.end(.connectRefused)
        measured.offered(LoadOffer(.statefulPSK, from: .fin))
        var report = LoadReport()
        report.take(measured)
        let read = try LoadReport(json: report.json())
        #expect(read == report)
        let ready = try #require(read.times["ready"])
        #expect(ready.histogram.count == 3 && ready.histogram.prefix(2) == [[10, 2], [20, 1]])
        #expect(ready.histogram.map { $0[1] }.reduce(0, +) == 4)
        #expect(
            Set(ready.percentiles.keys) == ["50", "75", "90", "99", "99.9", "99.99"] && ready.percentiles["75"] == 20)
        #expect(read.summary.failures == ["connect_refused": 1])
        let offer = try #require(read.summary.resumption.by.first)
        #expect(offer.kind == "psk_stateful" && offer.close == "fin" && offer.choice == "newest" && offer.offered == 1)
    }

    @Test func `a file that is no report is told where it is none`() throws {
        var report = LoadReport()
        report.format = 2
        let newer = try report.json()
        for (bytes, words) in [
            (Array("{".utf8), "no JSON"), (Array("{\"format\":1}".utf8), "is missing"),
            (Array("[]".utf8), "its whole"), (newer, "format 2"),
        ] {
            let fault = #expect(throws: LoadReport.ReadingError.self) { try LoadReport(json: bytes) }
            #expect(fault.map { "\($0)".contains(words) } == true, "\(String(describing: fault))")
        }
    }
}

extension Measurements {
    /// Adds a time of that length.
    mutating func record(_ measure: Measure, _ time: Duration) {
        record(measure, since: Instant(nanoseconds: 1), until: Instant(nanoseconds: 1) + time)
    }
}

import Foundation
import RepriseLoad
import RepriseTestSupport
import Testing

/// A report as text: the table at a run's end, and its seconds as CSV.
@Suite struct ReportTableTests {
    @Test(arguments: [1, 40, 80, 100, 132, 200, 1000])
    func `no line is longer than the terminal is wide`(width: Int) {
        let table = SampleReports.everything(seconds: 10).table(width: width)
        for line in table.split(separator: "\n") { #expect(line.count <= max(40, min(width, 200)), "\(line)") }
    }

    @Test func `a wide terminal shows more`() {
        let report = SampleReports.everything(seconds: 10)
        let (narrow, wide) = (report.table(width: 80), report.table(width: 200))
        #expect(!narrow.contains("p99.99") && wide.contains("p99.99"))
        #expect(wide.split(separator: "\n").count < narrow.split(separator: "\n").count)
    }

    @Test func `every figure of a run is in its table`() throws {
        var report = LoadReport()
        report.target = "tls://10.1.2.3:4433"
        report.command = ["reprise", "load", "tls://10.1.2.3:4433", "--name", "it's"]
        report.summary.elapsedSeconds = 12.5
        (report.summary.started, report.summary.done, report.summary.failed) = (1_234_567, 1_234_001, 561)
        (report.summary.late, report.summary.skipped, report.summary.unfinished) = (321, 654, 5)
        report.summary.failures = ["closed_early": 541, "broken": 20]
        report.summary.handshakes = ["full": 234_501, "psk": 999_999, "id": 0]
        report.summary.resumption.offered = 1_000_100
        report.summary.resumption.accepted = 999_998
        report.summary.resumption.refused = 97
        report.summary.resumption.withoutSession = 61
        report.summary.resumption.sessionsReceived = 2_468_002
        var offer = LoadReport.Offer()
        (offer.kind, offer.close, offer.choice) = ("psk_stateful", "notify-wait", "other-server")
        (offer.offered, offer.accepted, offer.refused) = (777, 555, 222)
        report.summary.resumption.by = [offer]
        (report.summary.requests, report.summary.bytesUp, report.summary.bytesDown) = (42_000, 5_242_880, 3_221_225_472)
        var times = LoadReport.Times()
        (times.count, times.mean, times.max) = (1_233_999, 823.4, 7_250_000)
        times.percentiles = ["50": 812, "75": 900, "90": 1500, "99": 12_340, "99.9": 123_456, "99.99": 1_500_000]
        report.times = ["ready": times]
        report.events = [.init(at: 3, command: "reload-it", status: 3)]
        report.server = [.init(name: "conns", before: 10, after: 1_234_577)]
        report.assertions = [
            .init(assertion: "p99(ready) < 10ms", found: 0.01234, holds: false),
            .init(assertion: "rate > 5", found: 98_720, holds: true),
            .init(assertion: "max(request) < 1s", found: nil, holds: false),
        ]
        report.generator.limits = ["The ports ran out."]
        let table = report.table(width: 80)
        for text in [
            "tls://10.1.2.3:4433", #"'it'\''s'"#, "12.5s", "1,234,567", "1,234,001", "98,720/s",
            "561 (0.05% of those started)",
            "321 (0.03% of those started)", "654", "closed_early", "541", "broken", "234,501", "999,999", "1,000,100",
            "999,998 (99.99%)", "97", "61", "2,468,002", "psk_stateful", "notify-wait", "other-server", "777", "555",
            "222", "71.43%", "42,000 (3,360.0/s)", "5.00MiB (410KiB/s)", "3.00GiB (246MiB/s)", "1,233,999", "823µs",
            "7.25s", "812µs", "1.50ms", "12.3ms", "123ms", "reload-it", "conns", "1,234,577", "1,234,567",
            "FAILED  p99(ready) < 10ms", "ok      rate > 5", "nothing was measured", "The ports ran out.",
        ] {
            #expect(table.contains(text), "\(text)")
        }
        let end = try #require(table.range(of: "CAUTION"))
        #expect(table[end.lowerBound...].split(separator: "\n").count < 5, "the last that is read")
    }

    @Test func `parts with nothing in them are left out`() {
        let table = LoadReport().table(width: 80)
        for title in [
            "Failures", "Times", "Events", "Assertions", "CAUTION", "Limit", "server", "Traffic", "Resumption",
        ] {
            #expect(!table.contains(title), "\(title)")
        }
    }

    @Test func `a report cannot write to the terminal what it obeys`() {
        var report = LoadReport()
        report.target = "tls://a\u{1B}[31m:1"
        report.generator.limits = ["\u{1B}]0;title\u{7}"]
        report.events = [.init(at: 0, command: "a\nb\u{202E}", status: 0)]
        let table = report.table(width: 80)
        #expect(!table.contains { $0 == "\u{1B}" || $0 == "\u{7}" || $0 == "\u{202E}" } && table.contains("a\u{FFFD}b"))
    }

    @Test func `CSV has a row for each second, as other programs read it`() throws {
        var report = SampleReports.run(seconds: 3)
        report.seconds[1].request = nil
        let csv = report.csv()
        #expect(csv.hasSuffix("\r\n") && csv.components(separatedBy: "\r\n").count == 5)
        let file = RepriseProcess.temporaryFolder().appending(path: "run.csv")
        defer { try? FileManager.default.removeItem(at: file.deletingLastPathComponent()) }
        try Data(csv.utf8).write(to: file)
        let read = try Shell.run([
            "python3", "-c",
            """
            import csv, sys
            rows = list(csv.DictReader(open(sys.argv[1], newline='')))
            for row in rows:
                assert None not in row and None not in row.values(), row
                print(row['at_s'], row['done'], row['busy_share'], row['ready_p99_us'], row['request_max_us'] or '-')
            """, file.path,
        ])
        let expected = report.seconds.map { second in
            "\(second.at) \(second.done) \(second.busy) \(second.ready?.p99 ?? 0) "
                + (second.request.map { "\($0.max)" } ?? "-") + "\n"
        }
        #expect(read.output == expected.joined(), "\(read.errors)")
        #expect(
            LoadReport().csv().hasPrefix("at_s,started,done,") && LoadReport().csv().hasSuffix("request_max_us\r\n"))
    }
}

import RepriseLoad
import Testing

/// Two runs side by side.
@Suite struct ReportComparisonTests {
    private func significance(_ name: String, _ comparison: LoadComparison) throws -> Significance {
        try #require(comparison.figures.first { $0.name == name }, "\(name)").significance
    }

    @Test func `a run does not differ from itself`() {
        let run = SampleReports.run(seconds: 12)
        let comparison = LoadComparison(run, run)
        for figure in comparison.figures {
            #expect(figure.significance != .standsOut && figure.ratio == 1, "\(figure)")
        }
        #expect(comparison.warnings.isEmpty && comparison.figures.count > 30)
    }

    @Test func `two runs of the same kind are within the noise`() throws {
        let comparison = LoadComparison(
            SampleReports.run(seconds: 20, seed: 1), SampleReports.run(seconds: 20, seed: 2))
        for name in ["rate", "resumed", "ready p50", "ready p99", "handshake.full p90", "ready mean"] {
            #expect(try significance(name, comparison) == .withinNoise, "\(name)")
        }
    }

    @Test func `clear differences stand out`() throws {
        let one = SampleReports.run(seconds: 12)
        var other = SampleReports.run(seconds: 12, rate: 500, slower: 1.3, seed: 9)
        other.summary.failed = other.summary.started / 10
        other.summary.resumption.accepted /= 2
        let comparison = LoadComparison(one, other)
        for name in ["rate", "errors", "resumed", "ready p50", "connect p50", "handshake.full p50"] {
            #expect(try significance(name, comparison) == .standsOut, "\(name)")
        }
        let median = try #require(comparison.figures.first { $0.name == "ready p50" }?.ratio)
        #expect(abs(median - 1.3) < 0.1)
        let text = try #require(one.table(width: 100).split(separator: "\n").first { $0.contains("  ready ") })
        for figure in comparison.figures where ["ready p50", "ready p99", "ready max"].contains(figure.name) {
            let word = try #require(
                comparison.table(width: 80).split(separator: "\n").first { $0.contains("  \(figure.name) ") }
            ).split(separator: " ")[2]
            #expect(text.contains(" \(word)"), "\(figure.name): \(word) in both tables")
        }
        #expect(try significance("ready max", comparison) == .tooFew)
    }

    @Test func `runs that are too short say so`() throws {
        let short = SampleReports.run(seconds: 5, rate: 20)
        let comparison = LoadComparison(short, SampleReports.run(seconds: 30, rate: 20))
        #expect(try significance("rate", comparison) == .tooFew)
        #expect(try significance("ready p99.9", comparison) == .tooFew)
        // Five whole seconds are left of six.
        let six = SampleReports.run(seconds: 6)
        #expect(try significance("rate", LoadComparison(six, six)) == .withinNoise)
        let nothing = LoadComparison(LoadReport(), LoadReport())
        #expect(nothing.figures.map(\.significance) == [.tooFew, .tooFew, .tooFew])
        #expect(nothing.table(width: 80).contains("too few to tell"))
    }

    @Test func `a second that the end has cut off is no second`() throws {
        var one = SampleReports.run(seconds: 6)
        one.seconds[5].at = 5.2
        #expect(try significance("rate", LoadComparison(one, one)) == .tooFew)
    }

    @Test func `the table fits, names the ratio, and asks for more runs`() {
        let table = LoadComparison(SampleReports.run(seconds: 12), SampleReports.run(seconds: 12, slower: 2))
            .table(width: 80)
        for line in table.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        for text in ["b/a", "stands out", "within the noise", "handshake.ticket p99.9", "interleave"] {
            #expect(table.contains(text), "\(text)")
        }
        #expect(!table.contains("CAUTION"))
    }

    @Test func `runs that are not alike are not compared in silence`() {
        var one = SampleReports.run(seconds: 2)
        one.settings = ["loop": "open, 400/s"]
        var other = one
        other.target = "tls://other:1"
        other.settings = ["loop": "closed", "connections": "9"]
        other.command = ["reprise", "load", "tls://other:1", "--connections", "9", "--json", "out.json"]
        other.environment.libssl = "OpenSSL 3.5.0"
        other.environment.cores = 4
        other.generator.limits = ["The ports ran out."]
        let table = LoadComparison(one, other).table(width: 200)
        for text in [
            "Another target", "open, 400/s", "“closed”", "Other connections", "OpenSSL 3.5.0", "The ports ran out.",
            "Another number of cores",
        ] {
            #expect(table.contains(text), "\(text)")
        }
        #expect(!table.contains("out.json"), "where a report goes is no setting")
        other = one
        other.command += ["--json", "--seed", "9", "--html=b.html"]
        #expect(LoadComparison(one, other).warnings.isEmpty)
        other.settings["requests"] = "3"
        #expect(LoadComparison(one, other).warnings == ["Other requests: a has nothing, b has “3”."])
    }
}

import RepriseMetrics
import RepriseVocabulary
import Testing

@Suite struct MetricCatalogTests {
    @Test(arguments: MetricCatalog.all.map(\.name))
    func `a name follows the conventions of Prometheus`(_ name: String) throws {
        let metric = try #require(MetricCatalog.all.first { $0.name == name })
        #expect(name.wholeMatch(of: /(reprise|process)_[a-z0-9]+(_[a-z0-9]+)*/) != nil)
        #expect(name.hasSuffix("_total") == (metric.kind == .counter))
        #expect(name.contains("_seconds") == (metric.unit == .seconds))
        #expect(name.contains("_bytes") == (metric.unit == .bytes))
        #expect(metric.help.hasSuffix("."))
        for label in metric.labels { #expect(label.name.wholeMatch(of: /[a-z]+/) != nil && label.name != "le") }
    }

    /// Prometheus' own linter (`promtool check metrics`) asks for this; it is not on every machine.
    @Test(arguments: MetricCatalog.all.map(\.name))
    func `a name has base units, no abbreviations, no word for its kind and no ending of another kind`(
        _ name: String
    ) throws {
        let metric = try #require(MetricCatalog.all.first { $0.name == name })
        let words = name.split(separator: "_").map(String.init)
        for word in words {
            let isScaled = Self.prefixes.contains { prefix in
                Self.units.contains { word == prefix + $0 } && !(prefix.isEmpty && Self.baseUnits.contains(word))
            }
            #expect(!isScaled, "\(word) is no base unit")
        }
        #expect(Set(words.dropFirst()).isDisjoint(with: ["counter", "gauge", "histogram", "summary", "untyped"]))
        let abbreviations = ["s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d"]
        #expect(Set(words.dropFirst()).isDisjoint(with: abbreviations))
        #expect(!["bucket", "count", "sum"].contains(words.last))
        #expect(!name.contains(":") && name == name.lowercased() && !metric.help.isEmpty)
        for label in metric.labels { #expect(!["le", "quantile"].contains(label.name)) }
    }

    private static let baseUnits = [
        "amperes", "bytes", "celsius", "grams", "joules", "kelvin", "meters", "metres", "moles", "seconds", "volts",
    ]
    private static let units =
        baseUnits + ["bits", "days", "fahrenheit", "feet", "gallons", "hours", "inches", "minutes", "weeks", "years"]
    private static let prefixes = [
        "", "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega", "mebi", "giga",
        "gibi", "tera", "tebi", "peta", "pebi",
    ]

    @Test func `every metric has a name of its own`() {
        #expect(Set(MetricCatalog.all.map(\.name)).count == MetricCatalog.all.count)
    }

    @Test func `the series of closed lists stand in the lists' order`() {
        #expect(
            MetricCatalog.connectionEndings.series(open: ["web"])
                == Ending.Kind.words.map { ["web", $0] })
        #expect(
            MetricCatalog.handshakesFailed.series(open: ["web"])[HandshakeFailure.Kind.malformed.index]
                == ["web", "malformed"])
        let completed = MetricCatalog.handshakesCompleted.series(open: ["web"])
        #expect(completed.count == 16)
        #expect(completed[3] == ["web", "TLSv1", "psk"])
        #expect(completed[4] == ["web", "TLSv1.1", "no"])
    }
}

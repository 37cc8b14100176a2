import RepriseLoad
import RepriseVocabulary
import Testing

/// What the command line of a load test says, and where it goes wrong.
@Suite struct LoadPlanTests {
    /// The column of the fault, and its message.
    private func fault<Value>(_ read: () throws(ParseFault) -> Value) -> (column: Int, message: String)? {
        do {
            _ = try read()
            return nil
        } catch {
            return (error.column, error.message)
        }
    }

    @Test func `a target has a host, a port and perhaps a path`() throws {
        let plain = try LoadTarget(parsing: "tls://db.example.test:6380")
        #expect(plain.serverName == "db.example.test" && plain.port == 6380 && plain.path == nil)
        let page = try LoadTarget(parsing: "https://Example.test/a/b?c=d")
        #expect(page.serverName == "example.test" && page.port == 443 && page.path == "/a/b?c=d")
        let address = try LoadTarget(parsing: "https://[::1]:8443")
        #expect(address.serverName == nil && address.port == 8443 && address.path == "/")
        #expect(try LoadTarget(parsing: "tls://127.0.0.1:1").host == .address(.loopback4))
    }

    @Test(arguments: [
        ("http://a.test", 0), ("a.test:443", 0), ("tls://a.test", 12), ("tls://a.test:", 13), ("tls://a.test:0", 13),
        ("tls://a.test:65536", 13), ("tls://:443", 6), ("tls://a b:443", 6), ("https://[::1", 8),
        ("tls://a.test:1/x", 14),
        ("https://a.test/ä", 15), ("https://a..test/", 8), ("https://a.test x", 8),
    ])
    func `a target that is none is pointed at`(text: String, column: Int) {
        #expect(fault { () throws(ParseFault) in try LoadTarget(parsing: text) }?.column == column)
    }

    @Test func `a rate is constant or rises, and the start of each connection follows from its number alone`() throws {
        let steady = try LoadRate(parsing: "2000/s")
        #expect(steady.start(of: 0) == .zero && steady.start(of: 4000) == .seconds(2))
        let rising = try LoadRate(parsing: "100..500/s over 10s")
        // 3,000 begin while it rises, and from then on 500 in a second.
        #expect(rising.start(of: 3000) == .seconds(10) && rising.start(of: 3500) == .seconds(11))
        let starts = (0...3500).map { rising.start(of: Double($0)) }
        #expect(zip(starts, starts.dropFirst()).allSatisfy { $0 < $1 })
        #expect(abs((starts[1] - starts[0]).seconds - 0.01) < 0.0001)
        let falling = try LoadRate(parsing: "500..100/s over 10s")
        #expect(abs(falling.start(of: 3000).seconds - 10) < 1e-6)
        #expect(try LoadRate(parsing: "0.5/s").start(of: 1) == .seconds(2))
        // 100, 200 and 300 in a second, ten seconds each; the last rate stays.
        let stairs = try LoadRate(parsing: "100..300/s over 30s in 3 steps")
        #expect(stairs.start(of: 999) == .milliseconds(9990) && stairs.start(of: 1000) == .seconds(10))
        #expect(stairs.start(of: 1200) == .seconds(11) && stairs.start(of: 6000) == .seconds(30))
        #expect(stairs.start(of: 9000) == .seconds(40))
        #expect(try LoadRate(parsing: "5..5/s over 1m").start(of: 5) == .seconds(1))
    }

    @Test func `rates follow each other, and the last one stays`() throws {
        let rates = try ["10..10/s over 2s", "1..1/s over 10s", "100..50/s over 1s"].map { try LoadRate(parsing: $0) }
        var schedule = LoadSchedule(LoadProfile(rates), .constant, seed: 1)
        let starts = (0..<156).map { _ in schedule.next().seconds }
        #expect(starts[19] == 1.9 && starts[20] == 2 && starts[29] == 11 && starts[30] == 12)
        // 75 begin in its last second, and then 50 in each.
        #expect(abs(starts[105] - 13) < 1e-6 && abs(starts[155] - 14) < 1e-6, "\(starts[105]) \(starts[155])")
    }

    @Test(arguments: [
        ("", 0), ("fast", 0), ("0/s", 0), ("2000", 4), ("2000/m", 4), ("2000/s ", 6), ("100..500/s", 10), ("100..", 5),
        ("1..2/s over", 11), ("1..2/s over 3", 13), ("1..2/s over 3y", 13), ("1..2/s over 0s", 14), ("1.2.3/s", 0),
        ("0.0001/s", 0), ("20000001/s", 0), ("-5/s", 0), ("1..2/s over 3s by", 15), ("1..2/s over 3s in 1 steps", 18),
        ("1..2/s over 3s in 2", 19), ("1..2/s over 3s in 2.5 steps", 18), ("1..2/s over 3s in 2000 steps", 18),
    ])
    func `a rate that is none is pointed at`(text: String, column: Int) {
        #expect(fault { () throws(ParseFault) in try LoadRate(parsing: text) }?.column == column, "\(text)")
    }

    @Test func `connections that come by chance keep their rate, and are the same for the same seed`() throws {
        var one = LoadSchedule(LoadProfile(LoadRate(1000)), .poisson, seed: 7)
        var same = LoadSchedule(LoadProfile(LoadRate(1000)), .poisson, seed: 7)
        var other = LoadSchedule(LoadProfile(LoadRate(1000)), .poisson, seed: 8)
        let starts = (0..<20_000).map { _ in one.next() }
        #expect(starts.prefix(100) == (0..<100).map { _ in same.next() }[...] && starts[0] != other.next())
        #expect(abs(starts[19_999].seconds - 20) < 0.6)
        // Of exponential distances 36.8 % are longer than the mean.
        let longer = zip(starts, starts.dropFirst()).count { ($1 - $0).seconds > 0.001 }
        #expect(abs(Double(longer) / 20_000 - 0.368) < 0.02)
        var even = LoadSchedule(LoadProfile(LoadRate(1000)), .constant, seed: 7)
        #expect((0..<3).map { _ in even.next() } == [.zero, .milliseconds(1), .milliseconds(2)])
    }

    @Test func `a mix is picked from as its shares say`() throws {
        let mix = try Mix<CloseKind>(parsing: "notify:0.7,rst:0.2,notify-wait:0.1")
        var random = SeededRandom(1)
        var counts: [CloseKind: Int] = [:]
        for _ in 0..<10_000 { counts[mix.pick(&random), default: 0] += 1 }
        #expect(abs((counts[.notify] ?? 0) - 7000) < 200 && abs((counts[.rst] ?? 0) - 2000) < 200, "\(counts)")
        #expect(counts[.fin] == nil && counts.values.reduce(0, +) == 10_000)
        #expect(try Mix<HandshakeKind>(parsing: "psk") == Mix(.psk))
    }

    @Test(arguments: [
        ("", 0), ("nothing", 0), ("notify:", 7), ("notify:2", 0), ("notify:0.5", 10), ("notify:0.5,fin:0.4", 18),
        ("notify:0.5,", 11), ("notify:0.5,notify:0.5", 11), ("notify,fin", 6), ("notify:0.5;fin:0.5", 10),
    ])
    func `a mix that does not add up is pointed at`(text: String, column: Int) {
        #expect(fault { () throws(ParseFault) in try Mix<CloseKind>(parsing: text) }?.column == column, "\(text)")
    }

    @Test func `an assertion compares a time or a figure with a bound`() throws {
        let time = try LoadAssertion(parsing: "p99.9(handshake.full) < 20ms")
        #expect(time.value == .percentile(99.9, .handshakeFull) && time.bound == 0.02)
        #expect(time.holds(for: 0.019) && !time.holds(for: 0.02))
        let share = try LoadAssertion(parsing: "resumed>=0.95")
        #expect(try LoadAssertion(parsing: "p99<50ms").value == .percentile(99, .ready))
        #expect(share.value == .figure(.resumed) && share.holds(for: 0.95) && !share.holds(for: 0.94))
        #expect(try LoadAssertion(parsing: " max(first_byte) <= 1.5s ").value == .longest(.firstByte))
        #expect(try LoadAssertion(parsing: "errors == 0").holds(for: 0))
        #expect(try LoadAssertion(parsing: "resumed(forged) == 0").value == .resumed("forged"))
    }

    @Test(arguments: [
        ("", 0), ("p99 1ms", 4), ("p101(connect) < 1ms", 0), ("p99(connct) < 1ms", 4), ("p99(connect < 1ms", 11),
        ("p99(connect) ~ 1ms", 13), ("p99(connect) < 1", 16), ("p99(connect) < ms", 15), ("resumed > 0.9 now", 14),
        ("error_rate < 5", 13), ("resumed > 95", 10), ("p0x10 < 1ms", 0), ("resumed > 5ms", 10), ("errors > 5ms", 10),
        ("speed > 1", 0),
        ("resumed(old) > 1", 8), ("resumed(rst > 1", 11),
    ])
    func `an assertion that does not parse is pointed at`(text: String, column: Int) {
        #expect(fault { () throws(ParseFault) in try LoadAssertion(parsing: text) }?.column == column, "\(text)")
    }

    @Test func `names come in lists and by numbers, and some more often than others`() throws {
        #expect(
            try LoadWords.names("a.test, B.test,,c{8..10}.test") == [
                "a.test", "b.test", "c8.test", "c9.test", "c10.test",
            ])
        for (text, column) in [("", 0), ("a..b", 0), ("a.test,b{1..}", 8), ("x{2..1}", 1), ("x{1..200000}", 1)] {
            #expect(fault { () throws(ParseFault) in try LoadWords.names(text) }?.column == column, "\(text)")
        }
        func shares(_ choice: String) throws -> [Double] {
            let draw = NameDraw(try NameChoice(parsing: choice), among: 10)
            var random = SeededRandom(3)
            var counts = [Double](repeating: 0, count: 10)
            for _ in 0..<20_000 { counts[draw.pick(&random)] += 1 }
            return counts.map { $0 / 20_000 }
        }
        #expect(try shares("uniform").allSatisfy { abs($0 - 0.1) < 0.01 })
        // 1/n over the sum of 1/1 … 1/10, which is 2.929.
        let zipf = try shares("zipf")
        #expect(abs(zipf[0] - 0.3414) < 0.015 && abs(zipf[1] - 0.1707) < 0.015 && abs(zipf[9] - 0.0341) < 0.01)
        #expect(try shares("zipf:3")[0] > 0.8)
        var random = SeededRandom(3)
        let draw = NameDraw(.zipf(1), among: 3)
        #expect((0..<100).allSatisfy { _ in draw.pick(otherThan: 0, &random) != 0 })
        for (text, column) in [("zip", 0), ("zipf:", 5), ("zipf:0", 5), ("zipf:x", 5), ("uniform:1", 7)] {
            #expect(fault { () throws(ParseFault) in try NameChoice(parsing: text) }?.column == column, "\(text)")
        }
    }

    @Test func `a command has a time`() throws {
        let event = try LoadScript.Event(parsing: "1.5s: kill -HUP 7")
        #expect(event.at == .milliseconds(1500) && event.command == "kill -HUP 7")
        for (text, column) in [("", 0), ("5:x", 1), ("5s", 2), ("5s:", 3), ("kill", 0)] {
            #expect(fault { () throws(ParseFault) in try LoadScript.Event(parsing: text) }?.column == column, "\(text)")
        }
    }

    @Test func `units are needed, and shares are none above one`() throws {
        #expect(try LoadWords.bytes("64KiB") == 65_536 && LoadWords.share("0.25") == 0.25)
        #expect(try LoadWords.duration("0s") == .zero && LoadWords.countOrNone("0") == 0)
        #expect(fault { () throws(ParseFault) in try LoadWords.duration("10") }?.column == 2)
        #expect(fault { () throws(ParseFault) in try LoadWords.positiveDuration("0s") }?.column == 0)
        #expect(fault { () throws(ParseFault) in try LoadWords.share("1.5") }?.column == 0)
        #expect(fault { () throws(ParseFault) in try LoadWords.count("0") }?.column == 0)
        #expect(fault { () throws(ParseFault) in try LoadWords.bytes("many") }?.column == 0)
        #expect(fault { () throws(ParseFault) in try LoadWords.field("no field") }?.column == 0)
        #expect(fault { () throws(ParseFault) in try LoadWords.field("a: b\r\nc: d") }?.column == 4)
    }

    @Test func `a fault shows the place`() {
        let text = "\(ParseFault("20x0/s", at: 2, "expected \"/s\""))"
        #expect(text == "expected \"/s\"\n    20x0/s\n      ^")
    }
}

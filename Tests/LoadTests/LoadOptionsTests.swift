import RepriseLoad
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// What options mean beside each other, and which contradict.
@Suite struct LoadOptionsTests {
    private static func options(
        _ target: String = "tls://127.0.0.1:1", _ change: (inout LoadOptions) throws -> Void = { _ in }
    ) throws -> LoadOptions {
        var options = LoadOptions(try LoadTarget(parsing: target))
        options.tls.isInsecure = true
        try change(&options)
        return options
    }

    private static func plan(
        _ target: String = "tls://127.0.0.1:1", _ change: (inout LoadOptions) throws -> Void = { _ in }
    ) throws -> LoadPlan {
        try options(target, change).plan()
    }

    @Test func `without options it is full handshakes in a closed loop, bounded in time and number`() throws {
        let plan = try Self.plan()
        #expect(plan.handshake == Mix(.full) && plan.pace == .closed && plan.errand.task == .nothing)
        #expect(
            plan.clients == 10 && plan.threads == 1 && plan.duration == .seconds(10) && plan.connections == 1_000_000)
        let page = try Self.plan("https://127.0.0.1:8443/x")
        let request = HTTPRequest(path: "/x", host: "127.0.0.1:8443")
        #expect(page.errand.task == .requests(request, count: 1, pause: .zero))
        #expect(String(decoding: request.bytes(forName: 0), as: UTF8.self).contains("\r\nHost: 127.0.0.1:8443\r\n"))
    }

    @Test func `a share that resumes does so in the way of its version`() throws {
        #expect(try Self.plan { $0.resume = 1 }.handshake == Mix(.psk))
        let mix = try Self.plan {
            $0.resume = 0.7
            $0.tls.versionWord = "1.2"
        }.handshake
        #expect(mix.parts.map(\.kind) == [.full, .ticket] && abs(mix.parts[1].share - 0.7) < 1e-9)
    }

    @Test func `a rate opens the loop, and a search begins with one`() throws {
        let open = try Self.plan { $0.rate = LoadRate(50) }
        #expect(open.pace == .open(LoadProfile(LoadRate(50)), .constant) && open.clients == 1000)
        let search = try Self.options { $0.search = try LoadAssertion(parsing: "p99(ready) < 50ms") }
        let plan = try search.plan()
        #expect(plan.pace == .open(LoadProfile(LoadRate(100)), .constant) && plan.duration == .seconds(180))
        #expect(plan.connections == .max && search.script().search?.description == "p99(ready) < 50ms")
    }

    @Test func `names are asked for, and addresses are not`() throws {
        #expect(try Self.plan().errand.names.map(\.asked) == [nil])
        #expect(try Self.plan().errand.names.map(\.verified) == ["127.0.0.1"])
        #expect(try Self.plan("tls://localhost:1").errand.names.map(\.asked) == ["localhost"])
        #expect(try Self.plan { $0.names = ["a.test", "b.test"] }.errand.names.map(\.asked) == ["a.test", "b.test"])
        let cluster = try Self.plan { $0.peers = ["127.0.0.2:2", "localhost:3"] }
        #expect(cluster.errand.servers.count == 3)
    }

    private static let contradictions: [(String, @Sendable (inout LoadOptions) throws -> Void)] = [
        ("--handshake and --resume", { ($0.handshake, $0.resume) = (Mix(.psk), 0.5) }),
        ("--rate and --ramp", { ($0.rate, $0.ramps) = (LoadRate(1), [LoadRate(2)]) }),
        ("--ramp needs its time", { $0.ramps = [LoadRate(5)] }),
        ("--step is of --find-limit", { $0.step = .seconds(1) }),
        ("--arrivals needs", { $0.arrivals = .poisson }),
        ("other-name needs at least two", { $0.choice = Mix(.otherName) }),
        ("other-server needs a --peer", { $0.choice = Mix(.otherServer) }),
        ("--handshake psk is of TLSv1.3", { ($0.handshake, $0.tls.versionWord) = (Mix(.psk), "1.2") }),
        ("--handshake id is of TLSv1.2", { ($0.handshake, $0.tls.versionWord) = (Mix(.id), "1.3") }),
        ("expected 1.2 or 1.3", { $0.tls.versionWord = "1.1" }),
        ("--requests needs an https:// target", { $0.requests = 1 }),
        ("--groups", { $0.tls.groups = "X25519:nonsense" }),
        ("--ciphers", { $0.tls.ciphers = "NOTHING" }),
        ("--key needs a --cert", { $0.tls.key = "/x" }),
        ("--insecure and --ca", { $0.tls.authorities = "/x" }),
        ("expected v1 or v2", { $0.header = "v3" }),
        ("--header Host", { $0.fields = ["host: b.test"] }),
        ("can come from there", { $0.sources = ["::1"] }),
        ("expected an address", { $0.sources = ["nowhere"] }),
        ("expected host:port", { $0.peers = ["nowhere"] }),
    ]

    @Test(arguments: contradictions.indices)
    func `what contradicts is told by its options`(index: Int) throws {
        let (words, change) = Self.contradictions[index]
        let fault = #expect(throws: LoadFault.self) { try Self.plan("tls://127.0.0.1:1", change) }
        #expect(fault?.kind == .words && fault?.description.contains(words) == true, "\(String(describing: fault))")
    }

    @Test func `plain bytes need a target that takes them`() throws {
        for change in [{ $0.up = 1 }, { $0.down = 1 }] as [(inout LoadOptions) -> Void] {
            let fault = #expect(throws: LoadFault.self) { try Self.plan("https://127.0.0.1:1", change) }
            #expect(fault?.kind == .words)
        }
    }

    @Test func `files that cannot be read, and names without an address, are the system's fault`() throws {
        let changes: [(inout LoadOptions) -> Void] = [
            { ($0.tls.isInsecure, $0.tls.authorities) = (false, "/nowhere/ca.pem") },
            { $0.tls.certificate = "/nowhere" },
            { $0.peers = ["name.invalid:1"] },
        ]
        for change in changes {
            let fault = #expect(throws: LoadFault.self) { try Self.plan("tls://127.0.0.1:1", change) }
            #expect(fault?.kind == .system, "\(String(describing: fault))")
        }
        let fault = #expect(throws: LoadFault.self) { try LoadOptions.names(ofFile: "/nowhere") }
        #expect(fault?.kind == .system)
    }

    @Test func `counters are read from both of Prometheus' formats, and nothing else is`() {
        let counters = ServerCounts.counters(
            in: """
                # TYPE a_total counter
                a_total{x="1 2}"} 3 1395066363002
                # TYPE b counter
                b_total 4
                b_created 1.5e9
                # TYPE c gauge
                c 5
                # TYPE d_total counter
                d_total NaN
                d_total{y="z"} +Inf
                e_total 6
                """)
        #expect(counters == ["a_total{x=\"1 2}\"}": 3, "b_total": 4], "\(counters)")
    }

    @Test func `text of others loses what a terminal would obey`() {
        #expect(PlainText.clean("a\u{1b}]0;x\u{7}\nb\u{202e}c") == "a\u{fffd}]0;x\u{fffd}\nb\u{fffd}c")
    }
}

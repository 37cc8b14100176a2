import RepriseConfiguration
import RepriseVocabulary
import Testing

@Suite struct PlanTests {
    @Test func `two files that say the same make the same plan, wherever things stand`() {
        let one = load(configuration()).plan
        let other = load("# a comment\n\n" + configuration(listener: "mode: tcp")).plan
        #expect(one != nil && one == other)
        #expect(one != load(configuration(listener: "timeouts: { idle: 1m }")).plan)
    }

    @Test func `a listener's sessions override the defaults key by key`() throws {
        let text = configuration(
            top: "sessions: { lifetime: 1h, tickets: { full: 3 } }", listener: "sessions: { tickets: { delay: 5ms } }")
        let sessions = try #require(load(text).plan?.listeners.first?.sessions)
        #expect(sessions.lifetime == .seconds(3600))
        #expect(sessions.tickets.full == 3 && sessions.tickets.delay == .milliseconds(5))
    }

    @Test func `servers may be texts or mappings, addresses or names`() throws {
        let text = configuration().replacing(
            "[\"127.0.0.1:8080\"]",
            with:
                "[\"[::1]:1\", \"unix:/run/a.sock\", \"app.internal:80\", { id: b, address: \"127.0.0.1:2\", weight: 3 }]"
        )
        let servers = try #require(load(text).plan?.upstreams.first?.servers)
        #expect(servers.map(\.id) == ["[::1]:1", "unix:/run/a.sock", "app.internal:80", "b"])
        #expect(servers.map(\.weight) == [1, 1, 1, 3])
    }

    @Test func `a group balances as it says, in turns where it says nothing`() throws {
        func upstream(_ lines: String) throws -> UpstreamPlan {
            try #require(load(configuration(upstream: lines)).plan?.upstreams.first)
        }
        let standard = try upstream("")
        #expect(standard.balance == .roundRobin && standard.hashKey == .client && standard.hashBound == .share(1.25))
        for policy in BalancePolicy.allCases { #expect(try upstream("balance: \(policy.word)").balance == policy) }
        let hash = "balance: consistent_hash\n    "
        for key in HashKey.allCases { #expect(try upstream(hash + "hash_by: \(key.word)").hashKey == key) }
        #expect(try upstream(hash + "hash_max_load: unlimited").hashBound == .unlimited)
        #expect(try upstream(hash + "hash_max_load: 1").hashBound == .share(1))
        #expect(try upstream(hash + "hash_max_load: \"1.5\"").hashBound == .share(1.5))
        #expect(load(configuration(upstream: hash + "hash_max_load: 2.5")).warnings.isEmpty)
        for value in ["0.9", "-1", "inf", "nan", "much"] {
            #expect(load(configuration(upstream: hash + "hash_max_load: \(value)")).faults.count == 1, "\(value)")
        }
        #expect(LoadBound.share(2).description == "2" && LoadBound.share(1.25).description == "1.25")
    }

    @Test(arguments: ["hash_by: sni", "hash_max_load: 2", "balance: random\n    hash_by: client"])
    func `an option of a hash is a warning where nothing is hashed`(_ lines: String) {
        let loaded = load(configuration(upstream: lines))
        #expect(loaded.faults.isEmpty)
        #expect(loaded.warnings.map(\.message) == ["has no effect without \"balance: consistent_hash\""])
    }

    @Test func `versions may be written without quotes`() {
        let loaded = load(configuration(tls: "minimum_version: 1.2"))
        #expect(loaded.faults.isEmpty)
        #expect(loaded.plan?.listeners.first?.tls.minimumVersion?.value == .tls1_2)
    }

    @Test func `the profile old is a warning`() {
        #expect(load(configuration(tls: "profile: old")).warnings.count == 1)
        #expect(load(configuration(tls: "profile: modern")).warnings.isEmpty)
    }
}

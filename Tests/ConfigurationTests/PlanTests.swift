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

import RepriseEventLoop
import RepriseMetrics
import RepriseProxy
import RepriseRouting
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Checks of a server with several addresses.
@Suite struct HealthWatchTests {
    @Test func `an address that does not answer leaves the next one its share of the check's time`() throws {
        let (hole, good) = (ConnectRaceTests.Hole(), TestUpstream.echo())
        let endpoints = [hole.port, good.port].map { Endpoint.ip(.loopback4, port: $0) }
        var rules = HealthRules()
        var check = HealthCheck()
        (check.timeout, check.interval) = (.seconds(2), .seconds(60))
        rules.check = check
        let group = UpstreamGroup(name: "app", servers: [UpstreamServer(id: "a", endpoints: endpoints)], health: rules)
        let results = Locked<[CheckResult]>([])
        let loop = try EventLoop(name: "test")
        try loop.start()
        // nonisolated(unsafe): touched on the loop alone.
        nonisolated(unsafe) var watch: HealthWatch?
        loop.execute {
            watch = HealthWatch(on: loop) { _, _, result in results.withLock { $0.append(result) } }
            watch?.watch([group], UpstreamTransports())
        }
        #expect(eventually { results.withLock { $0 } == [.good] })
        #expect(eventually { good.accepted == 1 } && group.conditions[0].condition.state == .up)
        loop.execute {
            watch?.stop()
            watch = nil
            loop.stop()
        }
        loop.join()
        withExtendedLifetime(hole) {}
    }
}

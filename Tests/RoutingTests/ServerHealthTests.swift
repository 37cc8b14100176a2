import RepriseVocabulary
import Testing

@testable import RepriseRouting

private func second(_ number: Double) -> Instant { Instant(nanoseconds: UInt64(1e12 + number * 1e9)) }

private func rules(_ change: (inout HealthRules) -> Void = { _ in }) -> HealthRules {
    var rules = HealthRules()
    change(&rules)
    return rules
}

private func healthy(
    _ servers: [UpstreamServer], _ policy: BalancePolicy = .roundRobin, _ rules: HealthRules = HealthRules(),
    loads: GroupLoads = GroupLoads()
) -> UpstreamGroup {
    let group = UpstreamGroup(name: "g", servers: servers, balancing: Balancing(policy), health: rules, loads: loads)
    group.takeEffect()
    return group
}

extension UpstreamGroup {
    fileprivate func fails(_ index: Int, times: Int = 1, at now: Instant = second(0)) -> [ServerChange] {
        (0..<times).compactMap { _ in failed(index, .timeout, at: now) }
    }

    fileprivate func states() -> [ServerState] { conditions.map(\.condition.state) }

    fileprivate func reached(_ count: Int, at now: Instant = second(0)) -> [Int] {
        (0..<count).map { number in
            var selection = begin(hash: hash(number))
            defer { selection.end() }
            return selection.next(at: now)?.index ?? -1
        }
    }
}

extension UpstreamGroup.Selection {
    fileprivate var firstEndpoint: Endpoint? {
        var selection = self
        defer { selection.end() }
        return selection.next(at: second(0))?.endpoint
    }
}

/// Servers that do not take connections get none for a while; what checks and operators say counts for all workers.
@Suite struct ServerHealthTests {
    private static let policies = BalancePolicy.allCases

    @Test(arguments: policies) func `a server that fails twice in a row gets nothing more`(policy: BalancePolicy) {
        let group = healthy(servers(4), policy)
        #expect(group.fails(1) == [])
        let change = ServerChange(server: "s1", before: .up, now: .ejected, reason: "connecting has failed: timeout")
        #expect(group.fails(1) == [change])
        #expect(!group.reached(200).contains(1))
        #expect(group.states() == [.up, .ejected, .up, .up])
    }

    @Test func `who finds all of them down is told when checks may bring one back`() {
        let group = healthy(servers(2), .roundRobin, rules { $0.check = HealthCheck() })
        let interval = HealthCheck().interval
        #expect(group.retryAfter(at: second(2)) == .zero)
        _ = group.checked(0, "bad", at: second(0))
        #expect(group.retryAfter(at: second(2)) == .zero)
        _ = group.checked(1, "bad", at: second(0))
        #expect(group.retryAfter(at: second(2)) == interval * 2)
        _ = group.checked(1, nil, at: second(1))
        #expect(group.retryAfter(at: second(2)) == interval)
        _ = group.setDrained(1, true, at: second(2))
        #expect(group.retryAfter(at: second(2)) == interval * 2)
        _ = group.setDrained(0, true, at: second(2))
        #expect(group.retryAfter(at: second(2)) == nil)
    }

    @Test func `who finds all of them ejected or down is told when the first may come back`() {
        let group = healthy(servers(2), .roundRobin, rules { $0.check = HealthCheck() })
        _ = group.fails(1)
        _ = group.fails(1)
        #expect(group.retryAfter(at: second(0)) == .zero)
        _ = group.checked(0, "bad", at: second(0))
        let end = group.nextProbe ?? second(0)
        #expect(end > second(0) && group.retryAfter(at: second(0)) == end - second(0))
        #expect(group.retryAfter(at: end + .seconds(1)) == .zero)
    }

    @Test func `a success between keeps it in`() {
        let group = healthy(servers(2))
        for _ in 0..<10 {
            #expect(group.fails(0) == [])
            #expect(group.connected(0, after: .milliseconds(1), at: second(0)) == nil)
        }
    }

    @Test func `half of a window's connects are too many, once they are enough to tell`() {
        let group = healthy(servers(2), .roundRobin, rules { $0.ejection.failures = 0 })
        for number in 0..<9 {
            #expect(group.fails(0, at: second(Double(number) / 10)) == [])
            _ = group.connected(0, after: .zero, at: second(Double(number) / 10))
        }
        #expect(group.fails(0, at: second(1)) == [])
        #expect(group.fails(0, at: second(1)).count == 1)
        // What lies in a window before counts no more.
        let other = healthy(servers(2), .roundRobin, rules { $0.ejection.failures = 0 })
        #expect(other.fails(0, times: 19, at: second(0)) == [] && other.fails(0, at: second(10)) == [])
    }

    @Test func `a connect that takes too long is a failure, where that is said`() {
        let slow = healthy(servers(2), .roundRobin, rules { $0.ejection.latency = .milliseconds(100) })
        _ = slow.connected(0, after: .milliseconds(101), at: second(0))
        #expect(slow.connected(0, after: .milliseconds(101), at: second(0))?.now == .ejected)
        let patient = healthy(servers(2))
        for _ in 0..<9 { #expect(patient.connected(0, after: .seconds(4), at: second(0)) == nil) }
    }

    @Test(arguments: [(10, 5), (3, 1), (2, 1), (1, 0)])
    func `no more than half of the group is ejected`(count: Int, most: Int) {
        let group = healthy(servers(count))
        for index in 0..<count { _ = group.fails(index, times: 5) }
        #expect(group.states().count { $0 == .ejected } == most)
    }

    @Test func `where all others have been tried, an ejected one is tried all the same`() {
        let group = healthy(servers(2))
        _ = group.fails(1, times: 2)
        var selection = group.begin()
        #expect(selection.next(at: second(0))?.index == 0 && selection.hasNext)
        #expect(selection.next(at: second(0))?.index == 1)
        #expect(selection.next(at: second(0)) == nil)
        // It works after all.
        #expect(group.connected(1, after: .zero, at: second(0))?.now == .up)
    }

    @Test func `an ejection ends with a probe, and each that fails doubles the next`() {
        let group = healthy(servers(2), .roundRobin, rules { $0.ejection.longest = .seconds(3) })
        _ = group.fails(0, times: 2)
        #expect(group.probesDue(at: second(0.9)) == [])
        #expect(group.probesDue(at: second(1)) == [0])
        // One at a time.
        #expect(group.probesDue(at: second(5)) == [])
        #expect(group.states()[0] == .ejected)
        #expect(group.fails(0, at: second(1)) == [])
        #expect(group.probesDue(at: second(2.9)) == [] && group.probesDue(at: second(3)) == [0])
        _ = group.fails(0, at: second(3))
        #expect(group.probesDue(at: second(5.9)) == [] && group.probesDue(at: second(6)) == [0])
        let change = group.connected(0, after: .zero, at: second(6))
        #expect(change?.before == .ejected && change?.now == .up && change?.reason == nil)
        #expect(Set(group.reached(4)) == [0, 1])
    }

    @Test func `a server that flaps stays out for longer each time`() {
        let group = healthy(servers(2))
        var (now, waits): (Double, [Double]) = (0, [])
        for _ in 0..<4 {
            _ = group.fails(0, times: 2, at: second(now))
            var wait = 0.0
            while group.probesDue(at: second(now + wait)).isEmpty { wait += 0.5 }
            waits.append(wait)
            now += wait
            _ = group.connected(0, after: .zero, at: second(now))
        }
        #expect(waits == [1, 2, 4, 8])
        // After it has stayed for a while it begins anew.
        _ = group.connected(0, after: .zero, at: second(now + 10))
        _ = group.fails(0, times: 2, at: second(now + 10))
        #expect(group.probesDue(at: second(now + 11)) == [0])
    }

    @Test(arguments: policies) func `checks take a server out after three, and bring it back after two`(
        policy: BalancePolicy
    ) {
        let group = healthy(servers(70), policy, rules { $0.check = HealthCheck() })
        let last = 69
        #expect(group.checked(last, nil, at: second(0)) == nil)
        #expect(group.checked(last, "no", at: second(0)) == nil && group.checked(last, "no", at: second(0)) == nil)
        #expect(group.checked(last, "answered 503", at: second(0))?.reason == "answered 503")
        #expect(group.states()[last] == .down && !group.reached(300).contains(last))
        #expect(group.checked(last, nil, at: second(0)) == nil)
        #expect(group.checked(last, nil, at: second(0))?.now == .up)
        #expect(policy == .firstAvailable || group.reached(3000).contains(last))
    }

    @Test func `the first check decides alone`() {
        let group = healthy(servers(2), .roundRobin, rules { $0.check = HealthCheck() })
        #expect(group.checked(0, "refused", at: second(0))?.now == .down)
        #expect(group.reached(4) == [1, 1, 1, 1])
    }

    @Test(arguments: policies) func `where all are down there is nobody`(policy: BalancePolicy) {
        let group = healthy(servers(3), policy, rules { $0.check = HealthCheck() })
        for index in 0..<3 { _ = group.checked(index, "no", at: second(0)) }
        var selection = group.begin()
        #expect(selection.next(at: second(0)) == nil && !selection.hasNext)
        #expect(group.allLoads == [0, 0, 0])
        var named = group.begin(with: 1, orOthers: false)
        #expect(named.next(at: second(0)) == nil)
    }

    @Test(arguments: policies) func `a drained server keeps what has chosen it, and gets nothing else`(
        policy: BalancePolicy
    ) {
        let group = healthy(servers(3), policy)
        #expect(group.setDrained(2, true, at: second(0))?.now == .drained)
        #expect(!group.reached(200).contains(2))
        var wanted = group.begin(hash: 0, preferring: 2)
        #expect(wanted.next(at: second(0))?.index == 2)
        wanted.end()
        #expect(group.setDrained(2, false, at: second(0))?.now == .up)
    }

    @Test(arguments: policies)
    func `a server whose name has no address is passed over until it has one, and is told of as down`(
        policy: BalancePolicy
    ) {
        let addresses = ServerAddresses()
        let named = UpstreamServer(id: "named", addresses: addresses, address: "app.internal:80")
        let group = healthy(servers(2) + [named], policy)
        #expect(group.states() == [.up, .up, .down] && group.conditions[2].condition.reason != nil)
        #expect(!group.reached(50).contains(2))
        var wanted = group.begin(hash: 0, preferring: 2)
        #expect(wanted.next(at: second(0))?.index != 2)
        wanted.end()
        var selection = group.begin()
        for _ in 0..<2 { #expect(selection.hasNext && selection.next(at: second(0)) != nil) }
        #expect(!selection.hasNext && selection.next(at: second(0)) == nil)
        addresses.replace(by: [ServiceTarget(endpoints: [.ip(.loopback4, port: 7), .ip(.loopback4, port: 8)])])
        #expect(group.resolved(2)?.now == .up)
        #expect(group.reached(failing: [0, 1]) == 2)
        #expect(group.allLoads == [0, 0, 0])
    }

    @Test func `who is at a server goes on with the addresses that it had`() {
        let addresses = ServerAddresses([.ip(.loopback4, port: 1), .ip(.loopback4, port: 2)])
        let group = healthy([UpstreamServer(id: "named", addresses: addresses, address: "app.internal:80")])
        var selection = group.begin()
        #expect(selection.next(at: second(0))?.endpoint == .ip(.loopback4, port: 1))
        addresses.replace(by: [ServiceTarget(endpoints: [.ip(.loopback4, port: 3)])])
        #expect(selection.hasNext && selection.next(at: second(0))?.endpoint == .ip(.loopback4, port: 2))
        #expect(!selection.hasNext && selection.next(at: second(0)) == nil)
        #expect(group.begin().firstEndpoint == .ip(.loopback4, port: 3))
    }

    @Test func `one that lost its addresses unseen is passed over all the same, and counts nothing`() {
        // The group is told a moment after the name.
        let late = UpstreamServer(id: "late", addresses: ServerAddresses(), address: "app.internal:80")
        let group = healthy([late] + servers(1))
        _ = group.resolved(0)
        #expect(group.reached(4) == [1, 1, 1, 1])
        #expect(group.allLoads == [0, 0])
        let alone = healthy([late])
        #expect(alone.reached(2) == [-1, -1])
    }

    @Test(arguments: policies) func `a backup comes in when no other is left`(policy: BalancePolicy) {
        let spare = UpstreamServer(id: "spare", endpoints: [.ip(.loopback4, port: 9)], isBackup: true)
        let group = healthy(servers(2) + [spare], policy, rules { $0.check = HealthCheck() })
        #expect(!group.reached(50).contains(2))
        // Who has tried the others gets it, too.
        #expect(group.reached(failing: [0, 1]) == 2)
        for index in 0..<2 { _ = group.checked(index, "no", at: second(0)) }
        #expect(group.reached(4) == [2, 2, 2, 2])
        for _ in 0..<2 { _ = group.checked(0, nil, at: second(0)) }
        #expect(group.reached(4) == [0, 0, 0, 0])
    }

    @Test(arguments: [BalancePolicy.roundRobin, .random, .powerOfTwo])
    func `a server that comes back gets few connections at first, and its share in the end`(policy: BalancePolicy) {
        let group = healthy(servers(2), policy, rules { ($0.slowStart, $0.check) = (.seconds(10), HealthCheck()) })
        _ = group.checked(0, "no", at: second(0))
        for _ in 0..<2 { _ = group.checked(0, nil, at: second(100)) }
        func share(at now: Double) -> Double { Double(group.reached(4000, at: second(now)).count { $0 == 0 }) / 4000 }
        #expect(share(at: 100.1) < 0.1)
        #expect((0.15...0.45).contains(share(at: 105)))
        #expect((0.45...0.55).contains(share(at: 111)))
        // Alone it takes what comes.
        _ = group.checked(1, "no", at: second(200))
        #expect(group.reached(3, at: second(100.1)) == [0, 0, 0])
    }

    @Test func `an operator leaves a server a part of its weight, or none`() {
        let group = healthy(servers(2), .random)
        group.setPercent(0, 25)
        #expect((0.1...0.3).contains(Double(group.reached(4000).count { $0 == 0 }) / 4000))
        group.setPercent(0, 0)
        #expect(!group.reached(100).contains(0))
        group.setPercent(0, 100)
        #expect(group.reached(100).contains(0))
    }

    @Test(arguments: [BalancePolicy.roundRobin, .random, .leastConnections, .powerOfTwo])
    func `a server that is to get nothing gets nothing, however little the others get`(policy: BalancePolicy) {
        let group = healthy(servers(2), policy)
        group.setPercent(0, 10)
        group.setPercent(1, 0)
        #expect(group.reached(300).allSatisfy { $0 == 0 })
    }

    @Test func `a probe that is given up is made by somebody else`() {
        let group = healthy(servers(2))
        _ = group.fails(0, times: 2)
        #expect(group.probesDue(at: second(1)) == [0] && group.nextProbe == nil)
        group.abandonProbe(0, until: second(1))
        #expect(group.nextProbe == second(1) && group.probesDue(at: second(1)) == [0])
    }

    @Test func `a good check ends an ejection where it asks at the same door, and the back-off is kept`() {
        for isAtDoor in [true, false] {
            let group = healthy(
                servers(2), .roundRobin,
                rules {
                    var check = HealthCheck()
                    check.port = isAtDoor ? nil : 9
                    $0.check = check
                })
            _ = group.checked(0, nil, at: second(0))
            _ = group.fails(0, times: 2)
            #expect((group.checked(0, nil, at: second(0))?.now == .up) == isAtDoor)
            guard isAtDoor else { continue }
            _ = group.fails(0, times: 2)
            #expect(group.probesDue(at: second(1.9)) == [] && group.probesDue(at: second(2)) == [0])
        }
    }

    @Test func `a limit holds for connections of an earlier generation, too`() {
        let loads = GroupLoads()
        let limited = [UpstreamServer(id: "s0", endpoints: [.ip(.loopback4, port: 1)], maximumConnections: 1)]
        let first = healthy(limited, loads: loads)
        let second = healthy(limited, loads: loads)
        var held = second.begin()
        #expect(held.next()?.index == 0 && first.isExhausted && second.isExhausted)
        var late = first.begin()
        #expect(late.next() == nil)
        held.end()
        #expect(!first.isExhausted)
    }

    @Test func `a reload forgets nothing of servers that stay, and all of those that go`() {
        let loads = GroupLoads()
        var first: UpstreamGroup? = healthy(servers(4), loads: loads)
        _ = first?.fails(1, times: 2)
        _ = first?.setDrained(2, true, at: second(0))
        let second = healthy([server("s2"), server("s1"), server("new")], loads: loads)
        #expect(second.states() == [.drained, .ejected, .up])
        #expect(second.reached(3) == [2, 2, 2])
        // The old generation, whose connections go on, knows it as well.
        #expect(first?.states() == [.up, .ejected, .drained, .up])
        #expect(Set(first?.reached(8) ?? []) == [0, 3])
        first = nil
        let third = healthy(
            [server("s0"), server("s1"), server("s2")], .roundRobin,
            rules {
                $0.ejection = .never
            }, loads: loads)
        #expect(third.states() == [.up, .up, .drained])
    }
}

import RepriseVocabulary
import Testing

@testable import RepriseRouting

private func second(_ number: Double) -> Instant { Instant(nanoseconds: UInt64(1e12 + number * 1e9)) }

/// A connection goes on to other servers within bounds, and all connections of a group together within a budget.
@Suite struct RetryTests {
    private func group(_ change: (inout RetryRule) -> Void) -> UpstreamGroup {
        var rules = HealthRules()
        change(&rules.retries)
        return UpstreamGroup(name: "g", servers: servers(3), health: rules)
    }

    @Test func `number and time bound what one connection tries`() {
        let group = group { ($0.most, $0.time) = (2, .seconds(3)) }
        #expect(group.mayRetry(after: 1, since: second(0), at: second(2.9)) == .allowed)
        #expect(group.mayRetry(after: 2, since: second(0), at: second(2.9)) == .allowed)
        #expect(group.mayRetry(after: 3, since: second(0), at: second(2.9)) == .tooMany)
        #expect(group.mayRetry(after: 1, since: second(0), at: second(3)) == .tooLate)
    }

    @Test func `a budget bounds all, grows with the connections, and never is nothing`() {
        let group = group { $0.budget = 20 }
        func allowed(at now: Double) -> Int {
            (0..<1000).count { _ in group.mayRetry(after: 1, since: second(now), at: second(now)) == .allowed }
        }
        #expect(allowed(at: 0) == 100)
        #expect(group.mayRetry(after: 1, since: second(0), at: second(0)) == .overBudget)
        for _ in 0..<50 { group.begins() }
        #expect(allowed(at: 0) == 10)
        #expect(allowed(at: 1) == 10)
        #expect(allowed(at: 100) == 100)
    }

    @Test func `a room calls in the order of arrival, and who was called in vain has the old place`() throws {
        let room = WaitingRoom()
        let called = Locked<[Int]>([])
        func enter(_ number: Int, _ former: WaitingRoom.Ticket? = nil) -> WaitingRoom.Ticket? {
            room.enter(most: 3, former: former) { called.withLock { $0.append(number) } }
        }
        let first = try #require(enter(1))
        let second = try #require(enter(2))
        _ = try #require(enter(3))
        #expect(enter(4) == nil && room.count == 3)
        room.wake(1)
        #expect(enter(4) != nil)
        _ = enter(1, first)
        room.leave(second)
        room.wake(10)
        #expect(called.withLock { $0 } == [1, 1, 3, 4] && room.count == 0)
        room.wake(1)
    }
}

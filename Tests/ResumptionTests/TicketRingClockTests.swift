import RepriseResumption
import RepriseVocabulary
import Testing

/// A generator whose numbers are the same in every run.
private struct Dice {
    var state: UInt64

    mutating func roll(_ range: Range<Int64>) -> Int64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let word = (state ^ (state >> 29)) &* 0xbf58_476d_1ce4_e5b9
        return range.lowerBound + Int64((word >> 1) % UInt64(range.upperBound - range.lowerBound))
    }
}

@Suite struct TicketRingClockTests {
    private static let year: Int64 = 365 * 86_400

    @Test(arguments: [Int64.min, -(1 << 60), -year * 10_000, 0, year * 10_000, 1 << 60, Int64.max])
    func `a ring works at any time and after any leap`(seconds: Int64) throws {
        let far = WallTime(secondsSinceEpoch: seconds)
        let ring = TicketKeyRing(try .seconds(3600, lifetime: 7200), at: at(0))
        let key = try #require(ring.sealing(at: at(0)))
        let there = try #require(ring.sealing(at: far))
        #expect(ring.opens(there, at: far) && there.name != key.name)
        #expect(ring.snapshot(at: far).count <= 6)
        #expect(try #require(ring.sealing(at: at(1))).name == key.name)
        #expect(ring.opens(key, at: at(7199)))
        let born = TicketKeyRing(try .seconds(3600, lifetime: 7200), at: far)
        let first = try #require(born.sealing(at: far))
        #expect(born.opens(first, at: far))
    }

    @Test(arguments: [-year * 50, -86_400, -7200, 86_400, year * 10])
    func `a clock that is wrong for a while loses no ticket, neither of before nor of that while`(leap: Int64) throws {
        let ring = TicketKeyRing(try .seconds(3600, lifetime: 7200), at: at(0))
        let before = try #require(ring.sealing(at: at(5000)))
        let during = try #require(ring.sealing(at: at(5000 + leap)))
        _ = ring.sealing(at: at(5300 + leap))
        #expect(ring.opens(during, at: at(5300 + leap)))
        let after = try #require(ring.sealing(at: at(5301)))
        #expect(after.name == before.name && ring.opens(before, at: at(5301)))
        if leap > 0 {
            #expect(ring.opens(during, at: at(5301)))
            for second in stride(from: Int64(5301), to: 5301 + 7200, by: 300) {
                #expect(ring.opens(during, at: at(second)), "\(second)")
            }
            #expect(ring.opening(during, at: at(5301 + 7200)).isExpired, "nobody waits ten years for its end")
            #expect(ring.snapshot(at: at(5301 + 7200)).count <= 5)
        }
    }

    @Test func `a small step back keeps to the keys that there are`() throws {
        let ring = TicketKeyRing(try .seconds(60, lifetime: 120), at: at(0))
        var made: Set<String> = []
        for second in Int64(0)..<600 {
            let time = at(second - (second % 7 == 0 ? 5 : 0))
            let key = try #require(ring.sealing(at: time))
            #expect(ring.opens(key, at: time))
            made.formUnion(ring.snapshot(at: time).map(\.name))
        }
        // The five seconds before the ring's beginning make one more.
        #expect(made.count <= 10 + 2 + 1)
    }

    @Test(arguments: 0..<60)
    func `whatever the clock does, a ticket opens while its time has not passed`(seed: UInt64) throws {
        var dice = Dice(state: seed)
        let rotate = dice.roll(1..<100)
        let lifetime = dice.roll(1..<rotate * 20)
        let ring = TicketKeyRing(try .seconds(rotate, lifetime: lifetime), at: at(0))
        // What the model knows of a ticket: when it was sealed, the earliest time since, and whether its life has
        // passed since, either on the clock or counted from that time.
        var tickets: [(key: TicketKey, sealed: Int64, earliest: Int64, isPast: Bool)] = []
        var now: Int64 = 0
        for _ in 0..<400 {
            switch dice.roll(0..<20) {
            case 0: now += dice.roll(0..<Self.year)
            case 1: now -= dice.roll(0..<rotate * 3)
            case 2: now += dice.roll(0..<lifetime * 2)
            case 3: now -= dice.roll(0..<1000)
            default: now += dice.roll(0..<rotate)
            }
            let key = try #require(ring.sealing(at: at(now)))
            #expect(ring.opening(key, at: at(now)).isNewest == true)
            #expect(key.notBefore <= at(now) && at(now) < key.notAfter)
            for index in tickets.indices {
                let ticket = tickets[index]
                let end = ticket.sealed + lifetime
                tickets[index].earliest = min(ticket.earliest, now)
                if now > end || now < ticket.sealed && now - tickets[index].earliest >= lifetime {
                    tickets[index].isPast = true
                }
                let answer = ring.opening(ticket.key, at: at(now))
                if !ticket.isPast, now >= ticket.sealed, now <= end { #expect(answer.isFound, "\(seed) \(now)") }
                if now > end + rotate { #expect(!answer.isFound, "\(seed) \(now)") }
            }
            tickets = tickets.suffix(30) + [(key, now, now, false)]
            #expect(ring.snapshot(at: at(now)).count <= Limits.ticketKeysHeld)
        }
    }

    @Test func `a clock that never rests does not fill the memory`() throws {
        let ring = TicketKeyRing(try .seconds(1, lifetime: 190), at: at(0))
        var dice = Dice(state: 5)
        for _ in 0..<3000 {
            let time = at(dice.roll(-Self.year..<Self.year))
            let key = try #require(ring.sealing(at: time))
            #expect(ring.opens(key, at: time))
        }
        #expect(ring.snapshot(at: at(0)).count <= Limits.ticketKeysHeld)
    }
}

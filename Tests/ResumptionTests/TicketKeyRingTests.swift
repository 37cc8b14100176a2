import RepriseResumption
import RepriseVocabulary
import Testing

@Suite struct TicketKeyRingTests {
    @Test func `a client that resumes every second never misses, through twenty rotations`() throws {
        let ring = TicketKeyRing(try .seconds(60, lifetime: 120), at: at(0))
        var held = try #require(ring.sealing(at: at(0)))
        var names: Set<TicketKeyName> = [held.name]
        for second in 1...(20 * 60) {
            let time = at(Int64(second))
            let answer = ring.opening(held, at: time)
            #expect(answer.isFound)
            held = try #require(ring.sealing(at: time))
            #expect(answer.isNewest == !(second % 60 == 0))
            names.insert(held.name)
        }
        #expect(names.count == 21)
    }

    @Test(arguments: [0, 1, 30, 58, 59])
    func `a ticket opens for its lifetime to the second, and never for a rotation more`(sealedAt: Int64) throws {
        let ring = TicketKeyRing(try .seconds(60, lifetime: 300), at: at(0))
        let key = try #require(ring.sealing(at: at(sealedAt)))
        // Forwards, so that nothing depends on the clock's being set back.
        for second in sealedAt...400 {
            ring.advance(to: at(second))
            let answer = ring.opening(key, at: at(second))
            if second <= sealedAt + 300 { #expect(answer.isFound, "\(second)") }
            #expect(answer.isFound == (second < 360), "\(second)")
            #expect(answer.isExpired == (second >= 360), "\(second)")
        }
        #expect(key.notAfter == at(360))
    }

    @Test func `a stranger's key is unknown, and so is what is no name`() throws {
        let ring = TicketKeyRing(try .seconds(60, lifetime: 300), at: at(0))
        #expect(ring.opening(try #require(try foreignKey(9)), at: at(0)).isUnknown)
        for count in [0, 1, 15, 17, 200] {
            let answer = [UInt8](repeating: 1, count: count).withUnsafeBytes { ring.opening(name: $0, at: at(0)) }
            #expect(answer.isUnknown)
        }
    }

    @Test func `a key is known for a whole rotation before it seals, and opens already`() throws {
        let ring = TicketKeyRing(try .seconds(60, lifetime: 120), at: at(0))
        var known: [String: Int64] = [:]
        for second in stride(from: Int64(0), to: 1200, by: 7) {
            for key in ring.snapshot(at: at(second)) where known[key.name] == nil { known[key.name] = second }
            let sealing = try #require(ring.sealing(at: at(second)))
            let madeAt = try #require(known[sealing.name.description])
            #expect(second < 60 || madeAt <= sealing.notBefore.secondsSinceEpoch - start - 60)
        }
        let now = ring.snapshot(at: at(1200))
        #expect(now.filter { $0.role == .ahead }.count == 2 && now.filter { $0.role == .seals }.count == 1)
    }

    @Test func `a ticket sealed by a node whose clock is ahead opens, and need not be renewed`() throws {
        let ring = TicketKeyRing(try .seconds(60, lifetime: 120), at: at(0))
        let next = try #require(ring.sealing(at: at(60)))
        #expect(ring.opening(next, at: at(59)).isNewest == true)
        let current = try #require(ring.sealing(at: at(59)))
        #expect(current.name != next.name && ring.opening(current, at: at(60)).isNewest == false)
    }

    @Test func `a key that is past is gone from memory`() throws {
        let ring = TicketKeyRing(try .seconds(60, lifetime: 120), at: at(0))
        weak var aes: Secret?
        weak var hmac: Secret?
        do {
            let key = try #require(ring.sealing(at: at(0)))
            (aes, hmac) = (key.aes, key.hmac)
        }
        for second in stride(from: Int64(1), through: 179, by: 1) { ring.advance(to: at(second)) }
        #expect(aes != nil && hmac != nil)
        ring.advance(to: at(180))
        #expect(aes == nil && hmac == nil)
    }

    @Test func `keys are gone, too, when nobody called for a long time`() throws {
        let ring = TicketKeyRing(try .seconds(60, lifetime: 120), at: at(0))
        let key = try #require(ring.sealing(at: at(0)))
        weak let next = ring.sealing(at: at(60))?.aes
        #expect(ring.opening(key, at: at(90_000)).isExpired)
        #expect(next != nil, "a leap is doubted for a while")
        #expect(try #require(ring.sealing(at: at(90_000))).notBefore == at(90_000))
        ring.advance(to: at(90_000 + 599))
        #expect(next != nil)
        ring.advance(to: at(90_000 + 600))
        #expect(next == nil)
        #expect(ring.opening(key, at: at(90_601)).isExpired, "a name that is remembered")
    }

    @Test func `no two keys are alike, and no part of one is another`() throws {
        let ring = TicketKeyRing(try .seconds(1, lifetime: 1), at: at(0))
        var parts: Set<[UInt8]> = []
        for second in Int64(0)..<50 {
            let key = try #require(ring.sealing(at: at(second)))
            #expect(key.aes.count == 32 && key.hmac.count == 32)
            parts.formUnion(key.content)
        }
        #expect(parts.count == 150)
    }

    private static let impossible: [(Int64, Int64)] = [
        (0, 60), (-1, 60), (60, 0), (60, -60), (1, 198), (3600, 3600 * 198), (400_000_000, 60), (60, 400_000_000),
        (.max, 1), (1, .max),
    ]

    @Test(arguments: impossible)
    func `a rotation that no ring could keep up is refused with a reason`(rotate: Int64, lifetime: Int64) {
        let fault = TicketRotation.check(rotate: .seconds(rotate), ticketLifetime: .seconds(lifetime))
        #expect(fault?.description.isEmpty == false)
        #expect(throws: TicketRotationFault.self) { try TicketRotation.seconds(rotate, lifetime: lifetime) }
    }

    @Test func `as many keys live as the limit allows, and no more`() throws {
        let rotation = try TicketRotation.seconds(1, lifetime: 197)
        #expect(rotation.generations == Limits.ticketKeyGenerations)
        let ring = TicketKeyRing(rotation, at: at(0))
        var most = 0
        for second in Int64(0)..<1000 { most = max(most, ring.snapshot(at: at(second)).count) }
        #expect(most == Limits.ticketKeyGenerations)
    }

    @Test func `many threads agree on the key of a time`() async throws {
        let ring = TicketKeyRing(try .seconds(5, lifetime: 20), at: at(0))
        for second in Int64(0)..<200 {
            // Threads whose clocks are up to two seconds apart.
            let opened = await withTaskGroup(of: Bool.self) { group in
                for thread in 0..<8 {
                    group.addTask {
                        let time = at(second + Int64(thread % 3))
                        return ring.sealing(at: time).map { ring.opens($0, at: time) } ?? false
                    }
                }
                return await group.reduce(true) { $0 && $1 }
            }
            #expect(opened)
        }
        #expect(ring.snapshot(at: at(202)).count <= 3 + 4 + 1)
    }
}

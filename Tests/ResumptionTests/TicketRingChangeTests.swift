import RepriseResumption
import RepriseVocabulary
import Testing

@Suite struct TicketRingChangeTests {
    @Test func `the same rotation once more changes nothing`() throws {
        let ring = TicketKeyRing(try .seconds(60, lifetime: 120), at: at(0))
        ring.advance(to: at(90))
        let before = ring.snapshot(at: at(90))
        ring.reconfigure(try .seconds(60, lifetime: 120), at: at(90))
        #expect(ring.snapshot(at: at(90)) == before)
    }

    @Test(arguments: [(60, 240), (240, 60), (60, 61), (61, 60), (3600, 1)])
    func `a new rotation keeps what is sealed, and the next key is still known`(old: Int64, new: Int64) throws {
        let ring = TicketKeyRing(try .seconds(old, lifetime: 180), at: at(0))
        let key = try #require(ring.sealing(at: at(45)))
        let ahead = ring.snapshot(at: at(45)).filter { $0.role == .ahead }.map(\.name)
        ring.reconfigure(try .seconds(new, lifetime: 180), at: at(45))
        #expect(try #require(ring.sealing(at: at(45))).name == key.name)
        let turn = min(old, 45 + new)
        for second in Int64(45)...400 {
            let sealing = try #require(ring.sealing(at: at(second)))
            if second < turn { #expect(sealing.name == key.name) }
            if second >= turn, second < turn + new { #expect(sealing.name.description == ahead[0]) }
            if second >= turn + new, second < turn + 2 * new { #expect(sealing.name.description == ahead[1]) }
            #expect(ring.snapshot(at: at(second)).filter { $0.role == .ahead }.count == 2)
            if second <= 45 + 180 { #expect(ring.opens(key, at: at(second)), "\(second)") }
        }
    }

    @Test func `a shorter life takes nothing from tickets that have the longer one`() throws {
        let ring = TicketKeyRing(try .seconds(60, lifetime: 600), at: at(0))
        let old = try #require(ring.sealing(at: at(59)))
        let current = try #require(ring.sealing(at: at(90)))
        ring.reconfigure(try .seconds(60, lifetime: 60), at: at(90))
        for second in Int64(90)..<660 {
            #expect(ring.opens(old, at: at(second)) && ring.opens(current, at: at(second)), "\(second)")
        }
        #expect(!ring.opens(old, at: at(660)))
        let young = try #require(ring.sealing(at: at(665)))
        #expect(young.notAfter <= at(665 + 60 + 60))
    }

    @Test func `a longer life holds for all that is sealed from now on`() throws {
        let ring = TicketKeyRing(try .seconds(60, lifetime: 60), at: at(0))
        ring.reconfigure(try .seconds(60, lifetime: 600), at: at(30))
        let key = try #require(ring.sealing(at: at(59)))
        for second in Int64(59)..<660 { #expect(ring.opens(key, at: at(second))) }
        #expect(!ring.opens(key, at: at(660)))
    }

    @Test func `keys from files seal in their order and all of them open`() throws {
        let ring = TicketKeyRing(try .seconds(60, lifetime: 120), at: at(0))
        let keys = try [foreignKey(1), foreignKey(51), foreignKey(101)].compactMap { $0 }
        let own = try #require(ring.sealing(at: at(10)))
        ring.replace(with: keys, at: at(10))
        #expect(try #require(ring.sealing(at: at(11))).name == keys[0].name)
        #expect(keys.map { ring.opening($0, at: at(11)).isNewest } == [true, false, false])
        #expect(ring.opening(own, at: at(11)).isNewest == false, "what the ring sealed itself still opens")
        #expect(ring.opening(own, at: at(129)).isFound && ring.opening(own, at: at(130)).isExpired)
        #expect(ring.snapshot(at: at(130)).map(\.name) == keys.map(\.name.description))
        #expect(ring.snapshot(at: at(130)).map(\.role) == [.seals, .opens, .opens])
    }

    @Test func `a key that is no longer in the files is gone at once`() throws {
        let ring = TicketKeyRing(try .seconds(60, lifetime: 120), at: at(0))
        weak var aes: Secret?
        do {
            let keys = try [foreignKey(1), foreignKey(51)].compactMap { $0 }
            ring.replace(with: keys, at: at(10))
            aes = keys[1].aes
        }
        let removed = try #require(try foreignKey(51))
        ring.replace(with: [try #require(try foreignKey(1))], at: at(20))
        #expect(aes == nil && ring.opening(removed, at: at(20)).isExpired)
        ring.replace(with: [removed], at: at(30))
        #expect(ring.opening(removed, at: at(30)).isNewest == true)
        ring.replace(with: [], at: at(40))
        #expect(ring.sealing(at: at(40)) == nil && ring.snapshot(at: at(40)).filter { $0.role == .seals }.isEmpty)
    }

    @Test func `keys with times seal when they are the newest and open until they are past`() throws {
        let ring = TicketKeyRing(try .seconds(60, lifetime: 120), at: at(0))
        let keys = try [
            foreignKey(101, from: at(200), until: at(400)), foreignKey(51, from: at(100), until: at(300)),
            foreignKey(1, from: at(0), until: at(200)),
        ].compactMap { $0 }
        ring.replace(with: keys, at: at(50))
        let sealing = [50, 99, 100, 199, 200, 399].map { ring.sealing(at: at($0))?.name }
        #expect(sealing == [2, 2, 1, 1, 0, 0].map { keys[$0].name })
        #expect(ring.sealing(at: at(400)) == nil)
        ring.replace(with: keys, at: at(150))
        #expect(keys.map { ring.opening($0, at: at(150)).isNewest } == [true, true, false])
        #expect(ring.opens(keys[2], at: at(199)) && ring.opening(keys[2], at: at(200)).isExpired)
    }

    @Test func `back from files to own keys, the files' keys open until their tickets are past`() throws {
        let ring = TicketKeyRing(try .seconds(60, lifetime: 120), at: at(0))
        let key = try #require(try foreignKey(1))
        ring.replace(with: [key], at: at(10))
        ring.reconfigure(try .seconds(60, lifetime: 120), at: at(20))
        #expect(ring.opening(key, at: at(20)).isNewest == false)
        #expect(try #require(ring.sealing(at: at(20))).name != key.name)
        #expect(ring.opens(key, at: at(139)) && ring.opening(key, at: at(140)).isExpired)
    }
}

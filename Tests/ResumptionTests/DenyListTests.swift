import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import RepriseResumption

/// What a deny list holds, and whom it refuses when it is full.
@Suite struct DenyListTests {
    private let longAgo = WallTime(secondsSinceEpoch: 0)

    private func lineage(_ number: UInt64, at second: Int64) -> Lineage {
        Lineage(
            id: LineageID(high: 1, low: number), authenticatedAt: WallTime(secondsSinceEpoch: second))
    }

    private func address(_ number: UInt32) -> DenyList.Holder { .address(IPAddress(ipv4: number)) }

    private func certificate(_ number: UInt8) -> PeerChain.Certificate {
        PeerChain.Certificate(issuer: PeerChain.Issuer(name: 1, key: 1), serial: [2, 1, number])
    }

    @Test func `one address fills its share, and more of it may resume`() {
        let list = DenyList(capacity: 160)
        #expect(list.share == 10)
        let results = (0..<50).map { list.deny(lineage($0, at: 100), of: address(1), oldest: longAgo) }
        #expect(
            results == [DenyList.Addition](repeating: .added, count: 10)
                + [DenyList.Addition](repeating: .leftOut, count: 40))
        #expect(list.count == 10)
        #expect(list.denies(lineage(9, at: 100), of: nil) && !list.denies(lineage(10, at: 100), of: nil))
        #expect(list.deny(lineage(60, at: 100), of: address(2), oldest: longAgo) == .added)
        #expect(list.deny(lineage(0, at: 100), of: address(1), oldest: longAgo) == .alreadyThere)
    }

    @Test func `66,536 strangers end no session of anybody's, and make room for who has a certificate`() {
        let list = DenyList(capacity: 65_536)
        for number in 0..<66_536 as Range<UInt64> {
            let addition = list.deny(
                lineage(number, at: 1000 + Int64(number)), of: address(UInt32(number / 1000)), oldest: longAgo)
            #expect(addition == .added)
        }
        #expect(list.count == 65_536)
        // The first ones made room, without a word about all who are older.
        #expect(!list.denies(lineage(0, at: 1000), of: nil) && list.denies(lineage(66_535, at: 67_535), of: nil))
        #expect(!list.denies(lineage(99_999, at: 1), of: nil))
        #expect(!list.denies(lineage(99_999, at: 1), of: certificate(1)))
        let known = lineage(77_777, at: 5)
        #expect(list.deny(known, of: .certificate(certificate(1)), oldest: longAgo) == .added)
        #expect(list.denies(known, of: certificate(1)) && list.count == 65_536)
    }

    @Test func `for certificates it fails closed, and for them only`() {
        let list = DenyList(capacity: 2)
        for number in 0..<2 as Range<UInt8> {
            let one = lineage(UInt64(number), at: 10 + Int64(number))
            #expect(list.deny(one, of: .certificate(certificate(number)), oldest: longAgo) == .added)
        }
        #expect(list.deny(lineage(7, at: 50), of: address(1), oldest: longAgo) == .leftOut)
        let third = list.deny(lineage(2, at: 30), of: .certificate(certificate(2)), oldest: longAgo)
        #expect(third == .overflowed(upTo: WallTime(secondsSinceEpoch: 10), isFirst: true))
        let fourth = list.deny(lineage(3, at: 40), of: .certificate(certificate(3)), oldest: longAgo)
        #expect(fourth == .overflowed(upTo: WallTime(secondsSinceEpoch: 11), isFirst: false))
        for number in 0..<4 as Range<UInt8> {
            let old = lineage(UInt64(number), at: [10, 11, 30, 40][Int(number)])
            #expect(list.denies(old, of: certificate(number)), "\(number)")
        }
        #expect(
            list.denies(lineage(99, at: 11), of: certificate(9))
                && !list.denies(lineage(99, at: 12), of: certificate(9)))
        #expect(!list.denies(lineage(99, at: 1), of: nil))
        // When what it forgot is too old anyway, so is its word on all others.
        #expect(
            list.deny(lineage(5, at: 60), of: .certificate(certificate(5)), oldest: WallTime(secondsSinceEpoch: 30))
                == .added)
        #expect(!list.denies(lineage(98, at: 11), of: certificate(8)))
    }

    @Test func `one certificate that uses up its share ends its own lineages, all of them, and nobody else's`() {
        let list = DenyList(capacity: 160)
        for number in 0..<1000 as Range<UInt64> {
            let one = lineage(number, at: 100 + Int64(number))
            #expect(list.deny(one, of: .certificate(certificate(1)), oldest: longAgo) == .added)
            #expect(list.count <= 10)
        }
        for number in 0..<1000 as Range<UInt64> {
            #expect(list.denies(lineage(number, at: 100 + Int64(number)), of: certificate(1)))
        }
        #expect(!list.denies(lineage(5000, at: 2000), of: certificate(1)))
        #expect(!list.denies(lineage(5000, at: 100), of: certificate(2)))
        #expect(list.count == 1)
    }

    @Test func `a few certificates with many lineages raise no floor for the others`() {
        let list = DenyList(capacity: 1600)
        for number in 0..<(17 * 99) as Range<UInt64> {
            let one = certificate(UInt8(number % 17))
            #expect(
                list.deny(lineage(number, at: 100 + Int64(number)), of: .certificate(one), oldest: longAgo) == .added)
        }
        for number in 0..<(17 * 99) as Range<UInt64> {
            #expect(list.denies(lineage(number, at: 100 + Int64(number)), of: certificate(UInt8(number % 17))))
        }
        #expect(!list.denies(lineage(9999, at: 1), of: certificate(99)))
    }

    @Test func `a share comes back when what filled it is too old to resume`() {
        let list = DenyList(capacity: 160)
        for number in 0..<20 as Range<UInt64> {
            _ = list.deny(lineage(number, at: 100), of: address(1), oldest: longAgo)
        }
        let later = WallTime(secondsSinceEpoch: 100)
        #expect(list.deny(lineage(50, at: 300), of: address(1), oldest: later) == .added)
        #expect(list.count == 1)
        for number in 60..<70 as Range<UInt64> {
            _ = list.deny(lineage(number, at: 300), of: .certificate(certificate(1)), oldest: later)
        }
        let last = list.deny(
            lineage(80, at: 500), of: .certificate(certificate(1)), oldest: WallTime(secondsSinceEpoch: 300))
        #expect(last == .added && !list.denies(lineage(81, at: 400), of: certificate(1)))
    }
}

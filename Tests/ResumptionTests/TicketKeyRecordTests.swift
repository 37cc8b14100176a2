import RepriseResumption
import RepriseVocabulary
import Testing

private func record(
    _ number: UInt8, _ from: Int64, _ until: Int64, name: Int = 16, secret: Int = 32
) -> TicketKeyRecord {
    let bytes = Secret(count: secret) { bytes in for index in bytes.indices { bytes[index] = number &+ UInt8(index) } }
    return TicketKeyRecord(
        name: (0..<name).map { number &+ UInt8($0) }, aes: bytes, hmac: bytes, notBefore: at(from), notAfter: at(until))
}

private func faults(_ records: [TicketKeyRecord], at seconds: Int64 = 50) -> [TicketKeyRecordFault] {
    TicketKeyRecord.check(records, ticketLifetime: .seconds(100), at: at(seconds))
}

@Suite struct TicketKeyRecordTests {
    private let good = [record(1, 0, 200), record(50, 100, 300), record(100, 200, 400)]

    @Test func `keys that follow each other are in order`() {
        #expect(faults(good).isEmpty && faults(good.reversed()).isEmpty && faults(good, at: 399).isEmpty)
    }

    @Test func `the newest valid key seals`() throws {
        let ring = TicketKeyRing(try .seconds(60, lifetime: 60), at: at(0))
        ring.replace(with: TicketKeyRecord.keys(of: good), at: at(50))
        #expect([50, 100, 200].map { ring.sealing(at: at($0))?.content[0][0] } == [1, 50, 100])
    }

    @Test func `what is wrong with one key is said of it`() {
        #expect(faults([]) == [.none])
        #expect(faults([good[0], record(50, 100, 300, name: 15)]) == [.nameSize(key: 2, bytes: 15)])
        let short = TicketKeyRecord.check(
            [record(1, 0, 200, secret: 17)], ticketLifetime: .seconds(100), at: at(50))
        #expect(short == [.secretSize(key: 1, bytes: 17), .secretSize(key: 1, bytes: 17)])
        #expect(faults([good[0], record(50, 300, 300)]).contains(.endsBeforeItBegins(key: 2)))
        let zero = Secret(count: 16) { _ in }
        let weak = TicketKeyRecord(name: good[0].name, aes: zero, hmac: zero, notBefore: at(0), notAfter: at(200))
        #expect(faults([weak]) == [.notRandom(key: 1)])
        #expect(TicketKeyRecord.keys(of: [record(1, 0, 1, name: 3), record(1, 0, 1, secret: 5)]).isEmpty)
    }

    @Test func `what is wrong with their order is said of the time`() {
        #expect(faults([good[0], record(1, 100, 300)]) == [.sameName(first: 1, second: 2)])
        #expect(faults([good[0], record(9, 0, 200)]).contains(.sameTurn(first: 1, second: 2)))
        #expect(faults(good, at: 400) == [.allExpired(since: at(400))])
        #expect(faults(good, at: -1) == [.notYetValid(until: at(0))])
        #expect(faults([good[0], record(50, 250, 500)]) == [.gap(from: at(200), until: at(250))])
        #expect(faults([good[0], record(50, 150, 500)]) == [.closesEarly(key: 1, needed: at(250))])
        #expect(faults([good[0], record(50, 150, 500)], at: 250).isEmpty, "what is past cannot be mended")
    }

    @Test func `a fault that only costs resumptions is a warning`() {
        #expect(TicketKeyRecordFault.gap(from: at(0), until: at(1)).isWarning)
        #expect(!TicketKeyRecordFault.allExpired(since: at(0)).isWarning && !TicketKeyRecordFault.none.isWarning)
    }
}

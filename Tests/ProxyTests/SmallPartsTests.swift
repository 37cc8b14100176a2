import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import RepriseProxy

@Suite struct SmallPartsTests {
    private let noon = Instant(nanoseconds: 1_000_000_000_000)

    @Test func `bytes that wait come out in their order, however they went in and out`() {
        var pending = PendingBytes()
        var expected: [UInt8] = []
        var next: UInt8 = 0
        for round in 0..<500 {
            let bytes = (0..<(round * 7 % 61)).map { _ -> UInt8 in
                next &+= 1
                return next
            }
            pending.append(bytes.span.bytes)
            expected += bytes
            let taken = min(expected.count, round * 13 % 47)
            let front = pending.withBytes { Array($0.array.prefix(taken)) }
            #expect(front == Array(expected.prefix(taken)))
            pending.removeFirst(taken)
            expected.removeFirst(taken)
            let count = pending.count
            #expect(count == expected.count)
        }
        pending.removeAll()
        let isEmpty = pending.isEmpty
        #expect(isEmpty)
    }

    @Test func `an answer begins in short records, up to its limit and not beyond`() {
        var records = ShortRecords(3_000)
        var lengths: [Int] = []
        var left = 50_000
        while left > 0 {
            lengths.append(records.next(of: left))
            left -= lengths.last ?? 0
        }
        #expect(lengths == [1_343, 1_343, 314, 47_000])

        records.rested(since: noon, until: noon + .milliseconds(999), atStart: 3_000)
        let tooSoon = records.next(of: 50_000)
        records.rested(since: noon, until: noon + .seconds(1), atStart: 3_000)
        let rested = [records.next(of: 100), records.next(of: 50_000)]
        var none = ShortRecords(0)
        none.rested(since: noon, until: noon + .seconds(9), atStart: 0)
        #expect(tooSoon == 50_000 && rested == [100, 1_343] && none.next(of: 50_000) == 50_000)
    }

    @Test func `an idle time begins again with each byte, and a handshake's does not`() {
        var timer = ConnectionTimer(at: noon)
        let idle = timer.set(.idle, for: .seconds(10), at: noon)
        timer.noteActivity(at: noon + .seconds(4))
        let early = timer.passed(at: noon + .seconds(10))
        let over = timer.passed(at: noon + .seconds(14))
        #expect(idle == noon + .seconds(10) && early == .early(until: noon + .seconds(14)) && over == .over(.idle))
        let afterwards = timer.passed(at: noon + .seconds(15))
        #expect(afterwards == .nothing && timer.kind == nil)

        let handshake = timer.set(.handshake, for: .seconds(10), at: noon)
        timer.noteActivity(at: noon + .seconds(9))
        let end = timer.passed(at: handshake)
        #expect(end == .over(.handshake))
    }

    @Test func `KeyUpdates pass at the limit and not beyond it, and again a second later`() {
        var budget = KeyUpdateBudget()
        let atTheLimit = budget.allow(upTo: 10, perSecond: 10, at: noon)
        let beyond = budget.allow(upTo: 11, perSecond: 10, at: noon)
        let later = budget.allow(upTo: 21, perSecond: 10, at: noon + .seconds(1))
        #expect([atTheLimit, beyond, later] == [true, false, true])
        #expect(budget.seen == 21)
    }

    @Test func `without a limit any number of KeyUpdates passes`() {
        var budget = KeyUpdateBudget()
        let passes = budget.allow(upTo: 1_000_000, perSecond: 0, at: noon)
        #expect(passes)
    }

    @Test func `a bucket never holds more than one second's worth, and a clock that stands still gives nothing`() {
        var bucket = TokenBucket(rate: 3, at: noon)
        let later = noon + .seconds(100)
        let taken = (0..<5).map { _ in bucket.take(rate: 3, at: later) }
        #expect(taken == [true, true, true, false, false])
        let backwards = bucket.take(rate: 3, at: noon)
        #expect(!backwards)
    }

    @Test func `the answer to plain HTTP is a complete HTTP response`() {
        let text = String(decoding: PlainAnswer.badRequest, as: UTF8.self)
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1)
        #expect(parts.count == 2 && text.hasPrefix("HTTP/1.1 400 "))
        #expect(text.contains("Content-Length: \(parts[1].utf8.count)\r\n"))
    }
}

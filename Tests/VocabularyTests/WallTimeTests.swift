import RepriseVocabulary
import Testing

@Suite struct WallTimeTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0, 0), ("1969-12-31T23:59:59Z", -1, 0), ("2000-02-29T00:00:00Z", 951_782_400, 0),
        ("2025-11-23T05:00:00Z", 1_763_874_000, 0), ("2025-11-23t05:00:00z", 1_763_874_000, 0),
        ("2025-11-23T06:30:00+01:30", 1_763_874_000, 0), ("2025-11-22T21:00:00-08:00", 1_763_874_000, 0),
        ("2025-11-23T05:00:00-00:00", 1_763_874_000, 0), ("1970-01-01T00:00:00.5Z", 0, 500_000_000),
        ("1970-01-01T00:00:00.000000001Z", 0, 1), ("2100-03-01T00:00:00Z", 4_107_542_400, 0),
        ("0000-01-01T00:00:00Z", -62_167_219_200, 0), ("0000-03-01T00:00:00Z", -62_162_035_200, 0),
        ("9999-12-31T23:59:59Z", 253_402_300_799, 0),
    ])
    func `a time of RFC 3339 is read`(text: String, seconds: Int64, nanoseconds: Int32) {
        #expect(WallTime(rfc3339: text) == WallTime(secondsSinceEpoch: seconds, nanoseconds: nanoseconds))
    }

    @Test(arguments: [
        "", "2025", "2025-11-23", "2025-11-23T05:00:00", "2025-11-23T05:00Z", "2025-11-23 05:00:00Z",
        "2025-11-23T05:00:00ZZ", " 2025-11-23T05:00:00Z", "2025-11-23T05:00:00Z\n", "2025-13-01T00:00:00Z",
        "2025-00-01T00:00:00Z", "2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2025-04-31T00:00:00Z",
        "2025-01-00T00:00:00Z", "2025-01-01T24:00:00Z", "2025-01-01T00:60:00Z", "2016-12-31T23:59:60Z",
        "2025-01-01T00:00:00.Z", "2025-01-01T00:00:00.0000000001Z", "2025-01-01T00:00:00,5Z",
        "2025-01-01T00:00:00+24:00", "2025-01-01T00:00:00+01:60", "2025-01-01T00:00:00+0100",
        "2025-01-01T00:00:00+1:00", "25-01-01T00:00:00Z", "-2025-01-01T00:00:00Z", "+2025-01-01T00:00:00Z",
        "2025-1-01T00:00:00Z", "２025-01-01T00:00:00Z", "2025-01-01T00:00:0０Z", "2025-01-01T0a:00:00Z",
    ])
    func `what is no time of RFC 3339 is none`(text: String) {
        #expect(WallTime(rfc3339: text) == nil)
    }

    @Test func `a day in any year is read as it is written, and every day of a century`() {
        let all = Array(stride(from: Int64(-719_528), to: 2_932_897, by: 89)) + Array(0..<36_525)
        for day in all {
            let time = WallTime(secondsSinceEpoch: day * 86_400 + (day & 0xffff), nanoseconds: 7_000_000)
            #expect(WallTime(rfc3339: time.description) == time)
        }
    }

    @Test func `a time is moved to the nanosecond, across the epoch too`() {
        let time = WallTime(secondsSinceEpoch: 1, nanoseconds: 200_000_000)
        #expect(time.later(by: .milliseconds(900)) == WallTime(secondsSinceEpoch: 2, nanoseconds: 100_000_000))
        #expect(time.later(by: .milliseconds(-1300)) == WallTime(secondsSinceEpoch: -1, nanoseconds: 900_000_000))
        #expect(time.wholeSecond == WallTime(secondsSinceEpoch: 1))
        for seconds in [Int64(-5), -1, 0, 1, 1 << 40] {
            #expect(time.later(bySeconds: seconds) == time.later(by: .seconds(seconds)))
        }
    }

    @Test func `a time that is moved stops at the ends of time`() {
        let (first, last) = (WallTime(secondsSinceEpoch: .min + 1), WallTime(secondsSinceEpoch: .max - 1))
        #expect(first.later(by: .seconds(-2)) == .distantPast && first.later(bySeconds: -2) == .distantPast)
        #expect(last.later(by: .seconds(2)) == .distantFuture && last.later(bySeconds: 2) == .distantFuture)
        for end in [WallTime.distantPast, .distantFuture] {
            #expect(WallTime(wholeNanoseconds: end.wholeNanoseconds) == end)
        }
    }

    @Test func `the ends of time are written, too`() {
        #expect(WallTime(secondsSinceEpoch: .min).description == "-292277022657-01-27T08:29:52.000Z")
        #expect(WallTime(secondsSinceEpoch: .max).description == "292277026596-12-04T15:30:07.000Z")
        #expect(WallTime(secondsSinceEpoch: -62_135_596_800).description == "0001-01-01T00:00:00.000Z")
    }
}

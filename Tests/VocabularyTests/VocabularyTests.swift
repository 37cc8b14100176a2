import RepriseVocabulary
import Testing

@Suite struct VocabularyTests {
    @Test(arguments: [
        ("127.0.0.1:8443", "127.0.0.1:8443"), ("[::1]:0", "[::1]:0"),
        ("[2001:DB8:0:0:1:0:0:1]:1", "[2001:db8::1:0:0:1]:1"),
        ("unix:/run/a.sock", "unix:/run/a.sock"), ("[::ffff:1.2.3.4]:1", "1.2.3.4:1"),
        ("0.0.0.0:65535", "0.0.0.0:65535"),
    ])
    func `an endpoint is read and written`(text: String, written: String) {
        #expect(Endpoint(parsing: text)?.description == written)
    }

    @Test(arguments: [
        "", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1: 1", "::1:80",
        "[127.0.0.1]:1", "[::1]", "01.2.3.4:1", "1.2.3:1", "256.1.1.1:1", "unix:", "localhost:80", "[::1%eth0]:1",
        "[:::]:1",
        "[1:2:3:4:5:6:7:8:9]:1", "[1::2::3]:1", "[12345::]:1",
    ])
    func `what is no endpoint is none`(text: String) {
        #expect(Endpoint(parsing: text) == nil)
    }

    @Test func `a Unix path has its limit`() {
        let longest = String(repeating: "x", count: Limits.unixPathBytes)
        #expect(Endpoint(parsing: "unix:\(longest)") != nil)
        #expect(Endpoint(parsing: "unix:\(longest)x") == nil)
    }

    @Test(arguments: [
        ("::", "::"), ("0:0:0:0:0:0:0:1", "::1"), ("1:0:0:0:0:0:0:0", "1::"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("a:b:c:d:e:f:1:2", "a:b:c:d:e:f:1:2"), ("1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0"), ("::1.2.3.4", "::102:304"),
        ("0:0:1::", "0:0:1::"),
    ])
    func `an IPv6 address is written as RFC 5952 says`(text: String, written: String) {
        #expect(IPAddress(parsing: text)?.description == written)
    }

    @Test func `a host with a port is told from an address`() {
        #expect(HostEndpoint(parsing: "App.internal.:80")?.description == "app.internal:80")
        for text in ["127.0.0.1:80", "[::1]:80", "app", "1.2.3:80", "a b:80", ":80"] {
            #expect(HostEndpoint(parsing: text) == nil, "\(text)")
        }
    }

    @Test(arguments: [("64KiB", 65536), ("10MB", 10_000_000), ("0", 0), ("1.5KiB", 1536), ("7B", 7), ("2GiB", 2 << 30)])
    func `a size is read`(text: String, bytes: Int) {
        #expect(ByteCount(parsing: text)?.bytes == bytes)
    }

    @Test(arguments: [
        "", "KiB", "-1", "1.5", "1kib", "1 KiB", "1e3", "0.3KiB", "99999999999GiB", ".5KiB", "5.KiB", "1.2.3KiB",
    ])
    func `what is no size is none`(text: String) {
        #expect(ByteCount(parsing: text) == nil)
    }

    @Test(arguments: [("20ms", 0.02), ("1.5h", 5400), ("2d", 172_800), ("0s", 0), ("10m", 600)])
    func `a duration is read`(text: String, seconds: Double) {
        #expect(Duration(parsing: text)?.inSeconds == seconds)
    }

    @Test(arguments: ["", "5", "5x", "-1s", "1 s", "1us", "99999999999h", "s", "1,5s"])
    func `what is no duration is none`(text: String) {
        #expect(Duration(parsing: text) == nil)
    }

    @Test func `quantities are written as they are read`() {
        for text in ["20ms", "90s", "2h", "3d", "5m"] { #expect(Duration(parsing: text)?.written == text) }
        for text in ["64KiB", "3MB", "513B", "2GiB"] { #expect(ByteCount(parsing: text)?.description == text) }
        #expect(ByteCount(0).description == "0B")
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (951_782_400, "2000-02-29T00:00:00.000Z"),
        (1_709_251_199, "2024-02-29T23:59:59.000Z"),
        (-1, "1969-12-31T23:59:59.000Z"), (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        (1_763_874_000, "2025-11-23T05:00:00.000Z"),
    ])
    func `civil time is written in UTC`(seconds: Int64, text: String) {
        #expect(WallTime(secondsSinceEpoch: seconds).description == text)
    }

    @Test func `days to an expiry are rounded towards the past`() {
        let now = WallTime(secondsSinceEpoch: 1000)
        #expect(WallTime(secondsSinceEpoch: 1000 + 86_399).days(since: now) == 0)
        #expect(WallTime(secondsSinceEpoch: 1000 + 86_400).days(since: now) == 1)
        #expect(WallTime(secondsSinceEpoch: 999).days(since: now) == -1)
    }

    @Test func `instants stop at their ends instead of overflowing`() {
        let start = Instant(nanoseconds: 5)
        #expect(start + .seconds(-1) == Instant(nanoseconds: 0))
        #expect(Instant(nanoseconds: .max) + .seconds(1) == Instant(nanoseconds: .max))
        #expect(start - Instant(nanoseconds: 9) == .zero)
        #expect((start + .seconds(2)) - start == .seconds(2))
    }

    @Test func `a name is in lower case without its last dot, and an address is none`() {
        #expect(ServerName("Example.TEST.")?.text == "example.test")
        for text in ["", ".", "a..b", "a b", "*.a", "a:1", String(repeating: "a", count: 64), "ä.test"] {
            #expect(ServerName(text) == nil, "\(text)")
        }
        #expect(NamePattern("*.a.test")?.description == "*.a.test")
        #expect(NamePattern("*") == nil && NamePattern("a.*.test") == nil && NamePattern("*a.test") == nil)
    }

    @Test func `a secret shows nothing of itself`() {
        let secret = Array("hunter2".utf8).withUnsafeBytes { Secret(copying: $0) }
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped] {
            #expect(!text.contains("hunter2") && !text.contains("104"))
        }
        #expect(secret.count == 7)
        #expect(secret.withBytes { $0.elementsEqual("hunter2".utf8) })
    }
}

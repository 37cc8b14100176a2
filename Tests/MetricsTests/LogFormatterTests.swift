import Foundation
import Logging
import RepriseMetrics
import RepriseVocabulary
import Testing

@Suite struct LogFormatterTests {
    private let time = WallTime(secondsSinceEpoch: 1_795_410_480, nanoseconds: 123_999_999)

    private func line(
        _ format: LogFormat, color: Bool = false, level: Logger.Level = .info, message: String = "connection closed",
        _ fields: [(String, LogValue)]
    ) -> String {
        var formatter = LogFormatter(format: format, isColored: color)
        var bytes: [UInt8] = []
        formatter.append(LogEntry(time: time, level: level, message: message, fields: fields), to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func object(_ line: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    private var fields: [(String, LogValue)] {
        get throws {
            [
                ("connection", .int(7)), ("client", .endpoint(try #require(Endpoint(parsing: "[::1]:4433")))),
                ("sni", "example.test"), ("total_ms", .duration(.microseconds(1500))),
                ("ending", "alert_sent(decode_error)"), ("share", .double(0.25)), ("ok", .bool(true)),
            ]
        }
    }

    @Test func `a text line has time, level, sentence and fields`() throws {
        #expect(
            line(.text, try fields)
                == "2026-11-23T05:08:00.123Z INFO  connection closed  connection=7 client=[::1]:4433 sni=example.test"
                + " total_ms=1.500 ending=alert_sent(decode_error) share=0.25 ok=true\n")
    }

    @Test func `a JSON line is one object with numbers as numbers`() throws {
        let text = line(.json, level: .warning, try fields)
        #expect(text.hasPrefix(#"{"time":"2026-11-23T05:08:00.123Z","level":"warning","message":"connection closed","#))
        #expect(text.contains(#","connection":7,"#))
        #expect(text.hasSuffix("}\n"))
        let object = try object(text)
        #expect(object["client"] as? String == "[::1]:4433")
        #expect(object["total_ms"] as? Double == 1.5)
        #expect(object["ending"] as? String == "alert_sent(decode_error)")
        #expect(object["ok"] as? Bool == true)
    }

    @Test(arguments: [
        "a\nb", "a\r\nb", "\u{0}", "\u{1b}[31mred", "\u{7f}", "\u{85}", "\u{9b}31m", "\u{2028}", "\u{2029}",
        "\u{202e}x",
        "\u{2066}x", "\u{feff}x", "\u{200b}", "\u{e0041}", "\u{10ffff}", "a\"b", "a\\b", "a b", "a=b", "", "é", "日本",
        "x\u{301}", "\u{fffd}", "🙂",
    ])
    func `no text breaks out of its field`(_ foreign: String) throws {
        for color in [false, true] {
            let text = line(.text, color: color, [("sni", .string(foreign)), ("alpn", "h2")])
            #expect(text.filter { $0.isNewline }.count == 1 && text.hasSuffix("h2\n"))
            let plain = text.dropLast().replacing("\u{1b}[0m", with: "").replacing("\u{1b}[2m", with: "")
                .replacing("\u{1b}[32m", with: "")
            #expect(plain.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
        }
        let json = line(.json, [("sni", .string(foreign)), ("alpn", "h2")])
        #expect(json.dropLast().unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f })
        #expect(try object(json)["sni"] as? String == foreign)
    }

    @Test func `text escapes are readable`() {
        #expect(
            line(.text, [("a", .string("x\ny")), ("b", .string("\u{1b}[0m")), ("c", .string(#"q"\"#)), ("d", "")])
                .hasSuffix(#"  a="x\ny" b="\u{1b}[0m" c="q\"\\" d="""# + "\n"))
        #expect(line(.text, message: "one\ntwo", []).hasSuffix(#"INFO  one\ntwo"# + "\n"))
    }

    @Test func `bytes that are not UTF-8 become replacement characters`() throws {
        let text = String(decoding: [0x61, 0xff, 0xfe, 0xc3, 0x28] as [UInt8], as: UTF8.self)
        #expect(try object(line(.json, [("sni", .string(text))]))["sni"] as? String == "a\u{fffd}\u{fffd}\u{fffd}(")
    }

    @Test func `keys are words, and do not shadow the line's own`() throws {
        let fields: [(String, LogValue)] = [
            ("time", "x"), ("level", "y"), ("message", "z"), ("a b\n", "w"), ("", "v"),
        ]
        let object = try object(line(.json, fields))
        #expect(object["message"] as? String == "connection closed")
        #expect(object["_message"] as? String == "z")
        #expect(object["_time"] as? String == "x")
        #expect(object["a_b_"] as? String == "w")
        #expect(line(.text, [("a b\n", "w")]).hasSuffix("  a_b_=w\n"))
    }

    @Test(arguments: [LogFormat.text, .json])
    func `a value is cut at its limit`(_ format: LogFormat) {
        let limit = Limits.logValueBytes
        let whole = String(repeating: "x", count: limit)
        #expect(line(format, [("v", .string(whole))]).contains(whole))
        #expect(!line(format, [("v", .string(whole))]).contains("…"))
        let cut = line(format, [("v", .string(whole + "y"))])
        #expect(cut.contains(whole + "…") && !cut.contains("y…"))
        #expect(line(format, [("v", .string(String(repeating: "\n", count: 1 << 20)))]).utf8.count < limit + 200)
    }

    @Test(arguments: [
        (Duration.zero, "0.000"), (.nanoseconds(999), "0.000"), (.microseconds(1), "0.001"),
        (.milliseconds(-2), "-2.000"), (.microseconds(-1), "-0.001"), (.seconds(3600), "3600000.000"),
        (.seconds(Int64.max), "9223372036854.775"),
    ])
    func `durations are milliseconds`(_ duration: Duration, _ words: String) {
        #expect(line(.text, [("t_ms", .duration(duration))]).hasSuffix("  t_ms=\(words)\n"))
    }

    @Test func `what is no JSON number is null`() throws {
        #expect(try object(line(.json, [("v", .double(.nan)), ("w", .double(.infinity))]))["v"] is NSNull)
    }

    @Test func `colours are there only when asked for`() {
        #expect(!line(.text, [("a", "b")]).contains("\u{1b}"))
        #expect(line(.text, color: true, [("a", "b")]).contains("\u{1b}[32mINFO \u{1b}[0m"))
        #expect(!line(.json, color: true, [("a", "b")]).contains("\u{1b}"))
    }

    @Test func `the time moves on from line to line`() {
        var formatter = LogFormatter(format: .text, isColored: false)
        let moments = [
            (0, 0, "1970-01-01T00:00:00.000Z"), (0, 7_000_000, "1970-01-01T00:00:00.007Z"),
            (59, 999_999_999, "1970-01-01T00:00:59.999Z"), (-1, 500_000_000, "1969-12-31T23:59:59.500Z"),
        ]
        for (second, nanoseconds, expected) in moments {
            var bytes: [UInt8] = []
            let time = WallTime(secondsSinceEpoch: Int64(second), nanoseconds: Int32(nanoseconds))
            formatter.append(LogEntry(time: time, level: .error, message: "m"), to: &bytes)
            #expect(String(decoding: bytes, as: UTF8.self) == "\(expected) ERROR m\n")
            #expect(time.description == expected)
        }
    }

    @Test func `every field that the code writes is explained in docs logs.md`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
        let text = try String(contentsOf: root.appending(path: "docs/logs.md"), encoding: .utf8)
        let sources = root.appending(path: "Sources")
        let files = try FileManager.default.subpathsOfDirectory(atPath: sources.path).filter { $0.hasSuffix(".swift") }
        var keys: Set<String> = []
        for file in files {
            let source = try String(contentsOf: sources.appending(path: file), encoding: .utf8)
            for match in source.matches(
                of: /\("([a-z_]+)", (\.(string|int|double|bool|duration|endpoint)\(|milliseconds)/)
            {
                keys.insert(String(match.output.1))
            }
        }
        #expect(keys.contains("sni"))
        for key in keys.sorted() { #expect(text.contains("| `\(key)` |"), "docs/logs.md does not explain \(key)") }
    }
}

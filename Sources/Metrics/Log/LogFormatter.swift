import Logging
package import RepriseVocabulary

/// Turns log entries into text.
///
/// An entry is one line of printable text, no matter what a peer puts into a field.
package struct LogFormatter {
    /// How lines are written.
    package var format: LogFormat
    /// Whether text lines carry the terminal's colours (ECMA-48 SGR); the caller knows whether it is a terminal.
    package var isColored: Bool

    /// The time's text up to the second, which most lines share with the line before.
    private var second: Int64?
    private var secondText: [UInt8] = []

    package init(format: LogFormat, isColored: Bool) {
        self.format = format
        self.isColored = isColored
    }

    /// Appends the entry's line, with the line feed at its end.
    package mutating func append(_ entry: LogEntry, to line: inout [UInt8]) {
        switch format {
        case .text: appendText(entry, to: &line)
        case .json: appendJSON(entry, to: &line)
        }
        line.append(UInt8(ascii: "\n"))
    }

    private mutating func appendText(_ entry: LogEntry, to line: inout [UInt8]) {
        appendTime(entry.time, to: &line)
        line.append(UInt8(ascii: " "))
        if isColored { line += Self.color(of: entry.level).utf8 }
        line += Self.paddedName(of: entry.level).utf8
        if isColored { line += "\u{1b}[0m".utf8 }
        line.append(UInt8(ascii: " "))
        LogText.appendBare(entry.message, to: &line)
        for (index, (key, value)) in entry.fields.enumerated() {
            line += index == 0 ? "  ".utf8 : " ".utf8
            if isColored { line += "\u{1b}[2m".utf8 }
            LogText.appendKey(key, to: &line)
            line.append(UInt8(ascii: "="))
            if isColored { line += "\u{1b}[0m".utf8 }
            switch Self.words(for: value) {
            case .plain(let text): line += text.utf8
            case .foreign(let text): LogText.appendValue(text, to: &line)
            }
        }
    }

    private mutating func appendJSON(_ entry: LogEntry, to line: inout [UInt8]) {
        line += #"{"time":""#.utf8
        appendTime(entry.time, to: &line)
        line += #"","level":""#.utf8
        line += entry.level.rawValue.utf8
        line += #"","message":"#.utf8
        LogText.appendJSON(entry.message, to: &line)
        for (key, value) in entry.fields {
            line += #",""#.utf8
            // A second `time`, `level` or `message` would make the object ambiguous (RFC 8259 §4).
            if Self.reservedKeys.contains(key) { line.append(UInt8(ascii: "_")) }
            LogText.appendKey(key, to: &line)
            line += #"":"#.utf8
            switch value {
            case .int, .bool, .duration: appendWords(value, to: &line)
            case .double(let value) where !value.isFinite: line += "null".utf8
            case .double: appendWords(value, to: &line)
            case .string(let text): LogText.appendJSON(text, to: &line)
            case .endpoint(let endpoint): LogText.appendJSON(endpoint.description, to: &line)
            }
        }
        line.append(UInt8(ascii: "}"))
    }

    private func appendWords(_ value: LogValue, to line: inout [UInt8]) {
        switch Self.words(for: value) {
        case .plain(let text), .foreign(let text): line += text.utf8
        }
    }

    /// `2026-11-23T05:08:00.123Z`, as `WallTime.description`, with the part before the point kept for a second.
    private mutating func appendTime(_ time: WallTime, to line: inout [UInt8]) {
        if second != time.secondsSinceEpoch {
            second = time.secondsSinceEpoch
            secondText = Array(WallTime(secondsSinceEpoch: time.secondsSinceEpoch).description.utf8.dropLast(4))
        }
        line += secondText
        let milliseconds = max(0, min(999, Int(time.nanoseconds) / 1_000_000))
        for digit in [milliseconds / 100, milliseconds / 10 % 10, milliseconds % 10] {
            line.append(UInt8(ascii: "0") + UInt8(digit))
        }
        line.append(UInt8(ascii: "Z"))
    }

    private enum Words {
        /// Digits and words of ours: nothing to escape.
        case plain(String)
        /// Text that others had a part in.
        case foreign(String)
    }

    /// A value as the text format has it, without quotes.
    static func text(of value: LogValue) -> String {
        switch words(for: value) {
        case .plain(let text), .foreign(let text): text
        }
    }

    private static func words(for value: LogValue) -> Words {
        switch value {
        case .string(let text): .foreign(text)
        case .int(let number): .plain(String(number))
        case .double(let number): .plain(number.description)
        case .bool(let truth): .plain(truth ? "true" : "false")
        case .duration(let duration): .plain(milliseconds(duration))
        case .endpoint(let endpoint): .foreign(endpoint.description)
        }
    }

    /// Milliseconds with three decimals, cut off below the microsecond.
    private static func milliseconds(_ duration: Duration) -> String {
        let microseconds = duration.wholeNanoseconds / 1000
        let thousandths = String(microseconds.magnitude % 1000)
        let sign = microseconds < 0 ? "-" : ""
        let zeros = String(repeating: "0", count: 3 - thousandths.utf8.count)
        return "\(sign)\(microseconds.magnitude / 1000).\(zeros)\(thousandths)"
    }

    private static let reservedKeys: Set<String> = ["time", "level", "message"]

    private static func paddedName(of level: Logger.Level) -> String {
        switch level {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info: "INFO "
        case .notice: "NOTE "
        case .warning: "WARN "
        case .error: "ERROR"
        case .critical: "FATAL"
        }
    }

    private static func color(of level: Logger.Level) -> String {
        switch level {
        case .trace, .debug: "\u{1b}[2m"
        case .info: "\u{1b}[32m"
        case .notice: "\u{1b}[36m"
        case .warning: "\u{1b}[33m"
        case .error: "\u{1b}[31m"
        case .critical: "\u{1b}[1;31m"
        }
    }
}

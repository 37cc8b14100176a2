internal import Logging

/// Writes log entries as lines. Nothing in a field can begin another line or another field.
package enum LogFormatter {
    /// The entry's line, with its newline.
    package static func line(_ entry: LogEntry, as format: LogFormat, colored: Bool) -> String {
        switch format {
        case .text: text(entry, colored)
        case .json: json(entry)
        }
    }

    private static func text(_ entry: LogEntry, _ colored: Bool) -> String {
        let level = entry.level.rawValue.uppercased()
        let padded = level + String(repeating: " ", count: max(0, 8 - level.count))
        var line = "\(entry.time) \(colored ? paint(padded, entry.level) : padded) \(plain(entry.message))"
        for (name, value) in entry.fields {
            line += colored ? "  \u{1B}[2m\(name)=\u{1B}[0m\(plain(value))" : "  \(name)=\(plain(value))"
        }
        return line + "\n"
    }

    private static func paint(_ text: String, _ level: Logger.Level) -> String {
        let color =
            switch level {
            case .trace, .debug: "2"
            case .info: "32"
            case .notice: "36"
            case .warning: "33"
            case .error, .critical: "31"
            }
        return "\u{1B}[\(color)m\(text)\u{1B}[0m"
    }

    private static func plain(_ value: LogValue) -> String {
        switch value {
        case .string(let text):
            if text.isEmpty || text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x22 || $0 == 0x3D }) {
                quoted(text)
            } else {
                plain(text)
            }
        case .int(let number): "\(number)"
        case .double(let number): "\(number)"
        case .bool(let flag): "\(flag)"
        }
    }

    /// The text without control characters, which a terminal would obey.
    private static func plain(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return text.unicodeScalars.map { isControl($0) ? "\\u{\(String($0.value, radix: 16))}" : String($0) }.joined()
    }

    private static func json(_ entry: LogEntry) -> String {
        var line =
            "{\"time\":\"\(entry.time)\",\"level\":\"\(entry.level.rawValue)\",\"message\":\(quoted(entry.message))"
        for (name, value) in entry.fields {
            line += ",\(quoted(name)):"
            switch value {
            case .string(let text): line += quoted(text)
            case .int(let number): line += "\(number)"
            case .double(let number): line += number.isFinite ? "\(number)" : "null"
            case .bool(let flag): line += "\(flag)"
            }
        }
        return line + "}\n"
    }

    /// A JSON string (RFC 8259 §7).
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where isControl(scalar):
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - min(4, digits.count)) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// C0 and C1 controls, and the separators that some readers take for the end of a line.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
    }
}

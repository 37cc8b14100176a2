import RepriseVocabulary

/// Makes text of others harmless: no control character, no line separator, no change of the writing direction reaches
/// the log, and none of it is longer than ``Limits/logValueBytes``.
enum LogText {
    /// Appends a message: as it is, but for what must be escaped.
    static func appendBare(_ text: String, to line: inout [UInt8]) {
        var text = text
        if isPrintable(&text, allowing: bareByte) {
            line += text.utf8
        } else {
            append(text, to: &line, quote: nil, escape: appendTextEscape)
        }
    }

    /// Appends a field's value of a text line: in quotation marks when it is empty or holds more than a plain word.
    static func appendValue(_ text: String, to line: inout [UInt8]) {
        var text = text
        if !text.isEmpty, isPrintable(&text, allowing: wordByte) {
            line += text.utf8
            return
        }
        line.append(quotationMark)
        append(text, to: &line, quote: quotationMark, escape: appendTextEscape)
        line.append(quotationMark)
    }

    /// Appends a JSON string with its quotation marks (RFC 8259 §7).
    static func appendJSON(_ text: String, to line: inout [UInt8]) {
        var text = text
        line.append(quotationMark)
        if isPrintable(&text, allowing: wordByte) {
            line += text.utf8
        } else {
            append(text, to: &line, quote: quotationMark, escape: appendJSONEscape)
        }
        line.append(quotationMark)
    }

    /// Appends a key: ASCII letters, digits, `_`, `-` and `.`; anything else becomes `_`.
    static func appendKey(_ key: String, to line: inout [UInt8]) {
        guard !key.isEmpty else { return line.append(UInt8(ascii: "_")) }
        for byte in key.utf8.prefix(64) {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                line.append(byte)
            default: line.append(UInt8(ascii: "_"))
            }
        }
    }

    private static let quotationMark = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    private static func bareByte(_ byte: UInt8) -> Bool {
        (0x20..<0x7f).contains(byte) && byte != backslash
    }

    private static func wordByte(_ byte: UInt8) -> Bool {
        (0x21..<0x7f).contains(byte) && byte != backslash && byte != quotationMark && byte != UInt8(ascii: "=")
    }

    /// Whether the text is short and ASCII of the allowed kind: most is, and needs no second look.
    private static func isPrintable(_ text: inout String, allowing isAllowed: (UInt8) -> Bool) -> Bool {
        text.withUTF8 { bytes in bytes.count <= Limits.logValueBytes && bytes.allSatisfy(isAllowed) }
    }

    private static func append(
        _ text: String, to line: inout [UInt8], quote: UInt8?, escape: (Unicode.Scalar, inout [UInt8]) -> Void
    ) {
        let end = line.count + Limits.logValueBytes
        for scalar in text.unicodeScalars {
            guard line.count < end else {
                line += "…".utf8
                return
            }
            if scalar.value == UInt32(backslash) || scalar.value == quote.map(UInt32.init) {
                line += [backslash, UInt8(scalar.value)]
            } else if mustBeEscaped(scalar) {
                escape(scalar, &line)
            } else {
                line += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            }
        }
    }

    /// Controls (Cc), separators of lines, and the invisible ones that turn, join or hide text (Cf), tags included.
    private static func mustBeEscaped(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x7f { return scalar.value < 0x20 }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return true
        default: return false
        }
    }

    private static func appendTextEscape(_ scalar: Unicode.Scalar, to line: inout [UInt8]) {
        switch scalar {
        case "\n": line += #"\n"#.utf8
        case "\r": line += #"\r"#.utf8
        case "\t": line += #"\t"#.utf8
        default: line += #"\u{\#(String(scalar.value, radix: 16))}"#.utf8
        }
    }

    private static func appendJSONEscape(_ scalar: Unicode.Scalar, to line: inout [UInt8]) {
        for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
            let digits = String(unit, radix: 16)
            line += #"\u\#(String(repeating: "0", count: 4 - digits.utf8.count))\#(digits)"#.utf8
        }
    }
}

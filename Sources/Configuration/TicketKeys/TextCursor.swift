internal import RepriseVocabulary

/// A place in text that may hold secrets, moved forwards byte by byte.
struct TextCursor {
    private let bytes: Secret
    private var offset = 0
    private var lineStart = 0
    /// From 1.
    private(set) var line = 1

    init(_ bytes: Secret) {
        self.bytes = bytes
    }

    /// From 0.
    var column: Int { offset - lineStart }
    var isAtEnd: Bool { offset == bytes.count }
    /// The byte here; `nil` at the end.
    var next: UInt8? { isAtEnd ? nil : bytes[offset] }
    var isAtBlank: Bool { next.map(Self.isBlank) ?? false }

    /// Whether a list's item begins here: a hyphen with a blank behind it.
    var isItem: Bool {
        next == UInt8(ascii: "-") && (offset + 1 == bytes.count || Self.isBlank(bytes[offset + 1]))
    }

    /// Whether nothing but spaces, and hyphens of lists, stands before this place in its line.
    var isIndentedBySpaces: Bool {
        (lineStart..<offset).allSatisfy { bytes[$0] == 0x20 || bytes[$0] == UInt8(ascii: "-") }
    }

    mutating func take() {
        if bytes[offset] == 10 { (line, lineStart) = (line + 1, offset + 1) }
        offset += 1
    }

    /// Skips the word if it stands here and ends its line; otherwise nothing.
    mutating func skip(_ word: String) -> Bool {
        let end = offset + word.utf8.count
        guard bytes.has(word.utf8, at: offset), end == bytes.count || Self.isBlank(bytes[end]) else { return false }
        offset = end
        return true
    }

    mutating func skipByteOrderMark() {
        guard offset == 0, bytes.has([0xEF, 0xBB, 0xBF], at: 0) else { return }
        (offset, lineStart) = (3, 3)
    }

    /// Skips blanks within the line.
    mutating func skipSpaces() {
        while let byte = next, byte == 0x20 || byte == 9 { take() }
    }

    /// Skips blanks, ends of lines, and comments, which begin a line or stand behind a blank.
    mutating func skipBlanks() {
        while let byte = next {
            if byte == UInt8(ascii: "#"), column == 0 || Self.isBlank(bytes[offset - 1]) {
                while let byte = next, byte != 10 { take() }
            } else if Self.isBlank(byte) {
                take()
            } else {
                return
            }
        }
    }

    /// Takes a plain or quoted value of one word: letters, digits, and what base64 and times have besides.
    ///
    /// - Returns: `nil` where none stands.
    mutating func takeWord() -> Secret? {
        takeRun { Self.isLetterOrDigit($0) || "+/=:.-_".utf8.contains($0) }
    }

    /// Takes a plain or quoted key of a mapping.
    mutating func takeKey() -> Secret? {
        takeRun { Self.isLetterOrDigit($0) || $0 == UInt8(ascii: "_") }
    }

    private mutating func takeRun(_ belongs: (UInt8) -> Bool) -> Secret? {
        let quote = next == UInt8(ascii: "'") || next == UInt8(ascii: "\"") ? next : nil
        let start = quote == nil ? offset : offset + 1
        var end = start
        while end < bytes.count, belongs(bytes[end]) { end += 1 }
        guard end > start else { return nil }
        if let quote {
            guard end < bytes.count, bytes[end] == quote else { return nil }
            offset = end + 1
        } else {
            offset = end
        }
        return Secret(copying: bytes, start..<end)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 9 || byte == 10 || byte == 13 }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: false
        }
    }
}

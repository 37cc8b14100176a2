/// The bytes of a file as text.
enum SourceText {
    /// The file is not text: where, and what was found instead.
    struct TextError: Error {
        let place: TextPosition
        let message: String
    }

    /// The text in UTF-8, without the byte order mark that some editors put in front.
    static func decode(_ bytes: [UInt8]) throws(TextError) -> String {
        if let other = otherEncoding(bytes) {
            throw TextError(place: TextPosition(), message: "expected text in UTF-8, found \(other)")
        }
        let rest = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        if let text = String(validating: rest, as: UTF8.self) { return text }
        throw firstBadByte(rest)
    }

    /// By the byte order mark, or by the zero bytes of text in Latin letters.
    private static func otherEncoding(_ bytes: [UInt8]) -> String? {
        if bytes.starts(with: [0xFF, 0xFE, 0, 0]) || bytes.starts(with: [0, 0, 0xFE, 0xFF]) { return "UTF-32" }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return "UTF-16" }
        guard bytes.count >= 4 else { return nil }
        switch (bytes[0] == 0, bytes[1] == 0, bytes[2] == 0, bytes[3] == 0) {
        case (true, false, true, false), (false, true, false, true): return "UTF-16"
        default: return nil
        }
    }

    private static func firstBadByte(_ bytes: ArraySlice<UInt8>) -> TextError {
        var walk = TextPosition.Walk()
        var offset = bytes.startIndex
        var rest = bytes.makeIterator()
        var parser = Unicode.UTF8.ForwardParser()
        while case .valid(let encoded) = parser.parseScalar(from: &rest) {
            walk.advance(past: Unicode.UTF8.decode(encoded))
            offset += encoded.count
        }
        let digits = offset < bytes.endIndex ? String(bytes[offset], radix: 16, uppercase: true) : "?"
        return TextError(place: walk.place, message: "expected text in UTF-8, found the byte 0x\(digits)")
    }
}

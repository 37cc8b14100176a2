/// What is wrong with a word of the command line, and where.
package struct ParseFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was written.
    package let text: String
    /// The character at which it goes wrong, from 0; the text's length for its end.
    package let column: Int
    package let message: String

    package init(_ text: String, at column: Int, _ message: String) {
        (self.text, self.column, self.message) = (text, min(column, text.count), message)
    }

    /// Three lines: the message, the text, and a mark below the character.
    package var description: String {
        "\(message)\n    \(text)\n    \(String(repeating: " ", count: column))^"
    }
}

/// Reads a text from left to right. Characters are counted, so that a fault points at one.
struct Scanner {
    let text: String
    private let characters: [Character]
    private(set) var column = 0

    init(_ text: String) {
        self.text = text
        characters = Array(text)
    }

    var isAtEnd: Bool { column == characters.count }
    var next: Character? { column < characters.count ? characters[column] : nil }

    mutating func skipSpaces() {
        while next == " " { column += 1 }
    }

    /// Takes characters as long as they fit.
    mutating func take(while fits: (Character) -> Bool) -> String {
        let start = column
        while let character = next, fits(character) { column += 1 }
        return String(characters[start..<column])
    }

    /// Takes a text if it comes next.
    mutating func take(_ word: String) -> Bool {
        let word = Array(word)
        guard characters[column...].starts(with: word) else { return false }
        column += word.count
        return true
    }

    mutating func expect(_ word: String, _ what: String) throws(ParseFault) {
        guard take(word) else { throw fault("expected \(what)") }
    }

    /// A number with or without decimals, not negative.
    mutating func number(_ what: String) throws(ParseFault) -> Double {
        let start = column
        let digits = take { $0.isASCII && $0.isNumber || $0 == "." }
        // ".." separates two numbers.
        if let dots = zip(digits, digits.dropFirst()).enumerated().first(where: { $1.0 == "." && $1.1 == "." }) {
            column = start + dots.offset
        }
        guard let value = Double(String(characters[start..<column])), value.isFinite else {
            column = start
            throw fault("expected \(what)")
        }
        return value
    }

    func fault(_ message: String) -> ParseFault { ParseFault(text, at: column, message) }
}

extension Scanner {
    /// A span of time with its unit: `10s`, `1.5ms`, `2m`.
    mutating func duration(_ what: String) throws(ParseFault) -> Duration {
        let value = try number(what)
        let start = column
        let unit = take { $0.isASCII && $0.isLetter || $0 == "µ" }
        let seconds: Double? =
            switch unit {
            case "ns": 1e-9
            case "us", "µs": 1e-6
            case "ms": 1e-3
            case "s": 1
            case "m": 60
            case "h": 3600
            default: nil
            }
        guard let seconds, value * seconds < 1e9 else {
            column = start
            throw fault("expected a unit of time: ns, us, ms, s, m or h")
        }
        return .nanoseconds(Int64((value * seconds * 1e9).rounded()))
    }
}

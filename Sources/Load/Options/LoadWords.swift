internal import RepriseVocabulary

/// Reads words of the command line of several options.
package enum LoadWords {
    /// How many names a list of server names may come to.
    package static let names = 100_000

    /// A span of time with its unit: `10s`, `1.5ms`, `2m`.
    package static func duration(_ text: String) throws(ParseFault) -> Duration {
        var scanner = Scanner(text)
        let duration = try scanner.duration("a time, as in 10s")
        guard scanner.isAtEnd else { throw scanner.fault("expected nothing more") }
        return duration
    }

    /// The same, but more than none.
    package static func positiveDuration(_ text: String) throws(ParseFault) -> Duration {
        let duration = try duration(text)
        guard duration > .zero else { throw ParseFault(text, at: 0, "expected more than no time") }
        return duration
    }

    /// A number of bytes with or without a unit: `100`, `64KiB`, `10MiB`.
    package static func bytes(_ text: String) throws(ParseFault) -> Int {
        guard let count = ByteCount(parsing: text) else {
            throw ParseFault(text, at: 0, "expected a number of bytes, as in 64KiB")
        }
        return count.bytes
    }

    /// From 0 to 1.
    package static func share(_ text: String) throws(ParseFault) -> Double {
        var scanner = Scanner(text)
        let share = try scanner.number("a share between 0 and 1")
        guard scanner.isAtEnd else { throw scanner.fault("expected nothing more") }
        guard share <= 1 else { throw ParseFault(text, at: 0, "a share is at most 1") }
        return share
    }

    /// A count from 0 on.
    package static func countOrNone(_ text: String) throws(ParseFault) -> Int {
        text == "0" ? 0 : try count(text)
    }

    /// A count from 1 on.
    package static func count(_ text: String) throws(ParseFault) -> Int {
        guard let count = Int(text), (1...1_000_000_000).contains(count) else {
            throw ParseFault(text, at: 0, "expected a whole number from 1 to 1000000000")
        }
        return count
    }

    /// Names separated by commas or lines; `{1..100}` in one stands for each of those numbers.
    package static func names(_ text: String) throws(ParseFault) -> [String] {
        var names: [String] = []
        var column = 0
        for part in text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "," || $0.isNewline }) {
            defer { column += part.count + 1 }
            let trimmed = part.drop { $0 == " " }.prefix { $0 != " " }
            guard !trimmed.isEmpty else { continue }
            for name in try expand(String(trimmed), of: text, at: column) {
                guard let name = ServerName(name) else { throw ParseFault(text, at: column, "expected a host name") }
                names.append(name.text)
            }
            guard names.count <= Self.names else {
                throw ParseFault(text, at: column, "more than \(Self.names) names")
            }
        }
        guard !names.isEmpty else { throw ParseFault(text, at: 0, "expected a host name") }
        return names
    }

    private static func expand(_ pattern: String, of text: String, at column: Int) throws(ParseFault) -> [String] {
        guard let open = pattern.firstIndex(of: "{") else { return [pattern] }
        let fault = ParseFault(
            text, at: column + pattern.distance(from: pattern.startIndex, to: open), "expected {FIRST..LAST}")
        guard let close = pattern[open...].firstIndex(of: "}") else { throw fault }
        let bounds = pattern[pattern.index(after: open)..<close].split(separator: "..").compactMap { Int($0) }
        guard bounds.count == 2, bounds[0] >= 0, bounds[0] <= bounds[1], bounds[1] - bounds[0] < names else {
            throw fault
        }
        return (bounds[0]...bounds[1]).map { "\(pattern[..<open])\($0)\(pattern[pattern.index(after: close)...])" }
    }

    /// How many clients, and how many threads: from 1 on.
    package static func clients(_ text: String) throws(ParseFault) -> Int { try count(text, most: mostClients) }

    /// The same for threads.
    package static func threads(_ text: String) throws(ParseFault) -> Int { try count(text, most: mostThreads) }

    /// A client that has never been anywhere takes some hundred bytes.
    package static let mostClients = 1_000_000
    package static let mostThreads = 256

    private static func count(_ text: String, most: Int) throws(ParseFault) -> Int {
        guard let count = Int(text), (1...most).contains(count) else {
            throw ParseFault(text, at: 0, "expected a whole number from 1 to \(most)")
        }
        return count
    }

    /// A header field of HTTP (RFC 9110 §5), as `Name: value`.
    package static func field(_ text: String) throws(ParseFault) -> String {
        let name = text.prefix { $0 != ":" }
        let isToken = !name.isEmpty && name.allSatisfy { $0.isASCII && !$0.isWhitespace && $0 != "(" && $0 != "\"" }
        guard isToken, name.count < text.count else { throw ParseFault(text, at: 0, "expected Name: value") }
        if let place = text.firstIndex(where: { $0.isNewline || $0 == "\0" }) {
            throw ParseFault(text, at: text.distance(from: text.startIndex, to: place), "expected no line end")
        }
        return text
    }
}

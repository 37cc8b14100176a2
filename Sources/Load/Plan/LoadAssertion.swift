/// What a run must reach, for CI: `p99(handshake.full) < 20ms`, `resumed > 0.95`, `errors == 0`; `p99 < 50ms` is of
/// ``Measure/ready``.
package struct LoadAssertion: Sendable, Hashable, CustomStringConvertible {
    /// What is looked at.
    package enum Value: Sendable, Hashable {
        /// A percentile of a time, from 0 to 100; its mean; its longest.
        case percentile(Double, Measure)
        case mean(Measure)
        case longest(Measure)
        /// A share or a count of the run.
        case figure(Figure)
        /// The share that was resumed of the sessions that this word is said of in a report: their kind, which one was
        /// offered, or how the connection had ended that they came from.
        case resumed(String)
    }

    /// The words that sessions are told apart by.
    package static let offerWords =
        OfferedKind.allCases.map(\.rawValue) + SessionChoice.allCases.map(\.word) + CloseKind.allCases.map(\.word)

    /// A number of the whole run.
    package enum Figure: String, Sendable, Hashable, CaseIterable {
        /// The share of connections that offered a session and were resumed.
        case resumed
        /// Connections that came to nothing, and their share.
        case errors
        case errorRate = "error_rate"
        /// Connections in a second.
        case rate
        /// The share of starts that were late.
        case late
        case connections
        /// Starts that were due and left out.
        case skipped
        /// Connections that were under way when the run ended.
        case unfinished
        /// Connections that were to resume, and had nothing to offer.
        case withoutSession = "without_session"
        /// Answers of 400 and above.
        case httpErrors = "http_errors"

        /// Whether it is a share of something, from 0 to 1.
        var isShare: Bool {
            switch self {
            case .resumed, .errorRate, .late: true
            case .errors, .rate, .connections, .skipped, .unfinished, .withoutSession, .httpErrors: false
            }
        }
    }

    /// How it is compared with the bound.
    package enum Comparison: String, Sendable, Hashable, CaseIterable {
        // The longer ones first, so that they are found.
        case atMost = "<=", atLeast = ">=", equal = "==", less = "<", more = ">"

        func holds(_ one: Double, _ other: Double) -> Bool {
            switch self {
            case .atMost: one <= other
            case .atLeast: one >= other
            case .equal: one == other
            case .less: one < other
            case .more: one > other
            }
        }
    }

    package let description: String
    package let value: Value
    package let comparison: Comparison
    /// In seconds where a time is looked at.
    package let bound: Double

    /// Reads one.
    package init(parsing text: String) throws(ParseFault) {
        var scanner = Scanner(text)
        scanner.skipSpaces()
        value = try Self.value(&scanner)
        scanner.skipSpaces()
        let place = scanner
        guard let comparison = Comparison.allCases.first(where: { scanner.take($0.rawValue) }) else {
            throw place.fault("expected <, <=, >, >= or ==")
        }
        self.comparison = comparison
        scanner.skipSpaces()
        bound =
            switch value {
            case .figure(let figure) where !figure.isShare: try scanner.number("a number")
            case .figure, .resumed: try Self.share(&scanner)
            case .percentile, .mean, .longest: try scanner.duration("a time, as in 20ms").seconds
            }
        scanner.skipSpaces()
        guard scanner.isAtEnd else { throw scanner.fault("expected nothing more") }
        description = text
    }

    private static func value(_ scanner: inout Scanner) throws(ParseFault) -> Value {
        let start = scanner
        let word = scanner.take { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }
        if word == Figure.resumed.rawValue, scanner.take("(") { return try resumed(&scanner) }
        if let figure = Figure(rawValue: word) { return .figure(figure) }
        let digits = word.hasPrefix("p") ? word.dropFirst() : ""
        let percent = digits.allSatisfy { $0.isNumber || $0 == "." } ? Double(digits) : nil
        guard percent.map({ (0...100).contains($0) }) ?? ["mean", "max"].contains(word) else {
            let figures = Figure.allCases.map(\.rawValue).joined(separator: ", ")
            throw start.fault("expected pN(…), mean(…), max(…), or one of \(figures)")
        }
        // Of what a client waits for, where nothing else is said.
        guard scanner.take("(") else { return Self.value(word, percent, .ready) }
        let place = scanner
        let name = scanner.take { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }
        guard let measure = Measure(rawValue: name) else {
            throw place.fault("expected one of \(Measure.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        try scanner.expect(")", "\")\"")
        return Self.value(word, percent, measure)
    }

    private static func share(_ scanner: inout Scanner) throws(ParseFault) -> Double {
        let start = scanner
        let share = try scanner.number("a share between 0 and 1")
        guard share <= 1 else { throw start.fault("a share is at most 1") }
        return share
    }

    private static func value(_ word: String, _ percent: Double?, _ measure: Measure) -> Value {
        if let percent { return .percentile(percent, measure) }
        return word == "mean" ? .mean(measure) : .longest(measure)
    }

    private static func resumed(_ scanner: inout Scanner) throws(ParseFault) -> Value {
        let place = scanner
        let word = scanner.take { $0.isASCII && ($0.isLetter || $0 == "_" || $0 == "-") }
        guard offerWords.contains(word) else {
            throw place.fault("expected one of \(offerWords.joined(separator: ", "))")
        }
        try scanner.expect(")", "\")\"")
        return .resumed(word)
    }

    /// Whether a run has reached it.
    package func holds(for found: Double) -> Bool { comparison.holds(found, bound) }
}

/// A time that is measured for each connection.
package enum Measure: String, Sendable, Hashable, CaseIterable {
    /// From the SYN to the accept.
    case connect
    /// The TLS handshake, by what came of it.
    case handshakeFull = "handshake.full"
    case handshakeID = "handshake.id"
    case handshakeTicket = "handshake.ticket"
    case handshakePSK = "handshake.psk"
    /// From the scheduled start to the end of the handshake: what a client waits for.
    case ready
    /// From a request's last byte to the answer's first.
    case firstByte = "first_byte"
    /// From a request's first byte to the answer's last.
    case request
    /// From our end to the server's.
    case close
}

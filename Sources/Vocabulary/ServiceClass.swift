/// A differentiated services code point: the class of service that packets are marked with (RFC 2474).
package struct ServiceClass: Sendable, Hashable, CustomStringConvertible {
    /// 0 to 63.
    package let codePoint: Int

    /// 0, which asks for nothing.
    package static let standard = Self(codePoint: 0)

    /// The value of the byte in IP's header (TOS, traffic class), whose last two bits are ECN's.
    package var byte: CInt { CInt(codePoint << 2) }

    private init(codePoint: Int) {
        self.codePoint = codePoint
    }

    /// Reads a number from 0 to 63, or a word; `nil` for anything else.
    package init?(parsing text: String) {
        if let known = Self.known.first(where: { $0.word == text }) {
            self.init(codePoint: known.codePoint)
        } else if let number = Int(text), (0...63).contains(number) {
            self.init(codePoint: number)
        } else {
            return nil
        }
    }

    /// The words that stand for code points: RFC 2474 (cs), RFC 2597 (af), RFC 3246 (ef), RFC 8622 (le).
    package static var words: [String] { known.map(\.word) }

    private static let known: [(word: String, codePoint: Int)] =
        (0...7).map { ("cs\($0)", $0 * 8) }
        + (1...4).flatMap { row in (1...3).map { ("af\(row)\($0)", row * 8 + $0 * 2) } }
        + [("ef", 46), ("le", 1)]

    /// The number.
    package var description: String { "\(codePoint)" }
}

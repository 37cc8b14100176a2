/// A place in a text, as YAML counts: columns are Unicode scalars, and its five line breaks (YAML 1.1) end a line.
struct TextPosition: Hashable {
    /// From 1.
    var line = 1
    /// From 1.
    var column = 1

    /// Where the place is in a text; `nil` when the text has no such place, or ends there.
    func index(in text: String) -> String.Index? {
        let scalars = text.unicodeScalars
        var walk = Walk()
        for index in scalars.indices {
            let scalar = scalars[index]
            if walk.place == self, !(walk.isAfterReturn && scalar == "\n") { return index }
            walk.advance(past: scalar)
        }
        return nil
    }

    /// Goes through a text from its beginning, one scalar at a time.
    struct Walk {
        /// Where it is.
        private(set) var place = TextPosition()
        fileprivate private(set) var isAfterReturn = false

        /// Goes on by one scalar.
        mutating func advance(past scalar: Unicode.Scalar) {
            switch scalar {
            // A carriage return and a line feed are one line break.
            case "\n" where isAfterReturn: break
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": place = TextPosition(line: place.line + 1, column: 1)
            default: place.column += 1
            }
            isAfterReturn = scalar == "\r"
        }
    }
}

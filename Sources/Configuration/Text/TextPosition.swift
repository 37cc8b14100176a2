/// A place in a text, as YAML counts: columns are Unicode scalars, and its five line breaks (YAML 1.1) end a line.
struct TextPosition: Hashable {
    /// From 1.
    private(set) var line = 1
    /// From 1.
    private(set) var column = 1
    private var isAfterReturn = false

    /// The first place of a text.
    init() {}

    init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    static func == (left: TextPosition, right: TextPosition) -> Bool {
        (left.line, left.column) == (right.line, right.column)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(line)
        hasher.combine(column)
    }

    /// Goes on by one scalar.
    mutating func advance(past scalar: Unicode.Scalar) {
        switch scalar {
        // A carriage return and a line feed are one line break.
        case "\n" where isAfterReturn: break
        case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": (line, column) = (line + 1, 1)
        default: column += 1
        }
        isAfterReturn = scalar == "\r"
    }

    /// Where the place is in a text; `nil` when the text has no such place, or ends there.
    func index(in text: String) -> String.Index? {
        let scalars = text.unicodeScalars
        var place = TextPosition()
        for index in scalars.indices {
            let scalar = scalars[index]
            if place == self, !(place.isAfterReturn && scalar == "\n") { return index }
            place.advance(past: scalar)
        }
        return nil
    }
}

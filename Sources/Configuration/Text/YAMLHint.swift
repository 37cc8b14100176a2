internal import Yams

/// What people most often write that is no YAML, told by what they mean, with the line as it should be.
enum YAMLHint {
    /// A longer line is not shown.
    private static let maximumLine = 200

    /// What is wrong in a line, where in it, and the line that is right.
    struct Hint {
        let place: TextPosition
        let message: String
    }

    /// The hint for an error of libyaml's, where there is one.
    ///
    /// - Parameter flow: the line in which the brackets around the error open; `nil` when there are none.
    static func of(errorAt place: TextPosition, flow: Int?, in text: String) -> Hint? {
        let lines = text.lines(to: place.line)
        guard lines.count == place.line, let line = lines.last else { return nil }
        let indentation = line.unicodeScalars.prefix { $0 == " " || $0 == "\t" }
        if let tab = indentation.firstIndex(of: "\t") {
            let column = line.unicodeScalars.distance(from: line.startIndex, to: tab) + 1
            let content = line[indentation.endIndex...]
            let spaces = String(repeating: " ", count: indent(of: content, behind: lines.dropLast()))
            return Hint(
                place: TextPosition(line: place.line, column: column),
                message: "indentation takes spaces, not tabs"
                    + advice(spaces + content, isIndented: true))
        }
        let mending = LineMending(line, of: text, depth: flow.map { $0 < place.line ? 1 : 0 } ?? 0)
        guard let reason = mending.reason else { return nil }
        return Hint(
            place: TextPosition(line: place.line, column: mending.column),
            message: reason.rawValue + advice(mending.text))
    }

    /// The hint for a tag that means nothing.
    ///
    /// - Parameters:
    ///   - tag: as YAML resolves it.
    ///   - isAlone: whether no value stands behind it.
    static func ofTag(_ tag: String, at place: TextPosition, isAlone: Bool, lines: [Substring], text: String) -> String
    {
        let shown = tag.hasPrefix("tag:yaml.org,2002:") ? "!!\(tag.dropFirst(18))" : tag
        let message = "the tag \"\(shown.shortened)\" means nothing here"
        // Bytes are counted already, where characters would be counted again for each tag of a long line.
        guard place.line <= lines.count, lines[place.line - 1].utf8.count <= maximumLine else {
            return message
        }
        let line = lines[place.line - 1]
        if isAlone {
            let mending = LineMending(line, of: text, isTagMeant: true)
            if mending.reason == .tag { return LineMending.Reason.tag.rawValue + advice(mending.text) }
        }
        let start = line.unicodeScalars.dropFirst(place.column - 1)
        guard let mark = start.firstIndex(of: "!") else { return message }
        let rest = start[mark...].drop { !$0.properties.isWhitespace }.drop { $0 == " " }
        return message + advice(String(line[..<mark]) + String(rest))
    }

    private static func advice(_ line: String, isIndented: Bool = false) -> String {
        guard line.unicodeScalars.count <= maximumLine else { return "" }
        let end = line.lastIndex { !$0.isWhitespace }.map { line.index(after: $0) } ?? line.endIndex
        let start = isIndented ? line.startIndex : line.firstIndex { !$0.isWhitespace } ?? line.startIndex
        return start < end ? "; write: \(line[start..<end])" : ""
    }

    /// How far a line is indented that goes on behind these.
    private static func indent(of line: Substring, behind lines: ArraySlice<Substring>) -> Int {
        let before = lines.last { line in
            let first = line.first { !$0.isWhitespace }
            return first != nil && first != "#"
        }
        guard let before else { return 0 }
        let value = before.firstRange(of: " #").map { before[..<$0.lowerBound] } ?? before
        let isOpened = value.last { !$0.isWhitespace }.map { ":|>".contains($0) } ?? false
        let indent = value.prefix { $0 == " " }.count
        // The keys of a list's item stand behind its dash.
        let isItem = value.dropFirst(indent).hasPrefix("- ") && (isOpened || !line.hasPrefix("- "))
        return indent + (isItem ? 2 : 0) + (isOpened ? 2 : 0)
    }
}

extension String {
    /// The lines as YAML counts them, up to one of them; without their breaks.
    func lines(to last: Int = .max) -> [Substring] {
        var lines: [Substring] = []
        var walk = TextPosition.Walk()
        var start = unicodeScalars.startIndex
        var end = start
        for index in unicodeScalars.indices {
            let line = walk.place.line
            walk.advance(past: unicodeScalars[index])
            let next = unicodeScalars.index(after: index)
            if walk.place.line > line {
                lines.append(self[start..<index])
                guard lines.count < last else { return lines }
                start = next
            } else if walk.place.column == 1 {
                // The second half of a line break.
                start = next
            }
            end = next
        }
        lines.append(self[start..<end])
        return lines
    }
}

/// A part of a report for people: facts, or a table with a header; the terminal and the page show the same ones.
struct ReportSection {
    var title: String
    /// None for facts: a name and a value in each row.
    var header: [String] = []
    var rows: [[String]]
    /// Columns of text; the others are of numbers, which end on the same place.
    var words: Set<Int> = [0]
    /// The column that is broken into several lines where there is no room.
    var flexible = 0
    /// Sentences below.
    var notes: [String] = []

    /// Facts, of which those without a value are left out.
    static func facts(_ title: String, _ facts: [(String, String?)]) -> ReportSection? {
        let rows = facts.compactMap { name, value in value.map { [name, $0] } }
        return rows.isEmpty ? nil : ReportSection(title: title, rows: rows, words: [0, 1], flexible: 1)
    }

    /// A table; `nil` where it has no rows.
    static func table(
        _ title: String, _ header: [String], _ rows: [[String]], words: Set<Int> = [0], flexible: Int = 0,
        notes: [String] = []
    ) -> ReportSection? {
        guard !rows.isEmpty else { return nil }
        return ReportSection(
            title: title, header: header, rows: rows, words: words, flexible: flexible, notes: notes)
    }
}

// MARK: As text

extension ReportSection {
    /// Lines of at most that many characters. A width that cannot hold a table is taken as 40.
    func text(width: Int) -> [String] {
        let width = max(40, width)
        let cells = ((header.isEmpty ? [] : [header]) + rows).map { $0.map(TextLayout.clean) }
        let columns = cells.map(\.count).max() ?? 0
        var widths = (0..<columns).map { column in
            cells.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        let indent = 2
        var gap = 2
        func taken() -> Int { indent + widths.reduce(0, +) + gap * max(0, columns - 1) }
        if taken() > width, flexible < columns {
            widths[flexible] = min(widths[flexible], max(24, widths[flexible] - (taken() - width)))
        }
        if taken() > width { gap = 1 }
        for column in [flexible] + (0..<columns).reversed() where taken() > width && column < columns {
            widths[column] = min(widths[column], max(10, widths[column] - (taken() - width)))
        }
        // Where even that is too wide, the widest gives way, a character at a time.
        while taken() > width, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }), widths[widest] > 1 {
            widths[widest] -= 1
        }
        var lines = title.isEmpty ? [] : TextLayout.wrapped(TextLayout.clean(title), to: width)
        for (number, row) in cells.enumerated() {
            lines += line(row, widths, gap, indent)
            if number == 0, !header.isEmpty {
                lines.append(
                    spaces(indent) + widths.map { String(repeating: "─", count: $0) }.joined(separator: spaces(gap)))
            }
        }
        return lines + notes.flatMap { TextLayout.wrapped($0, to: width - indent).map { spaces(indent) + $0 } }
    }

    private func line(_ row: [String], _ widths: [Int], _ gap: Int, _ indent: Int) -> [String] {
        let parts = row.enumerated().map { TextLayout.wrapped($1, to: max(1, widths[$0])) }
        return (0..<(parts.map(\.count).max() ?? 0)).map { number in
            var line = spaces(indent)
            for (column, part) in parts.enumerated() {
                let cell = number < part.count ? part[number] : ""
                let padding = spaces(max(0, widths[column] - cell.count))
                line += words.contains(column) ? cell + padding : padding + cell
                line += spaces(gap)
            }
            return TextLayout.trimmed(line)
        }
    }

    private func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }
}

/// How text is laid out on a terminal.
enum TextLayout {
    /// Without what a terminal would obey; line ends go the same way.
    static func clean(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control || scalar.properties.isBidiControl
            result.append(isControl ? "\u{FFFD}" : scalar)
        }
        return String(result)
    }

    /// Lines of at most so many characters, broken at spaces where there are any.
    static func wrapped(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            var word = String(word)
            if !line.isEmpty, line.count + 1 + word.count <= width {
                line += " " + word
                continue
            }
            if !line.isEmpty { lines.append(line) }
            while word.count > width {
                lines.append(String(word.prefix(width)))
                word = String(word.dropFirst(width))
            }
            line = word
        }
        return line.isEmpty && !lines.isEmpty ? lines : lines + [line]
    }

    /// Without spaces at the end.
    static func trimmed(_ line: String) -> String {
        String(line.reversed().drop { $0 == " " }.reversed())
    }

    /// Two blocks of lines side by side.
    static func beside(_ left: [String], _ right: [String], at column: Int) -> [String] {
        (0..<max(left.count, right.count)).map { number in
            let one = number < left.count ? left[number] : ""
            let other = number < right.count ? right[number] : ""
            return trimmed(one + String(repeating: " ", count: max(0, column - one.count)) + other)
        }
    }
}

internal import RepriseVocabulary

/// Reads the forms of YAML in which people write ticket keys: `keys:` with a list in block or flow style, of mappings
/// in block or flow style, whose values are plain or quoted words. It copies nothing but values, each into a
/// ``Secret``.
struct TicketKeyReader {
    private typealias Fault = TicketKeyDocument.Fault
    private static let names = ["name", "aes", "hmac", "not_before", "not_after"]

    private var text: TextCursor
    private var entries: [TicketKeyDocument.Entry] = []

    init(_ file: Secret) {
        text = TextCursor(file)
    }

    /// Reads everything.
    mutating func document() throws(TicketKeyDocument.Fault) -> [TicketKeyDocument.Entry] {
        text.skipByteOrderMark()
        text.skipBlanks()
        if text.column == 0, text.skip("---") { text.skipBlanks() }
        let start = text.column
        guard text.isIndentedBySpaces, try key(["keys"]) == 0 else {
            throw fault("expected a mapping with the one key \"keys\", a list")
        }
        let line = text.line
        text.skipBlanks()
        if text.next == UInt8(ascii: "[") {
            try flowList()
        } else if text.isItem, text.line > line, text.column >= start {
            try blockList()
        } else {
            throw fault("expected a list of keys")
        }
        text.skipBlanks()
        if text.column == 0, text.skip("...") { text.skipBlanks() }
        guard text.isAtEnd else { throw fault("expected nothing more behind the list of keys, or another indentation") }
        return entries
    }

    private func fault(_ what: String) -> TicketKeyDocument.Fault { Fault(description: "line \(text.line): \(what)") }

    private mutating func blockList() throws(TicketKeyDocument.Fault) {
        let column = text.column
        while text.isItem, text.column == column {
            guard text.isIndentedBySpaces else { throw fault("expected an indentation by spaces") }
            let line = text.line
            text.take()
            text.skipBlanks()
            if text.next == UInt8(ascii: "{") {
                try flowMapping()
                try endLine()
            } else {
                guard text.column > column else { throw fault("expected a key behind the \"-\"") }
                try blockMapping(from: line)
            }
            text.skipBlanks()
        }
    }

    private mutating func blockMapping(from line: Int) throws(TicketKeyDocument.Fault) {
        var values: [Secret?] = Array(repeating: nil, count: Self.names.count)
        let column = text.column
        repeat {
            guard !text.isItem else { throw fault("expected a key of the mapping, found a list in a list") }
            try pair(&values)
            try endLine()
            text.skipBlanks()
            guard text.isAtEnd || text.isIndentedBySpaces else { throw fault("expected an indentation by spaces") }
        } while text.column == column && !text.isAtEnd && !text.isItem
        try add(values, line)
    }

    private mutating func flowList() throws(TicketKeyDocument.Fault) {
        text.take()
        text.skipBlanks()
        while text.next != UInt8(ascii: "]") {
            guard text.next == UInt8(ascii: "{") else { throw fault("expected \"{\" or \"]\"") }
            try flowMapping()
            try comma(before: "]")
        }
        text.take()
        try endLine()
    }

    private mutating func flowMapping() throws(TicketKeyDocument.Fault) {
        let line = text.line
        var values: [Secret?] = Array(repeating: nil, count: Self.names.count)
        text.take()
        text.skipBlanks()
        while text.next != UInt8(ascii: "}") {
            try pair(&values)
            try comma(before: "}")
        }
        text.take()
        try add(values, line)
    }

    private mutating func comma(before end: Character) throws(TicketKeyDocument.Fault) {
        text.skipBlanks()
        if text.next == end.asciiValue { return }
        guard text.next == UInt8(ascii: ",") else { throw fault("expected \",\" or \"\(end)\"") }
        text.take()
        text.skipBlanks()
    }

    private mutating func endLine() throws(TicketKeyDocument.Fault) {
        let line = text.line
        text.skipBlanks()
        guard text.isAtEnd || text.line > line else { throw fault("expected the end of the line, or a comment") }
    }

    private mutating func pair(_ values: inout [Secret?]) throws(TicketKeyDocument.Fault) {
        let index = try key(Self.names)
        guard values[index] == nil else { throw fault("\(Self.names[index]) stands twice") }
        text.skipSpaces()
        guard let word = text.takeWord() else {
            throw fault("expected a value in the line of \(Self.names[index]): base64, or a time")
        }
        values[index] = word
    }

    /// Reads one of `names` and the colon behind it.
    ///
    /// - Returns: which one it is.
    private mutating func key(_ names: [String]) throws(TicketKeyDocument.Fault) -> Int {
        let expected = "expected \(names.joined(separator: ", ")), with \": \" behind it"
        guard let word = text.takeKey() else { throw fault(expected) }
        let index = names.firstIndex { word.count == $0.utf8.count && word.has($0.utf8, at: 0) }
        guard let index, text.next == UInt8(ascii: ":") else { throw fault(expected) }
        text.take()
        guard text.isAtEnd || text.isAtBlank else { throw fault(expected) }
        return index
    }

    private mutating func add(_ values: [Secret?], _ line: Int) throws(TicketKeyDocument.Fault) {
        guard let name = values[0], let aes = values[1], let hmac = values[2], let start = values[3],
            let end = values[4]
        else {
            throw Fault(
                description:
                    "line \(line): key \(entries.count + 1): expected exactly \(Self.names.joined(separator: ", "))")
        }
        entries.append(
            TicketKeyDocument.Entry(
                line: line, name: name, aes: aes, hmac: hmac, notBefore: Self.time(start), notAfter: Self.time(end)))
    }

    /// A time is no secret; a longer value is not turned into text, in case it is a secret in the wrong place.
    private static func time(_ value: Secret) -> String {
        value.count > 40 ? "" : String(decoding: (0..<value.count).map { value[$0] }, as: UTF8.self)
    }
}

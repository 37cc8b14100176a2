internal import Yams

/// Makes a tree of YAML text, even if a key occurs twice in a mapping.
///
/// Yams ends at the first such key and reports only the place of the first of the two. So we replace the first
/// character of that key by a stand-in that the text has nowhere else, and Yams reads the text again; columns stay as
/// they are. In the tree we take the stand-ins back.
struct Composer {
    /// How many keys may occur twice before we give up.
    static let maximumStandIns = 64
    /// How many bytes are read again at most.
    static let maximumBytesAgain = 64 << 20

    private let file: String
    private var text: String
    private var standIns: [Unicode.Scalar: Unicode.Scalar] = [:]
    /// The keys with stand-ins, as Yams reports them, in case there is no tree in the end.
    private var pending: [Fault] = []
    /// When there is a tree, only faults that hide no others.
    private(set) var faults: [Fault] = []
    /// The paths of values that a fault has instead.
    private(set) var damaged: Set<String> = []

    init(text: String, file: String) {
        self.text = text
        self.file = file
    }

    /// The tree; `nil` with a fault when there is none.
    mutating func compose() -> Node? {
        do {
            guard let root = try unambiguous(), !root.isNull else {
                add(TextPosition(), "expected a configuration, found an empty file")
                faults.sort()
                return nil
            }
            var keys = DuplicateKeys(file: file, standIns: standIns)
            let tree = keys.apply(to: root)
            var tags = TagCheck(file: file, text: text.replacing(standIns))
            tags.check(tree)
            faults += keys.faults + tags.faults
            damaged = tags.damaged
            return tree
        } catch {
            faults = (faults + pending + [YAMLFault.of(error, in: text, file: file)]).sorted()
            return nil
        }
    }

    private mutating func unambiguous() throws -> Node? {
        while true {
            do {
                return try Parser(yaml: text, encoding: .utf8).singleRoot()
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                let keys = keys.map { $0.replacing(standIns) }
                let error = YamlError.duplicatedKeysInMapping(duplicates: keys, context: context)
                guard standIn(forKeyAt: context.mark.place) else { throw error }
                pending.append(YAMLFault.of(error, in: text, file: file))
            } catch {
                guard let place = YAMLFault.secondDocument(error), let start = place.index(in: text) else {
                    throw error
                }
                add(place, "expected one document, found a second one; one file holds one configuration")
                text = String(text[..<start])
            }
        }
    }

    /// - Returns: whether the key at that place now has a stand-in.
    private mutating func standIn(forKeyAt place: TextPosition) -> Bool {
        let isCheap = (standIns.count + 1) * text.utf8.count <= Self.maximumBytesAgain
        guard isCheap, standIns.count < Self.maximumStandIns, let start = place.index(in: text),
            let index = firstCharacter(ofKeyAt: start), let standIn = unused()
        else { return false }
        standIns[standIn] = text.unicodeScalars[index]
        text.unicodeScalars.replaceSubrange(index...index, with: CollectionOfOne(standIn))
        return true
    }

    /// The place of a key's first character, behind its tag, its anchor and its quotation mark; `nil` where another
    /// character would change how the text is read.
    private func firstCharacter(ofKeyAt start: String.Index) -> String.Index? {
        let scalars = text.unicodeScalars
        var rest = scalars[start...]
        while let first = rest.first, first == "&" || first == "!" {
            rest = rest.drop { !$0.properties.isWhitespace }.drop { $0 == " " || $0 == "\t" }
        }
        guard let first = rest.first else { return nil }
        let isQuoted = first == "\"" || first == "'"
        if isQuoted { rest = rest.dropFirst() }
        guard let character = rest.first, !character.properties.isWhitespace else { return nil }
        let special: [Unicode.Scalar] = isQuoted ? ["\"", "'", "\\"] : [":", "[", "{", "|", ">", "*"]
        guard !special.contains(character), standIns[character] == nil else { return nil }
        return rest.startIndex
    }

    /// A character for private use that the text does not have.
    private func unused() -> Unicode.Scalar? {
        let used = Set(text.unicodeScalars.filter { $0.value >= 0xF0000 })
        return (UInt32(0xF0000)...0xFFFFD).lazy.compactMap { Unicode.Scalar($0) }.first { !used.contains($0) }
    }

    private mutating func add(_ place: TextPosition, _ message: String) {
        faults.append(
            Fault(source: Source(file: file, line: place.line, column: place.column, path: ""), message: message))
    }
}

extension String {
    /// The text with its stand-ins taken back.
    func replacing(_ standIns: [Unicode.Scalar: Unicode.Scalar]) -> String {
        guard unicodeScalars.contains(where: { standIns[$0] != nil }) else { return self }
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars { result.append(standIns[scalar] ?? scalar) }
        return String(result)
    }
}

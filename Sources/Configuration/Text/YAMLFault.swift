internal import Yams

/// Yams' errors as faults with a place, in words that a person can act on.
enum YAMLFault {
    /// The messages of Yams and libyaml for a second document, an unknown version, and an alias without its anchor.
    private static let anotherDocument = "but found another document"
    private static let anotherVersion = "found incompatible YAML document"
    private static let undefinedAlias = "found undefined alias"

    static func of(_ error: any Error, in text: String, file: String) -> Fault {
        guard let error = error as? YamlError else { return fault(file, TextPosition(), "not YAML: \(error)") }
        switch error {
        case .parser(_, anotherVersion, let mark, _):
            return fault(
                file, mark.place,
                "expected YAML 1.1 or 1.2, found another version in the line %YAML; the line can be left out")
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            // Where brackets are open; libyaml says so only in words.
            let flow = context.flatMap { $0.text.contains("flow") ? $0.mark.line : nil }
            if let hint = YAMLHint.of(errorAt: mark.place, flow: flow, in: text) {
                let isAlias = problem == undefinedAlias
                return fault(file, hint.place, "not YAML: \(isAlias ? "\(problem); " : "")\(hint.message)")
            }
            let around = context.map { " (\($0.text))" } ?? ""
            return fault(file, mark.place, "not YAML: \(problem)\(around)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let keys = duplicates.sorted().map { "\"\($0.shortened)\"" }.joined(separator: ", ")
            return fault(file, context.mark.place, "a key stands twice in a mapping: \(keys)")
        case .reader(let problem, _, _, _):
            return unreadable(text, file) ?? fault(file, TextPosition(), "not YAML: \(problem)")
        default:
            return fault(file, TextPosition(), "not YAML: \(error)")
        }
    }

    /// Where a second document begins, if that is the error.
    static func secondDocument(_ error: any Error) -> TextPosition? {
        guard case .composer(_, anotherDocument, let mark, _)? = error as? YamlError else { return nil }
        return mark.place
    }

    /// The first character that YAML does not allow.
    private static func unreadable(_ text: String, _ file: String) -> Fault? {
        var walk = TextPosition.Walk()
        for scalar in text.unicodeScalars {
            guard allows(scalar) else {
                let digits = String(scalar.value, radix: 16, uppercase: true)
                let code = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
                return fault(file, walk.place, "not YAML: the character U+\(code) is not allowed")
            }
            walk.advance(past: scalar)
        }
        return nil
    }

    /// YAML's printable characters, as libyaml reads them.
    private static func allows(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF:
            true
        default: false
        }
    }

    private static func fault(_ file: String, _ place: TextPosition, _ message: String) -> Fault {
        Fault(
            source: Source(file: file, line: max(1, place.line), column: max(1, place.column), path: ""),
            message: message)
    }
}

extension Mark {
    /// The same place in our terms.
    var place: TextPosition { TextPosition(line: line, column: column) }
}

internal import Yams

/// Checks a YAML tree against the file's shape and collects every fault.
struct ShapeCheck {
    /// The most values a file may have, aliases counted as often as they are used: a few kilobytes of nested aliases
    /// could otherwise stand for gigabytes.
    static let maximumNodes = 2_000_000
    /// How deep values may be nested.
    static let maximumDepth = 64

    private let file: String
    /// The paths of the values that have a fault already.
    private let damaged: Set<String>
    private(set) var faults: [Fault] = []
    private(set) var warnings: [Fault] = []
    private var nodes = 0

    init(file: String, damaged: Set<String>) {
        self.file = file
        self.damaged = damaged
    }

    mutating func check(_ root: Node) {
        check(root, .mapping(Draft.options.map(\.key)), path: "", key: nil)
    }

    private mutating func check(_ node: Node, _ shape: Shape, path: String, key: Shape.Key?) {
        nodes += 1
        guard nodes <= Self.maximumNodes else {
            if nodes == Self.maximumNodes + 1 { fault(node, path, "expected at most \(Self.maximumNodes) values") }
            return
        }
        guard !damaged.contains(path) else { return }
        switch shape {
        case .mapping(let keys): checkMapping(node, keys, path, key)
        case .list(let element, let atLeast): checkList(node, element, atLeast, path)
        case .scalar(let scalar): checkScalar(node, scalar, path)
        case .either(let scalar, let keys):
            if node.mapping == nil { checkScalar(node, scalar, path) } else { checkMapping(node, keys, path, key) }
        case .dictionary(let value): checkDictionary(node, value, path, key)
        }
    }

    private mutating func checkMapping(_ node: Node, _ keys: [Shape.Key], _ path: String, _ key: Shape.Key?) {
        guard let mapping = node.mapping else {
            return fault(node, path, "expected a mapping with \(Self.list(keys)), found \(node.kind)")
        }
        if mapping.isEmpty, let key, !key.isMeantEmpty, !keys.contains(where: \.isRequired) {
            warnings.append(Fault(source: source(node, path), message: "is empty, and so has no effect"))
        }
        var meant: Set<String> = []
        for (keyNode, value) in mapping {
            guard let name = keyNode.scalar?.string else {
                fault(keyNode, path, "expected a key, found \(keyNode.kind)")
                continue
            }
            let inner = path.option(name)
            guard let key = keys.first(where: { $0.name == name }) else {
                let guess = Suggestion.closest(to: name, among: keys.map(\.name))
                if let guess { meant.insert(guess) }
                let known = guess.map { ", did you mean \"\($0)\"?" } ?? "; known are \(Self.list(keys))"
                fault(keyNode, inner, "unknown key\(known)")
                continue
            }
            if checkAvailability(keyNode, value, inner, key) { check(value, key.shape, path: inner, key: key) }
        }
        // A misspelled key is not reported as missing too.
        for key in keys
        where key.isRequired && !meant.contains(key.name)
            && !mapping.contains(where: { $0.key.scalar?.string == key.name })
        {
            fault(node, path.option(key.name), "is missing: \(key.about)")
        }
    }

    /// - Returns: whether to check the value further.
    private mutating func checkAvailability(
        _ keyNode: Node, _ value: Node, _ path: String, _ key: Shape.Key
    ) -> Bool {
        if damaged.contains(path) { return true }
        switch key.availability.answer(value.scalar?.string, value.kind) {
        case .inForce: return true
        case .fault(let message):
            fault(keyNode, path, message)
            return false
        case .warning(let message):
            warnings.append(Fault(source: source(keyNode, path), message: message))
            return true
        }
    }

    private mutating func checkList(_ node: Node, _ element: Shape, _ atLeast: Int, _ path: String) {
        guard let list = node.sequence else {
            return fault(node, path, "expected a list, found \(node.kind)")
        }
        if list.count < atLeast { fault(node, path, "expected at least \(atLeast) entry, found an empty list") }
        for (index, value) in list.enumerated() { check(value, element, path: "\(path)[\(index)]", key: nil) }
    }

    private mutating func checkDictionary(_ node: Node, _ shape: Shape, _ path: String, _ key: Shape.Key?) {
        guard let mapping = node.mapping else {
            return fault(node, path, "expected a mapping, found \(node.kind)")
        }
        guard key?.availability.isPending != true else { return }
        if mapping.isEmpty {
            warnings.append(Fault(source: source(node, path), message: "is empty, and so has no effect"))
        }
        for (key, value) in mapping { check(value, shape, path: path.option(key.scalar?.string ?? "?"), key: nil) }
    }

    private mutating func checkScalar(_ node: Node, _ scalar: Shape.Scalar, _ path: String) {
        guard let text = node.scalar?.string, !node.isNull else {
            return fault(node, path, "expected \(scalar.expectation), found \(node.kind)\(Self.addressHint(node))")
        }
        guard !scalar.accepts(text) else { return }
        let guess = Suggestion.clause(for: text, among: scalar.choices) + scalar.hint(for: text)
        fault(node, path, "expected \(scalar.expectation), found \"\(text.shortened)\"\(guess)")
    }

    private mutating func fault(_ node: Node, _ path: String, _ message: String) {
        faults.append(Fault(source: source(node, path), message: message))
    }

    private func source(_ node: Node, _ path: String) -> Source {
        Source(file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1, path: path)
    }

    /// `[fe80::1]:443` within a list reads as a mapping from a list to a number.
    private static func addressHint(_ node: Node) -> String {
        guard let pair = node.mapping?.first, let list = pair.key.sequence, list.count == 1,
            let address = list.first?.scalar?.string, let port = pair.value.scalar?.string
        else { return "" }
        return "; an address that begins with \"[\" needs quotes; write: \"[\(address.shortened)]:\(port.shortened)\""
    }

    private static func list(_ keys: [Shape.Key]) -> String {
        keys.map(\.name).joined(separator: ", ")
    }
}

extension Node {
    /// What it is, for a message.
    var kind: String {
        switch self {
        case .scalar(let scalar): isNull ? "nothing" : "\"\(scalar.string.shortened)\""
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }

    /// An empty value, `~` or `null`, written without quotes.
    var isNull: Bool {
        guard let scalar, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }
}

internal import Yams

/// Finds YAML's tags that mean nothing here: a reader that ignored them would serve something else than what is meant.
struct TagCheck {
    /// The tags of YAML's core schema say what is read anyway, and "!" that a value is no more than what is written.
    private static let known: Set<String> = Set(
        ["", "!"] + ["str", "seq", "map", "bool", "float", "null", "int"].map { "tag:yaml.org,2002:\($0)" })

    private let file: String
    private let text: String
    private(set) var faults: [Fault] = []
    /// The paths of tags without a value, which no other check needs to miss.
    private(set) var damaged: Set<String> = []
    private lazy var lines = text.lines()
    /// An alias leads to one place by several paths.
    private var places: Set<TextPosition> = []
    private var visited = 0
    private var depth = 0

    init(file: String, text: String) {
        self.file = file
        self.text = text
    }

    /// Checks the tree, but for what is too deep or too much for the later checks, which report that.
    mutating func check(_ node: Node, path: String = "") {
        visited += 1
        depth += 1
        defer { depth -= 1 }
        guard visited <= ShapeCheck.maximumNodes, depth <= ShapeCheck.maximumDepth else { return }
        switch node {
        case .scalar(let scalar): check(scalar.tag, node, path)
        case .mapping(let mapping):
            check(mapping.tag, node, path)
            for (key, value) in mapping {
                check(key, path: path)
                check(value, path: path.option(key.scalar?.string ?? "?"))
            }
        case .sequence(let sequence):
            check(sequence.tag, node, path)
            for (index, value) in sequence.enumerated() { check(value, path: "\(path)[\(index)]") }
        case .alias: break
        }
    }

    private mutating func check(_ tag: Tag, _ node: Node, _ path: String) {
        let name = tag.description
        guard !Self.known.contains(name), let place = node.mark?.place, places.insert(place).inserted else { return }
        if node.isNull { damaged.insert(path) }
        let message = YAMLHint.ofTag(name, at: place, isAlone: node.isNull, lines: lines, text: text)
        faults.append(
            Fault(source: Source(file: file, line: place.line, column: place.column, path: path), message: message))
    }
}

internal import Yams

/// Puts environment variables into a tree's plain values: `${NAME}`, `${NAME:-default}`; `$${` stands for `${`.
struct Substitution {
    private let file: String
    private let environment: [String: String]
    private(set) var faults: [Fault] = []
    private var visited = 0
    private var depth = 0

    init(file: String, environment: [String: String]) {
        self.file = file
        self.environment = environment
    }

    /// Substitutes in the whole tree; a variable that it cannot substitute is a fault, and stays as it is.
    mutating func apply(to node: Node, path: String = "") -> Node {
        visited += 1
        guard visited <= ShapeCheck.maximumNodes else { return node }
        depth += 1
        defer { depth -= 1 }
        guard depth <= ShapeCheck.maximumDepth else {
            if depth == ShapeCheck.maximumDepth + 1 {
                add("expected at most \(ShapeCheck.maximumDepth) levels", node, path)
            }
            return Node("")
        }
        switch node {
        case .scalar(var scalar):
            guard scalar.string.contains("${") else { return node }
            scalar.string = replace(in: scalar.string, node, path)
            // A value from the environment is a value, even where it looks like "nothing".
            scalar.style = .doubleQuoted
            return .scalar(scalar)
        case .mapping(var mapping):
            for index in mapping.indices {
                let (key, value) = mapping[index]
                let name = key.scalar?.string ?? "?"
                // By its place: a key may occur twice.
                mapping[index] = (key, apply(to: value, path: path.option(name)))
            }
            return .mapping(mapping)
        case .sequence(var sequence):
            for index in sequence.indices { sequence[index] = apply(to: sequence[index], path: "\(path)[\(index)]") }
            return .sequence(sequence)
        case .alias:
            return node
        }
    }

    private mutating func replace(in text: String, _ node: Node, _ path: String) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            let before = rest[..<start.lowerBound]
            if before.hasSuffix("$") {
                result += before.dropLast() + "${"
                rest = rest[start.upperBound...]
                continue
            }
            result += before
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                add("\"${\" is not closed by \"}\"; \"$${\" stands for itself", node, path)
                return text
            }
            result += value(of: rest[start.upperBound..<end], node, path)
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private mutating func value(of expression: Substring, _ node: Node, _ path: String) -> String {
        let split = expression.firstRange(of: ":-")
        let name = String(split.map { expression[..<$0.lowerBound] } ?? expression)
        let isName =
            !name.isEmpty && !(name.first?.isNumber ?? true)
            && name.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x5F
            }
        guard isName else {
            add("\"\(name.shortened)\" is no name of an environment variable", node, path)
            return ""
        }
        if let value = environment[name], !(value.isEmpty && split != nil) { return value }
        if let split { return String(expression[split.upperBound...]) }
        add("the environment variable \(name.shortened) is not set", node, path)
        return ""
    }

    private mutating func add(_ message: String, _ node: Node, _ path: String) {
        let mark = node.mark
        faults.append(
            Fault(
                source: Source(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1, path: path),
                message: message))
    }
}

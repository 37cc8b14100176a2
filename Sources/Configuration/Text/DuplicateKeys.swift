internal import Yams

/// Takes a composer's stand-ins back and collects the keys that occur twice in a mapping.
struct DuplicateKeys {
    private let file: String
    private let standIns: [Unicode.Scalar: Unicode.Scalar]
    private(set) var faults: [Fault] = []
    /// An alias leads to one place by several paths.
    private var places: Set<TextPosition> = []
    private var visited = 0
    private var depth = 0

    init(file: String, standIns: [Unicode.Scalar: Unicode.Scalar]) {
        self.file = file
        self.standIns = standIns
    }

    /// The tree as the file has it. It leaves alone what is too deep or too much for the later checks, which report
    /// that.
    mutating func apply(to node: Node, path: String = "") -> Node {
        visited += 1
        depth += 1
        defer { depth -= 1 }
        guard visited <= ShapeCheck.maximumNodes, depth <= ShapeCheck.maximumDepth else { return node }
        switch node {
        case .scalar(var scalar):
            let text = scalar.string.replacing(standIns)
            guard text != scalar.string else { return node }
            scalar.string = text
            return .scalar(scalar)
        case .mapping(let mapping):
            return apply(to: mapping, path)
        case .sequence(var sequence):
            for index in sequence.indices { sequence[index] = apply(to: sequence[index], path: "\(path)[\(index)]") }
            return .sequence(sequence)
        case .alias:
            return node
        }
    }

    private mutating func apply(to mapping: Node.Mapping, _ path: String) -> Node {
        var mapping = mapping
        var lines: [String: Int] = [:]
        for index in mapping.indices {
            let key = apply(to: mapping[index].key, path: path)
            let name = key.scalar?.string
            let inner = path.option(name ?? "?")
            mapping[index] = (key, apply(to: mapping[index].value, path: inner))
            guard let name, let place = key.mark?.place else { continue }
            if let line = lines[name] {
                guard places.insert(place).inserted else { continue }
                let source = Source(file: file, line: place.line, column: place.column, path: inner)
                faults.append(Fault(source: source, message: "the key stands at line \(line) already"))
            } else {
                lines[name] = place.line
            }
        }
        return .mapping(mapping)
    }
}

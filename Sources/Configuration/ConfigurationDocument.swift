/// docs/configuration.md's table of options, made from the shape.
package enum ConfigurationDocument {
    /// Every option with its type, its default and its meaning.
    package static var options: String {
        "| Option | What it holds | Default | Meaning |\n|---|---|---|---|\n"
            + rows(Draft.options.map(\.key), "").joined(separator: "\n") + "\n"
    }

    /// Every key of the shape, by its path without indices.
    package static var paths: [String] { paths(Draft.options.map(\.key), "") }

    private static func rows(_ keys: [Shape.Key], _ path: String) -> [String] {
        keys.flatMap { key -> [String] in
            let path = path.isEmpty ? key.name : "\(path).\(key.name)"
            let pending = key.availability.isPending ? " *(not acted on in this version)*" : ""
            let defaultText = key.defaultText.map { "`\($0)`" } ?? (key.isRequired ? "required" : "–")
            let row = "| `\(path)` | \(kind(key.shape)) | \(defaultText) | \(key.about)\(pending) |"
            return [row] + rows(nested(key.shape), inside(key, path))
        }
    }

    private static func paths(_ keys: [Shape.Key], _ path: String) -> [String] {
        keys.flatMap { key -> [String] in
            let path = path.isEmpty ? key.name : "\(path).\(key.name)"
            return [path] + paths(nested(key.shape), inside(key, path))
        }
    }

    /// What `reprise explain` says of an option.
    package struct Explanation: Sendable {
        /// The path without indices: `listeners.timeouts.idle`.
        package let path: String
        /// What it holds, with its range.
        package let kind: String
        /// The default as the file would write it; `nil` where there is none.
        package let defaultText: String?
        package let isRequired: Bool
        /// What it means.
        package let about: String
    }

    /// Every option with what is said of it, in the order of the documents.
    package static var explanations: [Explanation] { explanations(Draft.options.map(\.key), "") }

    private static func explanations(_ keys: [Shape.Key], _ path: String) -> [Explanation] {
        keys.flatMap { key -> [Explanation] in
            let path = path.isEmpty ? key.name : "\(path).\(key.name)"
            let pending = key.availability.isPending ? " It is not acted on in this version." : ""
            let kind = kind(key.shape).replacing("\\|", with: "|")
            return [
                Explanation(
                    path: path, kind: kind, defaultText: key.defaultText, isRequired: key.isRequired,
                    about: key.about + pending)
            ] + explanations(nested(key.shape), inside(key, path))
        }
    }

    /// What the paths of a key's own keys begin with.
    private static func inside(_ key: Shape.Key, _ path: String) -> String {
        key.shape.isDictionary ? path + ".*" : path
    }

    private static func nested(_ shape: Shape) -> [Shape.Key] {
        switch shape {
        case .mapping(let keys), .either(_, let keys): keys
        case .list(let element, _), .dictionary(let element): nested(element)
        case .scalar: []
        }
    }

    private static func kind(_ shape: Shape) -> String {
        switch shape {
        case .mapping: "mapping"
        case .dictionary(.either(let scalar, _)): "mapping of names, each to \(scalar.expectation), or to a mapping"
        case .dictionary: "mapping of names"
        case .scalar(let scalar): scalar.expectation.replacing("|", with: "\\|")
        case .either(let scalar, _): "\(scalar.expectation), or a mapping"
        case .list(.mapping, _): "list of mappings"
        case .list(let element, _): "list: each \(kind(element))"
        }
    }
}

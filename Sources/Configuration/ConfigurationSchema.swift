/// The JSON Schema of the file (draft 2020-12), for editors.
package enum ConfigurationSchema {
    /// The schema, in a stable order.
    package static var json: String {
        let root = JSONValue.object(
            [
                ("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
                ("title", .text("Reprise configuration")),
            ] + schema(of: Draft.options.map(\.key)))
        return root.text() + "\n"
    }

    private static func schema(of keys: [Shape.Key]) -> [(String, JSONValue)] {
        let properties = keys.map { key in
            var members = schema(of: key.shape)
            members.append(("description", .text(key.about)))
            if let defaultText = key.defaultText { members.append(("default", .text(defaultText))) }
            return (key.name, JSONValue.object(members))
        }
        var members: [(String, JSONValue)] = [
            ("type", .text("object")), ("additionalProperties", .flag(false)), ("properties", .object(properties)),
        ]
        let required = keys.filter(\.isRequired).map { JSONValue.text($0.name) }
        if !required.isEmpty { members.append(("required", .list(required))) }
        return members
    }

    private static func schema(of shape: Shape) -> [(String, JSONValue)] {
        switch shape {
        case .mapping(let keys): return schema(of: keys)
        case .list(let element, let atLeast):
            let items: (String, JSONValue) = ("items", .object(schema(of: element)))
            return [("type", .text("array")), items] + (atLeast > 0 ? [("minItems", .number(atLeast))] : [])
        case .scalar(let scalar): return schema(of: scalar)
        case .either(let scalar, let keys):
            return [("anyOf", .list([.object(schema(of: scalar)), .object(schema(of: keys))]))]
        case .dictionary(let value):
            return [("type", .text("object")), ("additionalProperties", .object(schema(of: value)))]
        }
    }

    private static func schema(of scalar: Shape.Scalar) -> [(String, JSONValue)] {
        let textOrVariable: (String, JSONValue) = ("type", .text("string"))
        switch scalar {
        case .boolean: return [("type", .text("boolean"))]
        case .integer(let range): return integer(range)
        case .integerOr(let words, let range):
            return [("anyOf", .list([.object([("enum", .list(words.map(JSONValue.text)))]), .object(integer(range))]))]
        case .decimalOr(let words):
            let number = JSONValue.object([("type", .text("number")), ("minimum", .number(1))])
            return [("anyOf", .list([.object([("enum", .list(words.map(JSONValue.text)))]), number]))]
        case .choice(let words):
            // YAML 1.1 readers read a bare `off` as false.
            let values = words.map(JSONValue.text) + (words.contains("off") ? [.flag(false)] : [])
            return [("enum", .list(values))]
        case .rate, .size, .version:
            return [("type", .list([.text("string"), .text("number")]))] + pattern(scalar)
        default: return [textOrVariable] + pattern(scalar)
        }
    }

    private static func integer(_ range: ClosedRange<Int>) -> [(String, JSONValue)] {
        [("type", .text("integer")), ("minimum", .number(range.lowerBound)), ("maximum", .number(range.upperBound))]
    }

    private static func pattern(_ scalar: Shape.Scalar) -> [(String, JSONValue)] {
        scalar.pattern.map { [("pattern", .text($0))] } ?? []
    }
}

/// Just enough JSON to write a schema in an order of our own.
private indirect enum JSONValue {
    case object([(String, JSONValue)])
    case list([JSONValue])
    case text(String)
    case number(Int)
    case flag(Bool)

    func text(_ indent: String = "") -> String {
        let inner = indent + "  "
        switch self {
        case .object(let members):
            guard !members.isEmpty else { return "{}" }
            let lines = members.map { "\(inner)\(Self.quoted($0)): \($1.text(inner))" }
            return "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
        case .list(let values):
            let isPlain = values.allSatisfy { if case .object = $0 { false } else { true } }
            if isPlain { return "[\(values.map { $0.text() }.joined(separator: ", "))]" }
            return "[\n\(values.map { inner + $0.text(inner) }.joined(separator: ",\n"))\n\(indent)]"
        case .text(let text): return Self.quoted(text)
        case .number(let number): return "\(number)"
        case .flag(let flag): return "\(flag)"
        }
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

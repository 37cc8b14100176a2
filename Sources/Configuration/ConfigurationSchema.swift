/// The JSON Schema of the file (draft 2020-12), for editors.
package enum ConfigurationSchema {
    /// Names the schema; it is no address, since the program brings it along.
    private static let id = "urn:uuid:5f0c9b52-7d0e-4c55-9a53-0b8f1d5b6a3e"
    /// An environment variable, which may stand for any value or a part of one; `$${` is none.
    private static let variable = "(^|[^$])\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}"

    /// The schema, in a stable order.
    package static var json: String {
        let root = JSONValue.object(
            [
                ("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
                ("$id", .text(id)),
                ("title", .text("Reprise configuration")),
            ] + schema(of: Draft.options.map(\.key)))
        return root.text() + "\n"
    }

    private static func schema(of keys: [Shape.Key]) -> [(String, JSONValue)] {
        let properties = keys.map { key in
            var members = schema(of: key.shape)
            let words = key.isDefaultInWords ? key.defaultText.map { $0.isEmpty ? "" : " Default: \($0)." } : nil
            members.append(("description", .text(key.about + (words ?? ""))))
            if let value = defaultValue(of: key) { members.append(("default", value)) }
            return (key.name, JSONValue.object(members))
        }
        var members: [(String, JSONValue)] = [
            ("type", .text("object")), ("additionalProperties", .flag(false)), ("properties", .object(properties)),
        ]
        let required = keys.filter(\.isRequired).map { JSONValue.text($0.name) }
        if !required.isEmpty { members.append(("required", .list(required))) }
        return members
    }

    /// The default as the file's reader takes it.
    private static func defaultValue(of key: Shape.Key) -> JSONValue? {
        guard let text = key.defaultText, !key.isDefaultInWords else { return nil }
        guard case .scalar(let scalar) = key.shape else { return text == "[]" ? .list([]) : nil }
        switch scalar {
        case .boolean: return Shape.Scalar.boolean(text).map(JSONValue.flag)
        case .integer, .integerOr: return Int(text).map(JSONValue.number) ?? .text(text)
        case .decimalOr: return Double(text).map(JSONValue.decimal) ?? .text(text)
        default: return .text(text)
        }
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
        switch scalar {
        case .boolean: return variable(or: "boolean")
        case .integer(let range): return integer(range)
        case .integerOr(let words, let range): return either(words.map(JSONValue.text), or: integer(range))
        case .decimalOr(let words):
            return either(words.map(JSONValue.text), or: variable(or: "number") + [("minimum", .number(1))])
        case .choice(let words):
            // YAML 1.1 readers read a bare `off` as false, and a bare `on` as true.
            let flags = [("off", false), ("on", true)].filter { words.contains($0.0) }
            let values = words.map(JSONValue.text) + flags.map { JSONValue.flag($0.1) }
            return either(values, or: [("type", .text("string")), ("pattern", .text(variable))])
        case .rate, .size, .version:
            return [("type", .list([.text("string"), .text("number")]))] + pattern(scalar)
        default: return [("type", .text("string"))] + pattern(scalar)
        }
    }

    private static func integer(_ range: ClosedRange<Int>) -> [(String, JSONValue)] {
        variable(or: "integer") + [("minimum", .number(range.lowerBound)), ("maximum", .number(range.upperBound))]
    }

    private static func either(_ values: [JSONValue], or other: [(String, JSONValue)]) -> [(String, JSONValue)] {
        [("anyOf", .list([.object([("enum", .list(values))]), .object(other)]))]
    }

    /// A value that is no text, or a text with a variable: a pattern is for texts alone.
    private static func variable(or type: String) -> [(String, JSONValue)] {
        [("type", .list([.text(type), .text("string")])), ("pattern", .text(variable))]
    }

    private static func pattern(_ scalar: Shape.Scalar) -> [(String, JSONValue)] {
        scalar.pattern.map { [("pattern", .text("\($0)|\(variable)"))] } ?? []
    }
}

/// Just enough JSON to write a schema in an order of our own.
private indirect enum JSONValue {
    case object([(String, JSONValue)])
    case list([JSONValue])
    case text(String)
    case number(Int)
    case decimal(Double)
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
        case .decimal(let number): return number.description
        case .flag(let flag): return "\(flag)"
        }
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

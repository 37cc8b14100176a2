/// A configuration as values of a program, by the names of the YAML file; docs/configuration.md lists them.
///
/// What is wrong with it is told with the option's path. It is taken as it is: `${NAME}` stands for itself.
/// ```swift
/// let configuration: ConfigurationValue = [
///     "listeners": [
///         [
///             "name": "web", "bind": ["127.0.0.1:8443"], "router": "app",
///             "tls": ["hosts": [["names": ["localhost"], "certificates": [["chain": "a.pem", "key": "a.key"]]]]],
///         ]
///     ],
///     "upstreams": [["name": "app", "servers": ["127.0.0.1:8080"]]],
/// ]
/// let embedded = Server(.values(configuration, relativeTo: "/etc/reprise"))
/// ```
public enum ConfigurationValue: Sendable, Hashable {
    /// A text, also one with a unit such as `30s` or `64MiB`.
    case text(String)
    /// A whole number.
    case number(Int)
    /// Another number.
    case decimal(Double)
    /// On or off.
    case flag(Bool)
    /// Values in their order.
    case list([ConfigurationValue])
    /// Options in their order; a name that occurs twice is a fault.
    case mapping([Entry])

    /// One option of a mapping.
    ///
    /// ```swift
    /// let more = ConfigurationValue.mapping([.init(name: "workers", value: 4)])
    /// ```
    public struct Entry: Sendable, Hashable {
        /// Its name.
        public let name: String
        /// Its value.
        public let value: ConfigurationValue

        /// An option with its value.
        public init(name: String, value: ConfigurationValue) {
            self.name = name
            self.value = value
        }
    }
}

extension ConfigurationValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int) { self = .number(value) }
    public init(floatLiteral value: Double) { self = .decimal(value) }
    public init(booleanLiteral value: Bool) { self = .flag(value) }
    public init(arrayLiteral elements: ConfigurationValue...) { self = .list(elements) }
    public init(dictionaryLiteral elements: (String, ConfigurationValue)...) {
        self = .mapping(elements.map { Entry(name: $0, value: $1) })
    }
}

extension ConfigurationValue {
    /// The same as YAML in its flow style, one option or element a line: the file's reader is the only one.
    var yaml: String {
        switch self {
        case .text(let text): Self.quoted(text.replacing("${", with: "$${"))
        case .number(let number): String(number)
        case .decimal(let number): String(number)
        case .flag(let flag): flag ? "true" : "false"
        case .list(let values): "[" + values.map { "\n" + $0.yaml }.joined(separator: ",") + "]"
        // "? key" is a key of any length; YAML takes no more than 1,024 characters before ":" otherwise.
        case .mapping(let entries):
            "{" + entries.map { "\n? " + Self.quoted($0.name) + " : " + $0.value.yaml }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case " "..."~": result.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                result += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            }
        }
        return result + "\""
    }
}

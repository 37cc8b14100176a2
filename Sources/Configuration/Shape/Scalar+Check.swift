internal import RepriseVocabulary

extension Shape.Scalar {
    /// Whether a text is such a value.
    func accepts(_ text: String) -> Bool {
        switch self {
        case .text, .path: !text.isEmpty && !text.utf8.contains(0)
        case .duration(let least, let most):
            Duration(parsing: text).map { (least...most).contains($0) } ?? false
        case .wholeSeconds(let range):
            Duration(parsing: text)?.components.attoseconds == 0
                && Duration(parsing: text).map { range.contains(Int($0.components.seconds)) } ?? false
        case .size(let least, let most):
            ByteCount(parsing: text).map { (least...most).contains($0.bytes) } ?? false
        case .integer(let range): Self.integer(text).map(range.contains) ?? false
        case .rate(let range): Self.rate(text).map(range.contains) ?? false
        case .boolean: Self.boolean(text) != nil
        case .choice(let words): words.contains(text)
        case .integerOr(let words, let range):
            words.contains(text) || Self.integer(text).map(range.contains) ?? false
        case .decimalOr(let words): words.contains(text) || (Double(text).map { $0 >= 1 && $0.isFinite } ?? false)
        case .addressOr(let words): words.contains(text) || IPAddress(parsing: text)?.isUnspecified == false
        case .version: TLSVersion(parsing: text) != nil
        case .bindAddress: Endpoint(parsing: text) != nil
        case .serverAddress: ServerAddress(parsing: text) != nil
        case .trustedProxies: TrustedProxies(parsing: text) != nil
        case .hostName: NamePattern(text) != nil && !Self.hasStrayHyphen(text)
        case .wordOrPath(let words): words.contains(text) || text.contains("/") && !text.hasSuffix("/")
        case .statusRange: StatusRange(parsing: text) != nil
        case .servedName: text == "*" || ServerName(text) != nil
        case .name: (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(Self.allowsInName)
        case .applicationProtocol:
            (1...255).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        }
    }

    /// What is expected, for a message: `a duration such as "5m"`.
    var expectation: String {
        switch self {
        case .text: "a text"
        case .path: "a path"
        case .wordOrPath(let words):
            "\(words.joined(separator: ", ")) or a path with a slash, such as \"./reprise.log\""
        case .duration(let least, let most):
            "a duration such as \"\(Self.example(least))\", from \(least.written) to \(most.written)"
        case .wholeSeconds(let range):
            "whole seconds such as \"60s\", from \(range.lowerBound)s to \(range.upperBound)s"
        case .size(let least, let most):
            "a size such as \"64KiB\", from \(ByteCount(least)) to \(ByteCount(most))"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .rate(let range): "a rate such as \"100/s\", from \(range.lowerBound) to \(range.upperBound) in a second"
        case .boolean: "true or false"
        case .choice(let words): "one of \(words.joined(separator: ", "))"
        case .integerOr(let words, let range):
            "\(words.joined(separator: ", ")) or a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .decimalOr(let words): "\(words.joined(separator: ", ")) or a number of at least 1, such as 1.25"
        case .addressOr(let words): "\(words.joined(separator: ", ")) or an IP address such as \"192.0.2.10\""
        case .version: "a TLS version: \"1.0\", \"1.1\", \"1.2\" or \"1.3\""
        case .bindAddress: "an address and port such as \"0.0.0.0:8443\" or \"[::]:8443\", or \"unix:/path\""
        case .serverAddress:
            "an address or name with a port such as \"127.0.0.1:8080\", \"unix:/path\" or a service such as \"srv:_http._tcp.example.net\""
        case .trustedProxies:
            "a network such as \"10.0.0.0/8\", whose bits behind the prefix are 0, an address, or unix"
        case .hostName: "a host name such as \"example.test\" or \"*.example.test\""
        case .statusRange: "a status of HTTP such as 200, or a range such as 200-399"
        case .servedName: "a host name such as \"example.test\" without a port, or \"*\""
        case .name: "a name of 1 to 64 letters, digits, \"-\", \"_\" and \".\""
        case .applicationProtocol: "an application protocol such as \"http/1.1\""
        }
    }

    /// The words that the user may have meant by one that is no choice.
    var choices: [String] {
        switch self {
        case .choice(let words), .integerOr(let words, _), .decimalOr(let words), .addressOr(let words),
            .wordOrPath(let words):
            words
        default: []
        }
    }

    /// A hint at what is wrong with an invalid text, where there is one.
    func hint(for text: String) -> String {
        guard case .hostName = self else { return "" }
        if !text.utf8.allSatisfy({ $0 < 0x80 }) { return "; write other letters in the form that begins with \"xn--\"" }
        return Self.hasStrayHyphen(text) ? "; no part of a name begins or ends with \"-\"" : ""
    }

    /// A pattern (ECMA-262) or a list of values for the JSON Schema.
    var pattern: String? {
        switch self {
        case .duration, .wholeSeconds: "^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$"
        case .size: "^[0-9]+(\\.[0-9]+)?(B|KB|MB|GB|KiB|MiB|GiB)?$"
        case .rate: "^[0-9]+(/s)?$"
        case .version: "^1\\.[0-3]$"
        case .name: "^[A-Za-z0-9._-]{1,64}$"
        default: nil
        }
    }

    static func integer(_ text: String) -> Int? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    static func rate(_ text: String) -> Int? {
        integer(text.hasSuffix("/s") ? String(text.dropLast(2)) : text)
    }

    /// YAML 1.2's words, and 1.1's that people still write.
    static func boolean(_ text: String) -> Bool? {
        switch text {
        case "true", "yes", "on": true
        case "false", "no", "off": false
        default: nil
        }
    }

    private static func hasStrayHyphen(_ name: String) -> Bool {
        name.split(separator: ".").contains { $0.hasPrefix("-") || $0.hasSuffix("-") }
    }

    private static func allowsInName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }

    private static func example(_ least: Duration) -> String {
        least < .seconds(1) ? "20ms" : "5m"
    }
}

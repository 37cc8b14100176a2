/// A DNS host name as the server_name extension carries it (RFC 6066 §3), in lower case and without a trailing dot.
///
/// ```swift
/// if let name = ServerName("WWW.Example.test.") {
///     print(name, name.parent ?? "")  // www.example.test example.test
/// }
/// ```
public struct ServerName: Sendable, Hashable {
    /// The name: 1 to 253 ASCII bytes.
    public let text: String

    /// Reads a host name: labels of 1 to 63 letters, digits, hyphens or underscores, 253 bytes at the most.
    ///
    /// - Returns: `nil` for anything else, for an address literal's colons and brackets too.
    public init?(_ text: some StringProtocol) {
        self.init(bytes: Array(text.utf8))
    }

    /// The same for a name in bytes.
    package init?(bytes: [UInt8]) {
        let count = bytes.last == UInt8(ascii: ".") ? bytes.count - 1 : bytes.count
        guard (1...253).contains(count) else { return nil }
        let text = String(unsafeUninitializedCapacity: count) { target in
            var label = 0
            for index in 0..<count {
                let byte = (0x41...0x5a).contains(bytes[index]) ? bytes[index] | 0x20 : bytes[index]
                if byte == UInt8(ascii: "."), label > 0 {
                    label = 0
                } else {
                    label += 1
                    guard Self.allows(byte), label <= 63 else { return 0 }
                }
                target[index] = byte
            }
            return label > 0 ? count : 0
        }
        guard !text.isEmpty else { return nil }
        self.text = text
    }

    private static func allows(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// The name with its first label taken off (`b.test` of `a.b.test`), by which to look up a wildcard; `nil` when the
    /// rest would have no dot.
    public var parent: String? {
        guard let dot = text.firstIndex(of: ".") else { return nil }
        return String(text[text.index(after: dot)...])
    }
}

extension ServerName: CustomStringConvertible {
    public var description: String { text }
}

/// A name a host answers to: exact, or a wildcard that stands for exactly one label (RFC 6125 §6.4.3).
///
/// ```swift
/// if case .wildcard(let parent)? = NamePattern("*.example.test") {
///     print("every name right below \(parent)")
/// }
/// ```
public enum NamePattern: Sendable, Hashable {
    /// `example.test`
    case exact(ServerName)
    /// `*.example.test`: the name behind the star.
    case wildcard(ServerName)

    /// Reads a host name or a `*.` in front of one with at least one label; `nil` for anything else.
    public init?(_ text: String) {
        if text.hasPrefix("*.") {
            guard let parent = ServerName(text.dropFirst(2)) else { return nil }
            self = .wildcard(parent)
        } else {
            guard let name = ServerName(text) else { return nil }
            self = .exact(name)
        }
    }
}

extension NamePattern: CustomStringConvertible {
    public var description: String {
        switch self {
        case .exact(let name): name.text
        case .wildcard(let parent): "*.\(parent.text)"
        }
    }
}

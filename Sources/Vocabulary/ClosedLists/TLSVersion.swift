/// A version of the protocol that libssl speaks. The raw value is its number on the wire.
///
/// ```swift
/// if let version = session.details.protocolVersion, version < .tls1_3 {
///     print("a client that still speaks \(version)")  // TLSv1.2
/// }
/// ```
public enum TLSVersion: Int, ClosedList, Comparable {
    case tls1_0 = 0x0301
    case tls1_1 = 0x0302
    case tls1_2 = 0x0303
    case tls1_3 = 0x0304

    public static let title = "Protocol versions"

    /// OpenSSL's names (SSL_get_version(3)).
    public var text: (word: String, meaning: String) {
        switch self {
        case .tls1_0: ("TLSv1", "TLS 1.0 (RFC 2246).")
        case .tls1_1: ("TLSv1.1", "TLS 1.1 (RFC 4346).")
        case .tls1_2: ("TLSv1.2", "TLS 1.2 (RFC 5246).")
        case .tls1_3: ("TLSv1.3", "TLS 1.3 (RFC 8446).")
        }
    }

    /// The index in `allCases`: the versions' numbers follow one another.
    public var index: Int { rawValue - Self.tls1_0.rawValue }

    /// Reads the number alone, `1.0` to `1.3`, as the configuration file has it.
    package init?(parsing text: String) {
        guard let version = Self.allCases.first(where: { $0.number == text }) else { return nil }
        self = version
    }

    /// The number alone: `1.3`.
    public var number: String { "1.\(index)" }

    /// Whether `left` is the older one.
    public static func < (left: TLSVersion, right: TLSVersion) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension TLSVersion: CustomStringConvertible {
    /// OpenSSL's name: `TLSv1` for 1.0, and `TLSv1.1` to `TLSv1.3`.
    public var description: String { word }
}

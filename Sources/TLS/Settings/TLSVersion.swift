import CRepriseOpenSSL

/// A version of the protocol that libssl speaks.
public enum TLSVersion: Int, Sendable, Hashable, Comparable, CaseIterable {
    case tls1_0 = 0x0301
    case tls1_1 = 0x0302
    case tls1_2 = 0x0303
    case tls1_3 = 0x0304

    /// Reads the number alone, `1.0` to `1.3`, as the configuration file has it.
    package init?(parsing text: String) {
        guard let version = Self.allCases.first(where: { $0.number == text }) else { return nil }
        self = version
    }

    /// The number alone: `1.3`.
    public var number: String { "1.\(rawValue - 0x0301)" }

    /// Whether `left` is the older one.
    public static func < (left: TLSVersion, right: TLSVersion) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension TLSVersion: CustomStringConvertible {
    /// OpenSSL's name: `TLSv1` for 1.0, and `TLSv1.1` to `TLSv1.3`.
    public var description: String { self == .tls1_0 ? "TLSv1" : "TLSv\(number)" }
}

internal import CLibSSL

/// A version of TLS that libssl can speak.
package enum TLSVersion: Int, Sendable, Hashable, Comparable, CaseIterable {
    case tls1_0, tls1_1, tls1_2, tls1_3

    /// Reads `1.0`, `1.1`, `1.2` or `1.3`; `nil` for anything else.
    package init?(parsing text: String) {
        guard let version = Self.allCases.first(where: { $0.number == text }) else { return nil }
        self = version
    }

    /// The version of that number on the wire, such as 0x0304.
    init?(wire: CInt) {
        guard let version = Self.allCases.first(where: { $0.wire == wire }) else { return nil }
        self = version
    }

    package static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.rawValue < right.rawValue }

    /// The number as the configuration writes it: `1.2`.
    package var number: String { "1.\(rawValue)" }

    var wire: CInt { TLS1_VERSION + CInt(rawValue) }
}

extension TLSVersion: CustomStringConvertible {
    /// libssl's name: `TLSv1`, `TLSv1.1`, `TLSv1.2`, `TLSv1.3`.
    package var description: String { self == .tls1_0 ? "TLSv1" : "TLSv\(number)" }
}

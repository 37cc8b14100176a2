/// A number of bytes, as people write it: `64KiB`, `10MB`, `512`.
///
/// ```swift
/// if let count = ByteCount(parsing: "64KiB") {
///     print(count.bytes)  // 65536
///     print(count < ByteCount(1_000_000))  // true
/// }
/// ```
public struct ByteCount: Sendable, Hashable, Comparable {
    /// The count itself.
    public let bytes: Int

    /// A count of that many bytes, zero or more.
    public init(_ bytes: Int) {
        precondition(bytes >= 0, "a byte count of \(bytes)")
        self.bytes = bytes
    }

    /// Reads a whole or decimal number with one of the units B, KiB, MiB, GiB (powers of 1024), KB, MB, GB
    /// (powers of 1000); without a unit it counts bytes.
    ///
    /// - Returns: `nil` when the text is anything else, negative, a fraction of a byte, or above `Int.max`.
    public init?(parsing text: String) {
        guard let (number, unit) = splitQuantity(text) else { return nil }
        guard let factor = Self.units.first(where: { $0.name == unit })?.factor ?? (unit.isEmpty ? 1 : nil) else {
            return nil
        }
        guard let bytes = number.multiplied(by: factor), let count = Int(exactly: bytes) else { return nil }
        self.bytes = count
    }

    /// Whether `left` is the smaller count.
    public static func < (left: ByteCount, right: ByteCount) -> Bool {
        left.bytes < right.bytes
    }

    private static let units: [(name: String, factor: Int64)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
        ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000), ("B", 1),
    ]
}

extension ByteCount: CustomStringConvertible {
    /// The shortest exact form: `64KiB`, `10MB`, `513B`.
    public var description: String {
        for unit in Self.units where bytes != 0 && Int64(bytes) % unit.factor == 0 {
            return "\(Int64(bytes) / unit.factor)\(unit.name)"
        }
        return "\(bytes)B"
    }
}

/// Names a lineage: all sessions that descend from one full handshake, in tickets or stores.
///
/// Sixteen random bytes; it says nothing about the client, and a reader of a log cannot resume with it.
///
/// ```swift
/// guard let id = session.details.lineage?.id else { return }
/// print("audit: lineage \(id)")
/// let same = LineageID(id.bytes) == id  // true: the bytes are all of it
/// ```
public struct LineageID: Sendable, Hashable {
    /// How many bytes it has.
    public static let byteCount = 16

    /// The first eight bytes, most significant first.
    package let high: UInt64
    /// The last eight.
    package let low: UInt64

    @usableFromInline package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Parameter bytes: ``byteCount`` bytes; `nil` for any other number.
    // Each full handshake makes one: not specialized, it would allocate 32 times.
    @inlinable
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        let high = bytes.prefix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        let low = bytes.dropFirst(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        self.init(high: high, low: low)
    }

    /// The sixteen bytes.
    public var bytes: [UInt8] {
        [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
    }
}

extension LineageID: CustomStringConvertible {
    /// Thirty-two hexadecimal digits.
    public var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

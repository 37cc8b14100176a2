/// The number a connection is known by in logs: unique in one process, never used again.
public struct ConnectionID: Sendable, Hashable, CustomStringConvertible {
    /// The number.
    public let value: UInt64

    /// The connection of that number.
    public init(_ value: UInt64) {
        self.value = value
    }

    /// The number in decimal digits.
    public var description: String { String(value) }
}

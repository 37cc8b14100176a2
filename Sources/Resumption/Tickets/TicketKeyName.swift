/// The public name of a ticket key: the first 16 bytes of every ticket that it sealed.
package struct TicketKeyName: Sendable, Hashable {
    /// How many bytes a name has.
    package static let byteCount = 16

    private let words: (UInt64, UInt64)

    /// - Parameter bytes: `nil` for any number of bytes but ``byteCount``.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.byteCount else { return nil }
        words = (
            bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        )
    }

    /// A random name.
    init(_ random: RandomBytes) {
        var words: (UInt64, UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &words) { random($0) }
        self.words = words
    }

    /// Lends the sixteen bytes for the length of `body`.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(of: words, body)
    }

    // Tuples have no Equatable of their own. A name travels in the clear: its comparison may take any time.
    package static func == (left: TicketKeyName, right: TicketKeyName) -> Bool {
        left.words.0 == right.words.0 && left.words.1 == right.words.1
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}

extension TicketKeyName: CustomStringConvertible, CustomReflectable {
    /// The first four bytes as eight hexadecimal digits: enough to tell the keys of a ring apart.
    package var description: String {
        withBytes { bytes in
            bytes.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }

    package var customMirror: Mirror { Mirror(self, children: []) }
}

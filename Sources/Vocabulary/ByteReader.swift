/// Takes numbers and vectors off the front of bytes, as TLS writes them (RFC 8446 §3.3, §3.4): the most significant
/// byte first, and a vector's length in front of it.
///
/// The caller keeps the bytes alive. It copies and allocates nothing, since every handshake reads this way. Each call
/// returns `nil` when there are not enough bytes; a vector's length has been taken then.
package struct ByteReader {
    /// The bytes not yet taken.
    package private(set) var rest: UnsafeRawBufferPointer

    package init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
    }

    package init(_ bytes: UnsafeBufferPointer<UInt8>) {
        rest = UnsafeRawBufferPointer(bytes)
    }

    /// Whether everything has been taken.
    package var isAtEnd: Bool { rest.isEmpty }

    /// That many bytes as they are.
    package mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard rest.count >= count else { return nil }
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[count...]) }
        return UnsafeRawBufferPointer(rebasing: rest[..<count])
    }

    /// A number of one byte.
    package mutating func byte() -> UInt8? {
        take(1)?[0]
    }

    /// A number of two bytes.
    package mutating func number16() -> UInt16? {
        number(2).map { UInt16($0) }
    }

    /// A number of at most eight bytes.
    package mutating func number(_ count: Int) -> UInt64? {
        guard let bytes = take(count) else { return nil }
        var number: UInt64 = 0
        for byte in bytes { number = number << 8 | UInt64(byte) }
        return number
    }

    /// A vector with one byte of length.
    package mutating func vector8() -> ByteReader? {
        guard let count = byte(), let bytes = take(Int(count)) else { return nil }
        return ByteReader(bytes)
    }

    /// A vector with two bytes of length.
    package mutating func vector16() -> ByteReader? {
        guard let count = number16(), let bytes = take(Int(count)) else { return nil }
        return ByteReader(bytes)
    }
}

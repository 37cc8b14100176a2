internal import RepriseVocabulary

/// Puts numbers into bytes, most significant first.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    init() {
        bytes.reserveCapacity(96)
    }

    mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ more: [UInt8]) {
        bytes.append(contentsOf: more)
    }
}

/// Takes what ``ByteWriter`` wrote out again; `nil` when there is not enough. Someone else keeps the bytes alive.
struct ByteReader {
    private var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func byte() -> UInt8? {
        take(1)?[0]
    }

    mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard rest.count >= count else { return nil }
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[count...]) }
        return UnsafeRawBufferPointer(rebasing: rest[..<count])
    }

    /// A number of at most eight bytes.
    mutating func number(_ count: Int) -> UInt64? {
        guard let bytes = take(count) else { return nil }
        var number: UInt64 = 0
        for index in 0..<count { number = number << 8 | UInt64(bytes[index]) }
        return number
    }

    mutating func time() -> WallTime? {
        guard let number = number(8) else { return nil }
        return WallTime(secondsSinceEpoch: Int64(bitPattern: number))
    }
}

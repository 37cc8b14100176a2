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

extension ByteReader {
    /// A time as a session remembers it: whole seconds in eight bytes.
    mutating func time() -> WallTime? {
        guard let number = number(8) else { return nil }
        return WallTime(secondsSinceEpoch: Int64(bitPattern: number))
    }
}

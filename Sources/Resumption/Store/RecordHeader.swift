import RepriseVocabulary

/// The eight bytes before every record of a record area: when it expires, how long its session is, whether it is dead.
///
/// From the top: 48 bits of seconds since 1970, signed (4 million years each way), one bit for dead, 15 of length.
struct RecordHeader {
    static let byteCount = 8
    /// A length that no session has: nothing follows up to the record area's end.
    private static let fillerLength: UInt64 = 0x7fff
    private static let deadBit: UInt64 = 0x8000

    private(set) var word: UInt64

    init(word: UInt64) {
        self.word = word
    }

    init(expires: WallTime, length: Int) {
        word = UInt64(bitPattern: Self.seconds(expires) &<< 16) | UInt64(truncatingIfNeeded: length)
    }

    static var filler: RecordHeader { RecordHeader(word: deadBit | fillerLength) }

    var isFiller: Bool { word & 0x7fff == Self.fillerLength }

    var isDead: Bool { word & Self.deadBit != 0 }

    /// How many bytes of DER the record has, or had.
    var length: Int { Int(truncatingIfNeeded: word & 0x7fff) }

    mutating func die() {
        word |= Self.deadBit
    }

    /// Whether the record's second has come.
    func isExpired(at time: WallTime) -> Bool {
        Int64(bitPattern: word) &>> 16 <= Self.seconds(time)
    }

    /// Whole seconds in 48 bits; a moment beyond them becomes the last, or the first, possible one.
    static func seconds(_ time: WallTime) -> Int64 {
        min(max(time.secondsSinceEpoch, -1 << 47), 1 << 47 - 1)
    }
}

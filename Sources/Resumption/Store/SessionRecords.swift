import RepriseVocabulary

/// The records of a shard, over memory of the store: a header, the key, the DER, and up to seven bytes of nothing.
///
/// An offset is a record's distance from the record area's start, a multiple of eight. A record is never cut in two:
/// where it would be, a filler takes the rest of the record area.
struct SessionRecords {
    private static let keyOffset = RecordHeader.byteCount
    private static let sessionOffset = RecordHeader.byteCount + SessionKey.byteCount

    let base: UnsafeMutableRawPointer
    let byteCount: Int

    /// How many bytes a record of a session of that length takes.
    @inline(__always)
    static func recordBytes(_ length: Int) -> Int {
        (sessionOffset &+ length &+ 7) & ~7
    }

    @inline(__always)
    func header(at offset: Int) -> RecordHeader {
        RecordHeader(word: base.load(fromByteOffset: offset, as: UInt64.self))
    }

    @inline(__always)
    func write(_ header: RecordHeader, at offset: Int) {
        base.storeBytes(of: header.word, toByteOffset: offset, as: UInt64.self)
    }

    @inline(__always)
    func key(at offset: Int) -> SessionKey {
        SessionKey(
            words: base.load(fromByteOffset: offset &+ Self.keyOffset, as: (UInt64, UInt64, UInt64, UInt64).self))
    }

    /// The session's bytes, valid as long as its shard is locked.
    @inline(__always)
    func session(at offset: Int, length: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + (offset &+ Self.sessionOffset), count: length)
    }

    @inline(__always)
    func write(_ key: SessionKey, _ session: UnsafeRawBufferPointer, _ header: RecordHeader, at offset: Int) {
        write(header, at: offset)
        base.storeBytes(
            of: key.words, toByteOffset: offset &+ Self.keyOffset, as: (UInt64, UInt64, UInt64, UInt64).self)
        guard let start = session.baseAddress else { return }
        (base + (offset &+ Self.sessionOffset)).copyMemory(from: start, byteCount: session.count)
    }

    /// Overwrites key and session with zeros; the header stays, for walks over the record area.
    @inline(__always)
    func wipe(at offset: Int, length: Int) {
        UnsafeMutableRawBufferPointer(start: base + (offset &+ Self.keyOffset), count: SessionKey.byteCount &+ length)
            .wipe()
    }
}

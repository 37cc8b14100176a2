import Glibc
import RepriseResumption
import RepriseVocabulary

/// A store with so many sessions of 160 bytes, in a budget of 236 bytes for each, and keys that follow from numbers.
struct Load: Sendable {
    static let sessionBytes = 160
    static let budgetPerSession = 236
    static let now = WallTime(secondsSinceEpoch: 1_700_000_000)
    static let expiry = WallTime(secondsSinceEpoch: 1_700_086_400)

    let store: LocalSessionStore
    let sessions: Int

    init(sessions: Int) throws {
        store = try LocalSessionStore(budget: sessions * Self.budgetPerSession)
        self.sessions = sessions
    }

    /// Puts all sessions, or those of the first `end` numbers.
    ///
    /// - Returns: the longest put, in nanoseconds that the thread itself used.
    func fill(to end: Int? = nil) -> UInt64 {
        var longest: UInt64 = 0
        Self.withBuffer { buffer in
            let session = UnsafeRawBufferPointer(rebasing: buffer[0..<Self.sessionBytes])
            for number in 0..<(end ?? sessions) {
                let key = Self.key(number)
                let start = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
                _ = store.put(key, session, expires: Self.expiry, at: Self.now)
                longest = max(longest, nanoseconds(CLOCK_THREAD_CPUTIME_ID) - start)
            }
        }
        return longest
    }

    /// Puts a new session, and gets one of those that are there; how many of the latter were is the result.
    @inline(never)
    func oneRound(_ put: SessionKey, _ get: SessionKey, _ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        let session = UnsafeRawBufferPointer(rebasing: buffer[0..<Self.sessionBytes])
        _ = store.put(put, session, expires: Self.expiry, at: Self.now)
        return store.get(get, at: Self.now, into: buffer) != nil
    }

    /// The key of a number: its words look random.
    static func key(_ number: Int) -> SessionKey {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        words.0 = mix(UInt64(truncatingIfNeeded: number))
        words.1 = mix(words.0)
        words.2 = words.0 ^ words.1
        words.3 = words.1 &+ UInt64(truncatingIfNeeded: number)
        return withUnsafeBytes(of: words) { SessionKey($0) } ?? key(number)
    }

    static func mix(_ number: UInt64) -> UInt64 {
        var word = number &+ 0x9e37_79b9_7f4a_7c15
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }

    /// A buffer of the longest session's size.
    static func withBuffer<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows -> Result {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: LocalSessionStore.longestSession, alignment: 64)
        defer { buffer.deallocate() }
        buffer.initializeMemory(as: UInt8.self, repeating: 7)
        return try body(buffer)
    }
}

/// A clock's time. That of a thread's own work does not count what others do on the processor meanwhile.
func nanoseconds(_ clock: clockid_t = CLOCK_MONOTONIC) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// What of the process is in memory.
func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, 128, file) != nil else { return 0 }
    let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
        separator: " ")
    return words.count > 1 ? (Int(words[1]) ?? 0) * Int(getpagesize()) : 0
}

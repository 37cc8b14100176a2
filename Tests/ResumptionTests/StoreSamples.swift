import RepriseResumption
import RepriseVocabulary

/// A generator that a seed determines (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: Int) {
        state = UInt64(bitPattern: Int64(seed)) &* 0x9e37_79b9_7f4a_7c15
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}

extension SessionKey {
    /// The key of a number; keys of different numbers differ.
    init(_ number: Int) {
        let words = [
            UInt64(truncatingIfNeeded: number), 1, UInt64(truncatingIfNeeded: number) &* 0x9e37_79b9_7f4a_7c15, 0xfeed,
        ]
        self = words.withUnsafeBytes { SessionKey($0) } ?? SessionKey(number)
    }
}

extension WallTime {
    /// So many seconds after 2023-11-14T22:13:20Z.
    static func second(_ seconds: Int64) -> WallTime {
        WallTime(secondsSinceEpoch: 1_700_000_000 + seconds)
    }
}

extension LocalSessionStore {
    /// A put that tells its outcome, of an array.
    func keep(
        _ number: Int, _ session: [UInt8], expires: WallTime = .second(100), at time: WallTime = .second(0)
    )
        -> PutOutcome
    {
        session.withUnsafeBytes { put(SessionKey(number), $0, expires: expires, at: time) }
    }

    func get(_ number: Int, at time: WallTime = .second(0)) -> [UInt8]? {
        get(SessionKey(number), at: time)
    }

    func take(_ number: Int, at time: WallTime = .second(0)) -> [UInt8]? {
        take(SessionKey(number), at: time)
    }
}

/// A session of so many bytes that says whose it is.
func session(_ number: Int, _ count: Int = 160) -> [UInt8] {
    var bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: number &* 31 | 1), count: count)
    for place in stride(from: 0, to: count, by: 41) {
        bytes[place] = UInt8(truncatingIfNeeded: number &>> (place & 15) &+ place)
    }
    return bytes
}

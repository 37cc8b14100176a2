/// SipHash-1-3 of a session's key, under a secret of the store.
///
/// A client may look up any TLS 1.2 session id it likes. Without the secret it could aim its lookups at one shard, or
/// at the longest run of slots.
struct KeyHash: Sendable {
    private let secret: (UInt64, UInt64)

    /// Draws a secret.
    init() {
        var random = SystemRandomNumberGenerator()
        secret = (random.next(), random.next())
    }

    @inline(__always)
    func callAsFunction(_ key: SessionKey) -> HashedKey {
        var state = State(secret)
        state.absorb(key.words.0)
        state.absorb(key.words.1)
        state.absorb(key.words.2)
        state.absorb(key.words.3)
        state.absorb(UInt64(SessionKey.byteCount) << 56)
        return HashedKey(key: key, hash: state.finish())
    }

    private struct State {
        var v0: UInt64
        var v1: UInt64
        var v2: UInt64
        var v3: UInt64

        @inline(__always)
        init(_ secret: (UInt64, UInt64)) {
            v0 = secret.0 ^ 0x736f_6d65_7073_6575
            v1 = secret.1 ^ 0x646f_7261_6e64_6f6d
            v2 = secret.0 ^ 0x6c79_6765_6e65_7261
            v3 = secret.1 ^ 0x7465_6462_7974_6573
        }

        @inline(__always)
        mutating func absorb(_ word: UInt64) {
            v3 ^= word
            round()
            v0 ^= word
        }

        @inline(__always)
        mutating func finish() -> UInt64 {
            v2 ^= 0xff
            round()
            round()
            round()
            return v0 ^ v1 ^ v2 ^ v3
        }

        @inline(__always)
        private mutating func round() {
            v0 &+= v1
            v1 = Self.rotate(v1, 13) ^ v0
            v0 = Self.rotate(v0, 32)
            v2 &+= v3
            v3 = Self.rotate(v3, 16) ^ v2
            v0 &+= v3
            v3 = Self.rotate(v3, 21) ^ v0
            v2 &+= v1
            v1 = Self.rotate(v1, 17) ^ v2
            v2 = Self.rotate(v2, 32)
        }

        @inline(__always)
        private static func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 {
            word &<< bits | word &>> (64 &- bits)
        }
    }
}

/// A key and what its hash says of it: the shard that it belongs to, and the bits by which a slot knows it.
struct HashedKey {
    let key: SessionKey
    let hash: UInt64

    /// The bits that slots keep.
    var tag: UInt32 { UInt32(truncatingIfNeeded: hash) }

    /// The shard, of a power of two of them; by other bits than the tag's.
    func shard(of count: Int) -> Int {
        Int(truncatingIfNeeded: hash &>> 32) & (count &- 1)
    }
}

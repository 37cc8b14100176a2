package import RepriseVocabulary

/// A hash that is the same on every machine and in every run, so that machines agree where a client goes.
///
/// It spreads well and is no secret: who chooses its input can aim at a server.
package struct StableHash: Sendable {
    private var state: UInt64

    /// A hash of its own for each purpose.
    package init(_ purpose: UInt64) {
        state = Self.mixed(purpose)
    }

    /// Adds a word.
    package mutating func absorb(_ word: UInt64) {
        state = Self.mixed(state ^ word)
    }

    /// Adds bytes, and how many they are.
    package mutating func absorb(_ bytes: some Sequence<UInt8>) {
        var (word, count): (UInt64, UInt64) = (0, 0)
        for byte in bytes {
            word = word << 8 | UInt64(byte)
            count += 1
            if count % 8 == 0 {
                absorb(word)
                word = 0
            }
        }
        absorb(word)
        absorb(count)
    }

    /// The hash of what was added.
    package var value: UInt64 { state }

    /// SplitMix64's step and finalizer: a bijection in which each bit of the input changes half of the output.
    static func mixed(_ word: UInt64) -> UInt64 {
        var word = word &+ 0x9e37_79b9_7f4a_7c15
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}

extension StableHash {
    /// The hash of a client: its IP address; one and the same for all clients of Unix sockets.
    package static func of(client: Endpoint) -> UInt64 {
        var hash = StableHash(1)
        if let address = client.address {
            hash.absorb(address.isIPv6 ? 6 : 4)
            hash.absorb(address.high)
            hash.absorb(address.low)
        }
        return hash.value
    }

    /// The hash of a name, which means the same in capitals.
    package static func of(serverName: String) -> UInt64 {
        var hash = StableHash(2)
        hash.absorb(serverName.utf8.lazy.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 })
        return hash.value
    }

    /// The hash of a session's lineage.
    package static func of(lineage: LineageID) -> UInt64 {
        var hash = StableHash(3)
        hash.absorb(lineage.high)
        hash.absorb(lineage.low)
        return hash.value
    }
}

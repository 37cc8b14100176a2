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

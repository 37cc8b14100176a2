/// Where in the record area each session of a shard is: open addressing with linear probing, over memory of the store.
///
/// A slot is eight bytes: 32 bits of the key's hash above the record's offset in units of eight bytes, plus one; an
/// empty slot is zero. A slot's home follows from its hash bits alone, so that deletion shifts
/// slots back without a look at the record area, and leaves no tombstones. The table never grows.
struct SlotTable {
    static let slotBytes = 8

    let slots: UnsafeMutablePointer<UInt64>
    let count: Int

    /// How many sessions it takes: three slots in four, so that a probe stays short.
    var capacity: Int { count / 4 * 3 }

    /// The first slot of these hash bits that `matches` by its record's offset.
    @inline(__always)
    func find(_ tag: UInt32, matches: (_ offset: Int) -> Bool) -> Int? {
        var slot = home(tag)
        while true {
            let word = slots[slot]
            if word == 0 { return nil }
            if UInt32(truncatingIfNeeded: word &>> 32) == tag, matches(Self.offset(word)) { return slot }
            slot = next(slot)
        }
    }

    /// The offset that a slot names.
    @inline(__always)
    func offset(of slot: Int) -> Int {
        Self.offset(slots[slot])
    }

    /// Takes the first empty slot; there must be one.
    @inline(__always)
    func insert(_ tag: UInt32, offset: Int) {
        var slot = home(tag)
        while slots[slot] != 0 { slot = next(slot) }
        slots[slot] = UInt64(tag) &<< 32 | UInt64(truncatingIfNeeded: offset &>> 3 &+ 1)
    }

    /// Empties a slot, and moves back those behind it that would else be out of reach.
    func remove(_ slot: Int) {
        var hole = slot
        var probe = slot
        while true {
            probe = next(probe)
            let word = slots[probe]
            if word == 0 { break }
            let home = home(UInt32(truncatingIfNeeded: word &>> 32))
            // The word stays if its home lies behind the hole and not behind itself, going round.
            let stays = hole <= probe ? hole < home && home <= probe : hole < home || home <= probe
            if stays { continue }
            slots[hole] = word
            hole = probe
        }
        slots[hole] = 0
    }

    @inline(__always)
    private func home(_ tag: UInt32) -> Int {
        Int(truncatingIfNeeded: (UInt64(tag) &* UInt64(truncatingIfNeeded: count)) &>> 32)
    }

    @inline(__always)
    private func next(_ slot: Int) -> Int {
        let next = slot &+ 1
        return next == count ? 0 : next
    }

    @inline(__always)
    private static func offset(_ word: UInt64) -> Int {
        (Int(truncatingIfNeeded: word & 0xffff_ffff) &- 1) &<< 3
    }
}

import Glibc

/// The one mapping that a store has: the shards' states, and behind them each shard's slots and ring.
///
/// Pages that were never written cost nothing. None of it is in a core dump.
struct StoreMemory {
    /// What a shard's state may take: whole cache lines.
    private static let stateBytes = 256
    /// How a shard's bytes are divided: a session of 160 bytes has a record of 200, and a slot and a half.
    private static let slotShare = (12, of: 212)
    /// A slot names a place by 32 bits, in units of eight bytes.
    private static let mostRingBytes = 1 << 35 - 64
    private static let mostShards = 64
    /// A ring so long has most of itself left when a huge page begins.
    private static let leastHugeRing = 8 * SessionRing.hugePage
    /// A shard is not smaller than this, unless it is the only one.
    private static let leastShardBytes = 1 << 20

    let base: UnsafeMutableRawPointer
    let byteCount: Int
    /// A power of two.
    let shardCount: Int
    let slotCount: Int
    let ringBytes: Int
    private let statesBytes: Int
    private let shardBytes: Int

    /// - Parameter budget: whole pages of it are mapped, never more than it.
    init(budget: Int) throws(StoreMemoryError) {
        let page = Int(getpagesize())
        byteCount = budget / page * page
        var shards = 1
        while shards < Self.mostShards, byteCount / (shards * 2) >= Self.leastShardBytes { shards *= 2 }
        shardCount = shards
        statesBytes = shards * Self.stateBytes
        shardBytes = (byteCount - statesBytes) / shards / 64 * 64
        slotCount = shardBytes / Self.slotShare.of * Self.slotShare.0 / 64 * 64 / SlotTable.slotBytes
        ringBytes = min(shardBytes - slotCount * SlotTable.slotBytes, Self.mostRingBytes)
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        guard let mapped = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0), mapped != MAP_FAILED else {
            throw StoreMemoryError(byteCount: byteCount, code: errno)
        }
        base = mapped
        // Neither can fail for a mapping of ours but on a kernel without the feature; the store works without.
        _ = madvise(base, byteCount, MADV_DONTDUMP)
        _ = madvise(base, byteCount, MADV_NOHUGEPAGE)
        precondition(MemoryLayout<ShardState>.size <= Self.stateBytes, "a state is larger than its place")
        for shard in 0..<shards {
            let state = state(shard)
            state.initialize(to: ShardState())
            let code = pthread_mutex_init(&state.pointee.mutex, nil)
            precondition(code == 0, "pthread_mutex_init: \(code)")
            adviseHugePages(shard)
        }
    }

    /// Has the body of a long ring on huge pages: with millions of sessions nearly every lookup would miss the TLB, and
    /// the page tables would not stay in cache.
    ///
    /// A huge page is paid for whole at its first byte. So the table has none, nor a short ring, nor a ring's beginning.
    private func adviseHugePages(_ shard: Int) {
        state(shard).pointee.populated = ringBytes
        guard ringBytes >= Self.leastHugeRing else { return }
        let start = UInt(bitPattern: base) + UInt(statesBytes + shard * shardBytes + slotCount * SlotTable.slotBytes)
        let huge = UInt(SessionRing.hugePage)
        let first = (start + huge - 1) / huge * huge + huge
        let end = (start + UInt(ringBytes)) / huge * huge
        _ = madvise(UnsafeMutableRawPointer(bitPattern: first), Int(end - first), MADV_HUGEPAGE)
        state(shard).pointee.populated = Int(first - start)
    }

    /// Everything, as bytes.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }

    @inline(__always)
    func shard(_ number: Int, _ hash: KeyHash) -> SessionShard {
        let start = base + (statesBytes &+ number &* shardBytes)
        return SessionShard(
            state: state(number),
            table: SlotTable(slots: start.assumingMemoryBound(to: UInt64.self), count: slotCount),
            ring: SessionRing(base: start + slotCount &* SlotTable.slotBytes, byteCount: ringBytes),
            hash: hash)
    }

    /// Has pages in memory, whatever they hold; a kernel that cannot (before 5.14) does it when they are touched.
    static func populate(_ pages: UnsafeMutableRawBufferPointer) {
        let skew = UInt(bitPattern: pages.baseAddress) & UInt(getpagesize() - 1)
        guard let start = pages.baseAddress else { return }
        _ = madvise(start - Int(skew), pages.count + Int(skew), MADV_POPULATE_WRITE)
    }

    /// Gives the memory back; nobody may use it any more.
    func unmap() {
        for shard in 0..<shardCount { pthread_mutex_destroy(&state(shard).pointee.mutex) }
        munmap(base, byteCount)
    }

    @inline(__always)
    private func state(_ shard: Int) -> UnsafeMutablePointer<ShardState> {
        (base + shard &* Self.stateBytes).assumingMemoryBound(to: ShardState.self)
    }
}

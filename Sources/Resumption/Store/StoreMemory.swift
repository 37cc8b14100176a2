import Glibc

/// The one mapping that a store has: the shards' states, behind them all tables, and behind those all record areas.
///
/// Pages that were never written cost nothing, but for the tables of a large store. None of it is in a core dump.
struct StoreMemory {
    /// What a shard's state may take: whole cache lines.
    private static let stateBytes = 256
    /// How a shard's bytes are divided: a session of 160 bytes has a record of 200, and a slot and a half.
    private static let slotShare = (12, of: 212)
    /// A slot names an offset by 32 bits, in units of eight bytes.
    private static let mostRecordBytes = 1 << 35 - 64
    private static let mostShards = 64
    /// The size of a huge page, which the system maps at once on request.
    private static let hugePage = 2 << 20
    /// Tables so large in all have most of themselves between the first and the last border of huge pages.
    private static let leastHugeTables = 8 * hugePage
    /// A shard is not smaller than this, unless it is the only one.
    private static let leastShardBytes = 1 << 20

    let base: UnsafeMutableRawPointer
    let byteCount: Int
    /// A power of two.
    let shardCount: Int
    let slotCount: Int
    let recordBytes: Int
    private let tablesStart: Int
    private let recordsStart: Int

    /// - Parameter budget: whole pages of it are mapped, never more than it.
    init(budget: Int) throws(StoreMemoryError) {
        let page = Int(getpagesize())
        byteCount = budget / page * page
        var shards = 1
        while shards < Self.mostShards, byteCount / (shards * 2) >= Self.leastShardBytes { shards *= 2 }
        shardCount = shards
        tablesStart = shards * Self.stateBytes
        let shardBytes = (byteCount - tablesStart) / shards / 64 * 64
        slotCount = shardBytes / Self.slotShare.of * Self.slotShare.0 / 64 * 64 / SlotTable.slotBytes
        recordsStart = tablesStart + shards * slotCount * SlotTable.slotBytes
        recordBytes = min(shardBytes - slotCount * SlotTable.slotBytes, Self.mostRecordBytes)
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        guard let mapped = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0), mapped != MAP_FAILED else {
            throw StoreMemoryError(byteCount: byteCount, code: errno)
        }
        base = mapped
        // For a mapping of ours these fail only on a kernel without the feature; the store works without it.
        _ = madvise(base, byteCount, MADV_DONTDUMP)
        _ = madvise(base, byteCount, MADV_NOHUGEPAGE)
        precondition(MemoryLayout<ShardState>.size <= Self.stateBytes, "a state is larger than its share")
        for shard in 0..<shards {
            let state = state(shard)
            state.initialize(to: ShardState())
            let code = pthread_mutex_init(&state.pointee.mutex, nil)
            precondition(code == 0, "pthread_mutex_init: \(code)")
        }
        populateTables()
    }

    /// Puts large tables on huge pages: a put and a get look into a table at random three times, and would nearly
    /// always miss the TLB.
    ///
    /// The system clears a huge page at its first touch, which takes longer than a loop may stop. So we touch each now,
    /// before any loop knows the store; the record areas, filled page after page, have small ones.
    private func populateTables() {
        guard recordsStart - tablesStart >= Self.leastHugeTables else { return }
        let start = UInt(bitPattern: base) + UInt(tablesStart)
        let huge = UInt(Self.hugePage)
        let first = Int((start + huge - 1) / huge * huge - UInt(bitPattern: base))
        let count = (recordsStart - first) / Self.hugePage * Self.hugePage
        _ = madvise(base + first, count, MADV_HUGEPAGE)
        // Each byte is zero already; without huge pages it costs a small one.
        for page in stride(from: first, to: first + count, by: Self.hugePage) {
            base.storeBytes(of: 0, toByteOffset: page, as: UInt8.self)
        }
    }

    /// Everything, as bytes.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }

    @inline(__always)
    func shard(_ number: Int, _ hash: KeyHash) -> SessionShard {
        let slots = base + (tablesStart &+ number &* slotCount &* SlotTable.slotBytes)
        return SessionShard(
            state: state(number),
            table: SlotTable(slots: slots.assumingMemoryBound(to: UInt64.self), count: slotCount),
            records: SessionRecords(base: base + (recordsStart &+ number &* recordBytes), byteCount: recordBytes),
            hash: hash)
    }

    /// Gives the memory back; no caller may use it afterwards.
    func unmap() {
        for shard in 0..<shardCount { pthread_mutex_destroy(&state(shard).pointee.mutex) }
        munmap(base, byteCount)
    }

    @inline(__always)
    private func state(_ shard: Int) -> UnsafeMutablePointer<ShardState> {
        (base + shard &* Self.stateBytes).assumingMemoryBound(to: ShardState.self)
    }
}

/// The system gave no memory for a store.
package struct StoreMemoryError: Error, Equatable {
    /// How much was asked for.
    package let byteCount: Int
    /// The errno of mmap(2).
    package let code: CInt
}

import Glibc
import RepriseVocabulary

/// One part of a store, with a lock of its own: records in the order of their arrival, and slots that find them.
///
/// It is only a view of the store's memory, as cheap to make as three pointers. All of it but ``withLock(_:)`` needs
/// the lock held. Sums wrap: no time and no count that a caller passes can trap.
struct SessionShard {
    /// A session that is there, as long as the lock is held and nothing else is done to the shard.
    struct Found {
        let slot: Int
        let offset: Int
        let header: RecordHeader

        var length: Int { header.length }
    }

    /// How many dead records a put clears away beside what it needs itself.
    private static let cleared = 2

    let state: UnsafeMutablePointer<ShardState>
    let table: SlotTable
    let records: SessionRecords
    let hash: KeyHash

    /// Works on the shard while no other thread does.
    @inline(__always)
    func withLock<Result>(_ body: (SessionShard) -> Result) -> Result {
        pthread_mutex_lock(&state.pointee.mutex)
        defer { pthread_mutex_unlock(&state.pointee.mutex) }
        return body(self)
    }

    /// The offset of the session under a key, if it is there at this time; one that is past its expiry is wiped.
    @inline(__always)
    func find(_ key: HashedKey, at time: WallTime) -> Found? {
        guard let found = peek(key) else { return nil }
        guard found.header.isExpired(at: time) else { return found }
        expire(found)
        return nil
    }

    /// The offset of the session under a key, whether its time is over or not.
    @inline(__always)
    func peek(_ key: HashedKey) -> Found? {
        guard let slot = slot(of: key) else { return nil }
        let offset = table.offset(of: slot)
        let header = records.header(at: offset)
        guard isFlushed(offset) else { return Found(slot: slot, offset: offset, header: header) }
        kill(slot, offset, header)
        return nil
    }

    /// Wipes a session that was found past its expiry.
    @inline(__always)
    func expire(_ found: Found) {
        discard(found)
        state.pointee.counts.expired &+= 1
    }

    /// Keeps a session that is not longer than the record area, instead of one under the same key.
    @inline(__always)
    func put(
        _ key: HashedKey, _ session: UnsafeRawBufferPointer, expires: WallTime, at time: WallTime
    ) -> PutOutcome {
        var fate = PutOutcome.Fate.stored
        if let old = find(key, at: time) {
            discard(old)
            fate = .replaced
        }
        let header = RecordHeader(expires: expires, length: session.count)
        if header.isExpired(at: time) { return PutOutcome(.expired) }
        clear(at: time)
        let record = SessionRecords.recordBytes(session.count)
        let evicted = makeRoom(for: record, at: time)
        let offset = state.pointee.head
        records.write(key.key, session, header, at: offset)
        table.insert(key.tag, offset: offset)
        advanceHead(by: record)
        state.pointee.indexed &+= 1
        state.pointee.counts.entries &+= 1
        state.pointee.counts.bytes &+= record
        return PutOutcome(fate, evicted: evicted)
    }

    /// Wipes a session that ``find(_:at:)`` found; its space comes back when it is the oldest.
    @inline(__always)
    func discard(_ found: Found) {
        kill(found.slot, found.offset, found.header)
    }

    /// Wipes the session under a key, expired or not.
    func remove(_ key: HashedKey) {
        guard let slot = slot(of: key) else { return }
        let offset = table.offset(of: slot)
        kill(slot, offset, records.header(at: offset))
    }

    /// Forgets everything at once; ``sweep(_:)`` wipes it.
    func flush() {
        state.pointee.flushed = state.pointee.used
        state.pointee.counts.entries = 0
        state.pointee.counts.bytes = 0
    }

    /// Wipes at most that many forgotten records.
    ///
    /// - Returns: whether there are more.
    func sweep(_ most: Int) -> Bool {
        for _ in 0..<most where state.pointee.flushed > 0 { reclaim(records.header(at: state.pointee.tail)) }
        return state.pointee.flushed > 0
    }

    @inline(__always)
    private func slot(of key: HashedKey) -> Int? {
        table.find(key.tag) { records.key(at: $0) == key.key }
    }

    @inline(__always)
    private func isFlushed(_ offset: Int) -> Bool {
        let tail = state.pointee.tail
        return (offset >= tail ? offset &- tail : offset &+ records.byteCount &- tail) < state.pointee.flushed
    }

    /// Takes a record out of the table and the counts, and wipes it. It is dead to walks over the record area.
    @inline(__always)
    private func kill(_ slot: Int, _ offset: Int, _ header: RecordHeader) {
        if !isFlushed(offset) {
            state.pointee.counts.entries &-= 1
            state.pointee.counts.bytes &-= SessionRecords.recordBytes(header.length)
        }
        table.remove(slot)
        state.pointee.indexed &-= 1
        var dead = header
        dead.die()
        records.write(dead, at: offset)
        records.wipe(at: offset, length: header.length)
    }

    /// Clears away a few of the oldest dead or expired records: each put leaves fewer than it found.
    @inline(__always)
    private func clear(at time: WallTime) {
        for _ in 0..<Self.cleared where state.pointee.used > 0 {
            let header = records.header(at: state.pointee.tail)
            if !header.isDead, !isFlushed(state.pointee.tail) {
                guard header.isExpired(at: time) else { return }
                state.pointee.counts.expired &+= 1
            }
            reclaim(header)
        }
    }

    /// Drops the oldest records until one of that many bytes fits at the head, and the table has a slot for it.
    ///
    /// - Returns: how many of those were sessions that could still be asked for.
    @inline(__always)
    private func makeRoom(for record: Int, at time: WallTime) -> Int {
        var evicted = 0
        while true {
            let rest = records.byteCount &- state.pointee.head
            let filler = record > rest ? rest : 0
            if state.pointee.used &+ filler &+ record <= records.byteCount, state.pointee.indexed < table.capacity {
                if filler > 0 {
                    records.write(.filler, at: state.pointee.head)
                    advanceHead(by: filler)
                }
                break
            }
            let header = records.header(at: state.pointee.tail)
            if !header.isDead, !isFlushed(state.pointee.tail) {
                if header.isExpired(at: time) {
                    state.pointee.counts.expired &+= 1
                } else {
                    evicted &+= 1
                }
            }
            reclaim(header)
        }
        state.pointee.counts.evicted &+= UInt64(truncatingIfNeeded: evicted)
        return evicted
    }

    /// Gives the oldest record's space back, wiped.
    @inline(__always)
    private func reclaim(_ header: RecordHeader) {
        let offset = state.pointee.tail
        if !header.isDead {
            let tag = hash(records.key(at: offset)).tag
            if let slot = table.find(tag, matches: { $0 == offset }) { kill(slot, offset, header) }
        }
        advanceTail(by: header.isFiller ? records.byteCount &- offset : SessionRecords.recordBytes(header.length))
    }

    @inline(__always)
    private func advanceHead(by count: Int) {
        let head = state.pointee.head &+ count
        state.pointee.head = head == records.byteCount ? 0 : head
        state.pointee.used &+= count
    }

    /// An empty record area begins anew at its start, on pages that are in memory already.
    @inline(__always)
    private func advanceTail(by count: Int) {
        let tail = state.pointee.tail &+ count
        state.pointee.tail = tail == records.byteCount ? 0 : tail
        state.pointee.used &-= count
        state.pointee.flushed = max(0, state.pointee.flushed &- count)
        if state.pointee.used == 0 {
            state.pointee.head = 0
            state.pointee.tail = 0
        }
    }
}

import Glibc
package import RepriseVocabulary

/// The sessions of this process, in a memory budget that is mapped once and never exceeded.
///
/// Sessions lie in shards, by bits of their keys: each is a cyclic area of records with a table that finds them, behind
/// a lock that is held for the copy of one session. Space comes back in the order of arrival: when a shard is full, its
/// oldest sessions give way. All calls are synchronous, from any thread; those that fill a caller's buffer allocate
/// nothing.
///
/// An entry's expiry counts in whole seconds, a fraction dropped. From that second on it is not there, and the call
/// that finds it wipes it; if the clock goes back later, it stays gone. The store overwrites what is taken, removed,
/// replaced, flushed or expired with zeros, and everything when it is freed.
// @unchecked: `memory` and `hash` never change, and what lies in the memory is touched with its shard's lock held.
package final class LocalSessionStore: SessionStore, @unchecked Sendable {

    /// The least budget: one shard, with room for three of the longest sessions.
    package static let leastBudget = 64 << 10
    /// The longest session that is kept. Buffers for ``get(_:at:into:)`` and ``take(_:at:into:)`` are this long.
    package static let longestSession = 16 << 10
    /// What Swift puts on the stack at most.
    private static let shortSession = 1 << 10
    /// How many records a flush wipes before it releases the shard to others.
    private static let sweepStep = 128

    private let memory: StoreMemory
    private let hash = KeyHash()
    private let beforeRelease: (@Sendable (UnsafeRawBufferPointer) -> Void)?

    /// Lays all its memory out at once; pages of it that are never written cost nothing, but for the tables of a store
    /// of hundreds of megabytes.
    ///
    /// - Parameters:
    ///   - budget: bytes, for everything the store ever uses; at least ``leastBudget``.
    ///   - beforeRelease: sees the memory when the store has wiped it and is about to give it back; for tests.
    package init(
        budget: Int, beforeRelease: (@Sendable (UnsafeRawBufferPointer) -> Void)? = nil
    ) throws(StoreMemoryError) {
        precondition(budget >= Self.leastBudget, "a budget of \(budget) bytes, less than \(Self.leastBudget)")
        memory = try StoreMemory(budget: budget)
        self.beforeRelease = beforeRelease
    }

    deinit {
        flush()
        beforeRelease?(memory.bytes)
        memory.unmap()
    }

    /// How many bytes are mapped: the budget, down to a whole page.
    package var mappedBytes: Int { memory.byteCount }

    /// How many parts the store has, each with a lock of its own.
    package var shardCount: Int { memory.shardCount }

    /// How many bytes of records a shard takes: 40 and the DER of each session, rounded up to eight.
    package var recordBytesPerShard: Int { memory.recordBytes }

    /// How many sessions a shard takes, however short they are.
    package var sessionsPerShard: Int { memory.shard(0, hash).table.capacity }

    /// Copies the session under a key to the start of a buffer of ``longestSession`` bytes; it stays in the store.
    ///
    /// - Returns: how many bytes it has; `nil` if it is not there.
    package func get(_ key: SessionKey, at time: WallTime, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        checkRoom(buffer)
        return withFound(key, at: time) { shard, found in
            buffer.copyMemory(from: shard.records.session(at: found.offset, length: found.length))
            return found.length
        }
    }

    /// How many bytes the session under a key has; `nil` if it is not there at that moment. Nothing changes by asking.
    package func length(of key: SessionKey, at time: WallTime) -> Int? {
        withShard(key) { shard, key in
            shard.peek(key).flatMap { $0.header.isExpired(at: time) ? nil : $0.length }
        }
    }

    /// Keeps a session if there is none under the key, nor the rest of a spent one.
    ///
    /// - Returns: whether it is there now.
    func add(_ key: SessionKey, _ session: UnsafeRawBufferPointer, expires: WallTime, at time: WallTime) -> Bool {
        guard fits(session) else { return false }
        return withShard(key) { shard, key in
            guard shard.find(key, at: time) == nil else { return false }
            return shard.put(key, session, expires: expires, at: time).isKept
        }
    }

    /// Puts a session in another's stead, if that is still there as it was.
    func replace(
        _ key: SessionKey, _ old: UnsafeRawBufferPointer, by session: UnsafeRawBufferPointer, expires: WallTime,
        at time: WallTime
    ) {
        guard fits(session) else { return }
        withShard(key) { shard, key in
            guard let found = shard.find(key, at: time), found.length == old.count,
                shard.records.session(at: found.offset, length: found.length).elementsEqual(old)
            else { return }
            _ = shard.put(key, session, expires: expires, at: time)
        }
    }

    private func fits(_ session: UnsafeRawBufferPointer) -> Bool {
        session.count <= Self.longestSession && SessionRecords.recordBytes(session.count) <= memory.recordBytes
    }

    /// Lends a copy of the session under a key, wiped when `body` is done; nothing happens if it is not there.
    ///
    /// The first caller to ask for an expired session gets a last copy, to say why it does not resume, and the session
    /// is gone. A session without certificates is copied to the stack.
    package func look(
        _ key: SessionKey, at time: WallTime, _ body: (_ session: UnsafeRawBufferPointer, _ isPast: Bool) -> Void
    ) {
        withUnsafeTemporaryAllocation(byteCount: Self.shortSession, alignment: 8) { stack in
            var isPast = false
            let copy: UnsafeMutableRawBufferPointer? = withShard(key) { shard, key in
                guard let found = shard.peek(key) else { return nil }
                let isShort = found.length <= Self.shortSession
                let copy = isShort ? stack : .allocate(byteCount: found.length, alignment: 8)
                copy.copyMemory(from: shard.records.session(at: found.offset, length: found.length))
                isPast = found.header.isExpired(at: time)
                if isPast { shard.expire(found) }
                return UnsafeMutableRawBufferPointer(rebasing: copy[..<found.length])
            }
            guard let copy else { return }
            body(UnsafeRawBufferPointer(copy), isPast)
            copy.wipe()
            if copy.count > Self.shortSession { copy.deallocate() }
        }
    }

    /// As ``get(_:at:into:)``, and removes the session: of several callers at once only one gets it.
    package func take(_ key: SessionKey, at time: WallTime, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        checkRoom(buffer)
        return withFound(key, at: time) { shard, found in
            buffer.copyMemory(from: shard.records.session(at: found.offset, length: found.length))
            shard.discard(found)
            return found.length
        }
    }

    /// Keeps a session until its expiry, or until its space is needed; one under the same key is replaced.
    @discardableResult
    package func put(
        _ key: SessionKey, _ session: UnsafeRawBufferPointer, expires: WallTime, at time: WallTime
    ) -> PutOutcome {
        let fits = fits(session)
        return withShard(key) { shard, key in
            if fits { return shard.put(key, session, expires: expires, at: time) }
            shard.state.pointee.counts.refused &+= 1
            return PutOutcome(.refused)
        }
    }

    /// Forgets a session; one that is not there is no error.
    package func remove(_ key: SessionKey) {
        withShard(key) { shard, key in shard.remove(key) }
    }

    /// Forgets every session that was put before the call, all of a shard at once, and returns when they are wiped.
    ///
    /// The wiping goes round the shards in small steps, so that no other caller waits for it; with ten million sessions
    /// it takes a second or two of the caller's time.
    package func flush() {
        for number in 0..<memory.shardCount { memory.shard(number, hash).withLock { $0.flush() } }
        var isMore = true
        while isMore {
            isMore = false
            for number in 0..<memory.shardCount {
                if memory.shard(number, hash).withLock({ $0.sweep(Self.sweepStep) }) { isMore = true }
                // Yields the processor now: losing it with the lock held would keep others waiting.
                sched_yield()
            }
        }
    }

    /// What the store holds, and what happened to the rest.
    package var counts: StoreCounts {
        var sum = StoreCounts()
        for number in 0..<memory.shardCount { sum.add(memory.shard(number, hash).withLock { $0.state.pointee.counts }) }
        return sum
    }

    /// Shows all of the store's memory as it is, for tests that look for what should have been wiped.
    ///
    /// No other thread may use the store meanwhile.
    package func withMemory<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(memory.bytes)
    }

    /// Works on the session under a key, with its shard locked.
    @inline(__always)
    func withFound<Result>(
        _ key: SessionKey, at time: WallTime, _ body: (SessionShard, SessionShard.Found) -> Result
    ) -> Result? {
        withShard(key) { shard, key in
            guard let found = shard.find(key, at: time) else { return nil }
            return body(shard, found)
        }
    }

    @inline(__always)
    private func withShard<Result>(_ key: SessionKey, _ body: (SessionShard, HashedKey) -> Result) -> Result {
        let hashed = hash(key)
        return memory.shard(hashed.shard(of: memory.shardCount), hash).withLock { body($0, hashed) }
    }

    private func checkRoom(_ buffer: UnsafeMutableRawBufferPointer) {
        precondition(
            buffer.count >= Self.longestSession, "a buffer of \(buffer.count) bytes, less than \(Self.longestSession)")
    }
}

/// The result of putting a session into a store, for it and for those that were there.
package struct PutOutcome: Sendable, Equatable {
    /// What happened to the session.
    package enum Fate: Sendable, Equatable {
        /// It is kept, under a key that named none.
        case stored
        /// It is kept, instead of the one that was there.
        case replaced
        /// It was past its expiry already: there is no session under the key now.
        case expired
        /// It is too long: an earlier session under the key stays.
        case refused
    }

    /// What happened to the session.
    package let fate: Fate
    /// How many others gave way to it before they expired.
    package let evicted: Int

    package init(_ fate: Fate, evicted: Int = 0) {
        self.fate = fate
        self.evicted = evicted
    }

    /// Whether the session is in the store now.
    package var isKept: Bool { fate == .stored || fate == .replaced }
}

/// What a store holds, and what happened to what it held.
package struct StoreCounts: Sendable, Equatable {
    /// Sessions that are there; for a while this includes expired ones that no caller has asked for since.
    package var entries = 0
    /// How much of the memory for records these take: 40 bytes and the DER, rounded up to eight.
    package var bytes = 0
    /// Sessions that gave way to newer ones before they expired.
    package var evicted: UInt64 = 0
    /// Sessions that were found past their expiry, and wiped.
    package var expired: UInt64 = 0
    /// Sessions that were too long to be kept.
    package var refused: UInt64 = 0

    package init() {}

    /// Adds what another part of the store counted.
    mutating func add(_ other: StoreCounts) {
        entries &+= other.entries
        bytes &+= other.bytes
        evicted &+= other.evicted
        expired &+= other.expired
        refused &+= other.refused
    }
}

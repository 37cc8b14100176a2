import RepriseResumption
import RepriseVocabulary

/// What a store of one shard promises, written down plainly: a list in the order of arrival, and a dictionary.
struct StoreModel {
    private struct Record {
        var key: Int?
        var session: [UInt8]
        var expires: Int64
        var bytes: Int
    }

    private let ringBytes: Int
    private let most: Int
    /// Records by the order of their arrival, the dead ones among them until they are the oldest.
    private var records: [Int: Record] = [:]
    private var first = 0
    private var next = 0
    private var orders: [Int: Int] = [:]
    private var head = 0
    private(set) var used = 0
    private(set) var counts = StoreCounts()

    init(_ store: LocalSessionStore) {
        ringBytes = store.recordBytesPerShard
        most = store.sessionsPerShard
    }

    var keys: [Int] { Array(orders.keys) }

    mutating func get(_ key: Int, at time: Int64) -> [UInt8]? {
        guard let order = orders[key], let record = records[order] else { return nil }
        if record.expires > time { return record.session }
        forget(order)
        counts.expired += 1
        return nil
    }

    mutating func take(_ key: Int, at time: Int64) -> [UInt8]? {
        let session = get(key, at: time)
        remove(key)
        return session
    }

    mutating func remove(_ key: Int) {
        if let order = orders[key] { forget(order) }
    }

    mutating func flush() {
        (records, orders, first, next, head, used) = ([:], [:], 0, 0, 0, 0)
        (counts.entries, counts.bytes) = (0, 0)
    }

    mutating func put(_ key: Int, _ session: [UInt8], expires: Int64, at time: Int64) -> PutOutcome {
        let bytes = (40 + session.count + 7) / 8 * 8
        if session.count > LocalSessionStore.longestSession {
            counts.refused += 1
            return PutOutcome(.refused)
        }
        let isReplaced = get(key, at: time) != nil
        remove(key)
        if expires <= time { return PutOutcome(.expired) }
        for _ in 0..<2 where first < next {
            guard let oldest = records[first], oldest.key == nil || oldest.expires <= time else { break }
            dropOldest(at: time)
        }
        var evicted = 0
        while true {
            let filler = head + bytes > ringBytes ? ringBytes - head : 0
            if used + filler + bytes <= ringBytes, orders.count < most {
                if filler > 0 { append(Record(key: nil, session: [], expires: 0, bytes: filler)) }
                break
            }
            evicted += dropOldest(at: time)
        }
        counts.evicted += UInt64(evicted)
        orders[key] = next
        append(Record(key: key, session: session, expires: expires, bytes: bytes))
        counts.entries += 1
        counts.bytes += bytes
        return PutOutcome(isReplaced ? .replaced : .stored, evicted: evicted)
    }

    private mutating func append(_ record: Record) {
        records[next] = record
        next += 1
        used += record.bytes
        head = (head + record.bytes) % ringBytes
    }

    private mutating func forget(_ order: Int) {
        guard let record = records[order], let key = record.key else { return }
        orders[key] = nil
        records[order]?.key = nil
        counts.entries -= 1
        counts.bytes -= record.bytes
    }

    /// Returns: how many live sessions that cost.
    @discardableResult
    private mutating func dropOldest(at time: Int64) -> Int {
        guard let record = records[first] else { return 0 }
        let isLive = record.key != nil && record.expires > time
        if record.key != nil, !isLive { counts.expired += 1 }
        forget(first)
        records[first] = nil
        first += 1
        used -= record.bytes
        if used == 0 { head = 0 }
        return isLive ? 1 : 0
    }
}

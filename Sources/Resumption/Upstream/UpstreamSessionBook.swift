internal import RepriseVocabulary

/// Which sessions there are under which key, the newest first. Pure; time and bytes are others'.
struct UpstreamSessionBook: Sendable {
    /// What is known of one session without its bytes.
    struct Entry: Sendable, Hashable {
        let number: UInt64
        let expires: WallTime
        let began: WallTime
        let limit: WallTime
        let certificate: UInt64
        /// Whether it may be offered once only.
        let isSingleUse: Bool
    }

    private struct Place {
        var entry: Entry
        /// The next older one under the same key; -1 for none.
        var older: Int32
    }

    /// The newest of each key.
    private var newest: [UpstreamSessionKey: Int32] = [:]
    private var places: [Place] = []
    private var vacant: [Int32] = []
    private var lastNumber: UInt64 = 0
    private let capacity: Int

    /// - Parameter capacity: more entries than that are never needed.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// The memory that it takes.
    var byteCount: Int {
        // A dictionary is three quarters full at most.
        places.capacity * MemoryLayout<Place>.stride + vacant.capacity * MemoryLayout<Int32>.stride
            + newest.capacity * 4 / 3 * (MemoryLayout<UpstreamSessionKey>.stride + MemoryLayout<Int32>.stride)
    }

    var count: Int { places.count - vacant.count }
    /// Whether some must go before another comes.
    var isFull: Bool { count >= capacity }

    /// A number that no other session has.
    mutating func number() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    func newest(under key: UpstreamSessionKey) -> Entry? { newest[key].map { places[Int($0)].entry } }

    /// All of them, with their keys.
    var all: [(key: UpstreamSessionKey, entry: Entry)] {
        newest.flatMap { key, first in entries(from: first).map { (key, $0) } }
    }

    private func entries(from first: Int32) -> [Entry] {
        var (found, at): ([Entry], Int32) = ([], first)
        while at >= 0 {
            found.append(places[Int(at)].entry)
            at = places[Int(at)].older
        }
        return found
    }

    /// Adds one as the newest.
    ///
    /// - Returns: the numbers of those that made room.
    mutating func add(_ entry: Entry, under key: UpstreamSessionKey, keep: Int) -> [UInt64] {
        // None is lost by that: the store has long made room of some that stand here.
        guard !isFull else { return [entry.number] }
        let place = Place(entry: entry, older: newest[key] ?? -1)
        if let index = vacant.popLast() {
            places[Int(index)] = place
            newest[key] = index
        } else {
            places.append(place)
            newest[key] = Int32(places.count - 1)
        }
        var kept = 0
        return remove(under: key) { _ in
            kept += 1
            return kept > keep
        }
    }

    /// - Returns: whether it was there.
    mutating func remove(_ number: UInt64, under key: UpstreamSessionKey) -> Bool {
        !remove(under: key) { $0.number == number }.isEmpty
    }

    /// Removes some, looking at the newest first.
    ///
    /// - Returns: their numbers.
    mutating func remove(under key: UpstreamSessionKey, _ goes: (Entry) -> Bool) -> [UInt64] {
        guard var at = newest[key] else { return [] }
        var (removed, before): ([UInt64], Int32) = ([], -1)
        while at >= 0 {
            let place = places[Int(at)]
            if goes(place.entry) {
                removed.append(place.entry.number)
                vacant.append(at)
                if before >= 0 {
                    places[Int(before)].older = place.older
                } else {
                    newest[key] = place.older >= 0 ? place.older : nil
                }
            } else {
                before = at
            }
            at = place.older
        }
        return removed
    }
}

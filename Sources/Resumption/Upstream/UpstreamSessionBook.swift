internal import RepriseVocabulary

/// Which sessions there are under which key, the newest first, within a budget: when it is full, the oldest of all make room.
///
/// What is taken gives its room back at once, so that a busy server crowds nobody out with sessions that are gone. Time is a
/// parameter.
struct UpstreamSessionBook: Sendable {
    /// What is known of one session.
    struct Entry: Sendable {
        let number: UInt64
        let expires: WallTime
        let began: WallTime
        let limit: WallTime
        let certificate: UInt64
        /// Whether it may be offered once only.
        let isSingleUse: Bool
        let der: Secret

        /// What it takes of the budget.
        fileprivate var cost: Int { der.count + UpstreamSessionBook.entryBytes }
    }

    /// What stands beside a session's DER: its place here, its object and its share of the tables, as resident memory grows by
    /// with 4,000 sessions under as many keys.
    static let entryBytes = 432

    private struct Place {
        /// `nil` for one that is vacant.
        var entry: Entry?
        var key: UpstreamSessionKey
        /// The next older one under the same key, and its neighbours in age; -1 for none.
        var older: Int32
        var before: Int32
        var after: Int32
    }

    /// What there is under one key.
    private struct Chain {
        var newest: Int32
        /// What the server has shown last, and when.
        var shown: (certificate: UInt64, at: WallTime)?
    }

    private var chains: [UpstreamSessionKey: Chain] = [:]
    /// How many keys there are of each server.
    private var names: [UInt64: Int] = [:]
    private var places: [Place] = []
    private var vacant: [Int32] = []
    private var eldest: Int32 = -1
    private var youngest: Int32 = -1
    private var lastNumber: UInt64 = 0
    private let budget: Int
    private(set) var counts = StoreCounts()

    /// - Parameter budget: bytes for all of it.
    init(budget: Int) {
        self.budget = budget
    }

    /// A number that no other session has.
    mutating func number() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    /// How many names a server has sessions under.
    func names(of server: UInt64) -> Int { names[server] ?? 0 }

    func has(_ key: UpstreamSessionKey) -> Bool { chains[key] != nil }

    // MARK: Taking

    /// The newest under a key; one that may be offered once is nobody else's from now on.
    mutating func next(_ key: UpstreamSessionKey) -> Entry? {
        guard let chain = chains[key], let entry = places[Int(chain.newest)].entry else { return nil }
        if entry.isSingleUse { remove(under: key) { $0.number == entry.number } }
        return entry
    }

    // MARK: Keeping

    /// Adds one as the newest; too many under its key, and too many in all, make room.
    ///
    /// - Returns: whether it is there: not when the server has shown another certificate since.
    mutating func add(_ entry: Entry, under key: UpstreamSessionKey, keep: Int) -> Bool {
        guard entry.cost <= budget else { return false }
        if let shown = chains[key]?.shown, shown.certificate != entry.certificate, entry.began < shown.at {
            return false
        }
        let older = chains[key]?.newest ?? -1
        let place = Place(entry: entry, key: key, older: older, before: youngest, after: -1)
        let index: Int32
        if let free = vacant.popLast() {
            index = free
            places[Int(free)] = place
        } else {
            index = Int32(places.count)
            places.append(place)
        }
        if youngest >= 0 { places[Int(youngest)].after = index } else { eldest = index }
        youngest = index
        if chains[key] == nil { names[key.server, default: 0] += 1 }
        chains[key, default: Chain(newest: index)].newest = index
        counts.entries += 1
        counts.bytes += entry.cost
        var kept = 0
        remove(under: key) { _ in
            kept += 1
            return kept > keep
        }
        while counts.bytes > budget, eldest >= 0, let old = places[Int(eldest)].entry {
            counts.evicted += 1
            remove(under: places[Int(eldest)].key) { $0.number == old.number }
        }
        return true
    }

    /// The server has shown that certificate: what was agreed on under another one goes.
    ///
    /// - Returns: whether there was some.
    mutating func shown(_ certificate: UInt64, under key: UpstreamSessionKey, at now: WallTime) -> Bool {
        chains[key]?.shown = (certificate, now)
        return remove(under: key) { $0.certificate != certificate } > 0
    }

    /// Removes some, looking at the newest first.
    ///
    /// - Returns: how many.
    @discardableResult
    mutating func remove(under key: UpstreamSessionKey, _ goes: (Entry) -> Bool) -> Int {
        guard var at = chains[key]?.newest else { return 0 }
        var (count, newer): (Int, Int32) = (0, -1)
        while at >= 0 {
            let place = places[Int(at)]
            if let entry = place.entry, goes(entry) {
                count += 1
                if newer >= 0 { places[Int(newer)].older = place.older } else { setNewest(place.older, of: key) }
                release(at, place, entry)
            } else {
                newer = at
            }
            at = place.older
        }
        return count
    }

    private mutating func setNewest(_ index: Int32, of key: UpstreamSessionKey) {
        guard index < 0 else {
            chains[key]?.newest = index
            return
        }
        chains[key] = nil
        let left = (names[key.server] ?? 1) - 1
        names[key.server] = left > 0 ? left : nil
    }

    private mutating func release(_ index: Int32, _ place: Place, _ entry: Entry) {
        if place.before >= 0 { places[Int(place.before)].after = place.after } else { eldest = place.after }
        if place.after >= 0 { places[Int(place.after)].before = place.before } else { youngest = place.before }
        places[Int(index)].entry = nil
        vacant.append(index)
        counts.entries -= 1
        counts.bytes -= entry.cost
    }

    /// Removes those whose time is over.
    mutating func sweep(at now: WallTime) {
        for place in places {
            if let entry = place.entry, entry.expires <= now { remove(under: place.key) { $0.number == entry.number } }
        }
    }
}

internal import RepriseVocabulary

/// The connections of a group's servers, in slots that generations of the configuration share by the servers' ids; and a
/// heap of the newest generation's, the least loaded first.
struct LoadTable: Sendable {
    /// What is known of one server.
    private struct Slot {
        /// Connections that are open or being made.
        var load: Int32 = 0
        /// Groups of all generations that have the server.
        var users: Int32 = 0
        /// In the heap; -1 outside.
        var position: Int32 = -1
        /// The server's index in the generation in force.
        var index: Int32 = -1
        /// Among equals, the lowest is next: it grows with each choice, by less where the weight is more.
        var pass: UInt64 = 0
    }

    /// A server in the heap, with all that it is compared by: what follows one another is then in one place.
    private struct Entry {
        var load: Int32
        let weight: Int32
        var pass: UInt64
        let slot: Int32
        let index: Int32
    }

    /// What a choice adds to the pass of a server of weight 1.
    private static let stride: UInt64 = 1 << 20

    private var slots: [Slot] = []
    /// By slot.
    private var conditions: [ServerCondition] = []
    /// The servers of the generation in force, by their index.
    private(set) var members = Members()
    /// Which of them get no connections, or fewer.
    private(set) var exclusions = Exclusions()
    /// Those that have as many connections as they may.
    private(set) var full = ServerSet()
    /// Whether each of them gets its connections.
    var takesAll: Bool { full.isEmpty && exclusions.isEmpty }
    private var ids: [String: Int] = [:]
    private var vacant: [Int] = []
    private var heap: [Entry] = []
    /// The pass of the last choice: who comes back has saved up no more turns than one.
    private var pass: UInt64 = 0
    private var generations = 0
    /// The generation in force; 0 before the first.
    private(set) var generation = 0
    /// The connections of the servers in force.
    private(set) var memberLoad = 0

    /// The servers' connections, those of servers that have gone too.
    var load: Int { slots.reduce(0) { $0 + Int($1.load) } }
    /// Whether no generation has a server here.
    var isUnused: Bool { ids.isEmpty }

    // MARK: Generations

    /// Gives each server its slot, and the generation its number.
    mutating func join(_ servers: [String]) -> (slots: [Int], generation: Int) {
        generations += 1
        let taken = servers.map { id in
            let slot = ids[id] ?? vacant.popLast() ?? slots.count
            if slot == slots.count {
                slots.append(Slot())
                conditions.append(ServerCondition())
            }
            if slots[slot].users == 0 { slots[slot].pass = pass }
            slots[slot].users += 1
            ids[id] = slot
            return slot
        }
        return (taken, generations)
    }

    /// Forgets the servers that no other generation has.
    mutating func leave(_ servers: [String], _ generation: Int) {
        if generation == self.generation { clear() }
        for id in servers {
            guard let slot = ids[id] else { continue }
            slots[slot].users -= 1
            guard slots[slot].users == 0 else { continue }
            slots[slot] = Slot()
            conditions[slot] = ServerCondition()
            vacant.append(slot)
            ids[id] = nil
        }
    }

    private mutating func clear() {
        for slot in slots.indices { (slots[slot].position, slots[slot].index) = (-1, -1) }
        heap.removeAll(keepingCapacity: true)
        memberLoad = 0
        (members, exclusions, full) = (Members(), Exclusions(), ServerSet())
    }

    /// Puts a generation into force.
    mutating func takeOver(_ generation: Int, _ members: Members) {
        // An older one that comes late changes nothing.
        guard generation > self.generation else { return }
        clear()
        self.generation = generation
        self.members = members
        for (index, slot) in members.slots.enumerated() {
            slots[slot].index = Int32(index)
            memberLoad += Int(slots[slot].load)
            if members.isFull(index, load: Int(slots[slot].load)) { full.insert(index, of: members.slots.count) }
            if members.ejection == .never { conditions[slot].pardon() }
            if members.check == nil { conditions[slot].leaveUnchecked() }
            conditions[slot].setResolved(!members.unresolved.contains(index))
        }
        refresh()
    }

    /// What is known of the health of the server in a slot.
    func condition(of slot: Int) -> ServerCondition { conditions[slot] }

    /// Tells a server's condition of an event, and follows what changes.
    ///
    /// - Returns: its state before and now.
    @discardableResult
    mutating func change(
        _ slot: Int, _ event: (inout ServerCondition) -> Void
    ) -> (before: ServerState, now: ServerState) {
        let before = conditions[slot]
        event(&conditions[slot])
        let now = conditions[slot]
        if before.state != now.state || before.upSince != now.upSince || before.percent != now.percent { refresh() }
        return (before.state, now.state)
    }

    /// Works out who gets connections, from the conditions of the generation in force.
    private mutating func refresh() {
        exclusions = Exclusions(members) { conditions[$0] }
        for position in heap.indices { slots[Int(heap[position].slot)].position = -1 }
        heap.removeAll(keepingCapacity: true)
        guard members.inOrder else { return }
        // Whoever gets none is not in the way of those who do.
        for (index, slot) in members.slots.enumerated() where !exclusions.usual.contains(index) {
            let entry = Entry(
                load: slots[slot].load, weight: Int32(members.weights[index]), pass: slots[slot].pass,
                slot: Int32(slot), index: Int32(index))
            heap.append(entry)
            siftUp(entry, from: heap.count - 1)
        }
    }

    // MARK: Connections

    /// Counts a connection to a server.
    mutating func take(_ slot: Int) {
        slots[slot].load += 1
        guard slots[slot].index >= 0 else { return }
        memberLoad += 1
        let index = Int(slots[slot].index)
        if members.isFull(index, load: Int(slots[slot].load)) { full.insert(index, of: members.slots.count) }
        let position = Int(slots[slot].position)
        guard position >= 0 else { return }
        var entry = heap[position]
        if Self.before(pass, entry.pass) { pass = entry.pass }
        entry.pass = pass &+ Self.stride / UInt64(entry.weight)
        entry.load += 1
        slots[slot].pass = entry.pass
        siftDown(entry, from: position)
    }

    /// A connection is over, or was never made.
    ///
    /// - Returns: whether a server that was full has room now.
    mutating func giveBack(_ slot: Int) -> Bool {
        precondition(slots[slot].load > 0, "a connection is given back twice")
        slots[slot].load -= 1
        let index = Int(slots[slot].index)
        guard index >= 0 else { return false }
        memberLoad -= 1
        let hasRoom = full.contains(index) && !members.isFull(index, load: Int(slots[slot].load))
        if hasRoom { full.remove(index) }
        let position = Int(slots[slot].position)
        guard position >= 0 else { return hasRoom }
        var entry = heap[position]
        entry.load -= 1
        siftUp(entry, from: position)
        return hasRoom
    }

    /// Whether the server in a slot has as many connections as it may.
    func isFull(_ slot: Int) -> Bool { slots[slot].index >= 0 && full.contains(Int(slots[slot].index)) }

    /// A server's connections.
    func load(of slot: Int) -> Int { Int(slots[slot].load) }

    /// The index of the least loaded server of the generation in force that was not tried; `nil` when all were.
    func least(but tried: ServerSet) -> Int? {
        least(below: 0, tried).map { Int($0.index) }
    }

    /// Below one that was not tried nobody is less loaded, so this looks at those that were, and at their two successors.
    private func least(below position: Int, _ tried: ServerSet) -> Entry? {
        guard position < heap.count else { return nil }
        let entry = heap[position]
        guard tried.contains(Int(entry.index)) else { return entry }
        guard let left = least(below: 2 * position + 1, tried) else { return least(below: 2 * position + 2, tried) }
        guard let right = least(below: 2 * position + 2, tried) else { return left }
        return Self.comes(right, before: left) ? right : left
    }

    // MARK: The heap

    /// Whether a number comes before another that may have run over.
    private static func before(_ one: UInt64, _ other: UInt64) -> Bool { Int64(bitPattern: one &- other) < 0 }

    private static func comes(_ one: Entry, before other: Entry) -> Bool {
        let (mine, others) = (Int(one.load) &* Int(other.weight), Int(other.load) &* Int(one.weight))
        if mine != others { return mine < others }
        return one.pass == other.pass ? one.index < other.index : before(one.pass, other.pass)
    }

    private mutating func put(_ entry: Entry, at position: Int) {
        heap[position] = entry
        slots[Int(entry.slot)].position = Int32(position)
    }

    private mutating func siftUp(_ entry: Entry, from position: Int) {
        var position = position
        while position > 0 {
            let above = heap[(position - 1) / 2]
            guard Self.comes(entry, before: above) else { break }
            put(above, at: position)
            position = (position - 1) / 2
        }
        put(entry, at: position)
    }

    private mutating func siftDown(_ entry: Entry, from position: Int) {
        var position = position
        let count = heap.count
        while 2 * position + 1 < count {
            var child = 2 * position + 1
            var least = heap[child]
            if child + 1 < count, Self.comes(heap[child + 1], before: least) {
                child += 1
                least = heap[child]
            }
            guard Self.comes(least, before: entry) else { break }
            put(least, at: position)
            position = child
        }
        put(entry, at: position)
    }
}

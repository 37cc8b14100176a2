/// The connections of a group's servers, in slots that generations of the configuration share by the servers' ids; and a
/// heap of the newest generation's, the least loaded first.
struct LoadTable: Sendable {
    /// What is known of one server.
    private struct Slot {
        /// Connections that are open or being made.
        var load: Int32 = 0
        /// In the generation in force; 0 where that does not have the server.
        var weight: Int32 = 0
        /// Groups of all generations that have the server.
        var users: Int32 = 0
        /// In the heap; -1 outside.
        var position: Int32 = -1
        /// The server's index in the generation in force.
        var index: Int32 = -1
        /// Among equals, the lowest is next: it grows with each choice, by less where the weight is more.
        var pass: UInt64 = 0
    }

    /// What a choice adds to the pass of a server of weight 1.
    private static let stride: UInt64 = 1 << 20

    private var slots: [Slot] = []
    private var ids: [String: Int] = [:]
    private var vacant: [Int] = []
    private var heap: [Int32] = []
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
            if slot == slots.count { slots.append(Slot()) }
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
            vacant.append(slot)
            ids[id] = nil
        }
    }

    private mutating func clear() {
        for slot in slots.indices { (slots[slot].weight, slots[slot].position, slots[slot].index) = (0, -1, -1) }
        heap.removeAll(keepingCapacity: true)
        memberLoad = 0
    }

    /// Puts a generation into force.
    ///
    /// - Parameter inOrder: whether the least loaded will be asked for.
    mutating func takeOver(_ generation: Int, _ members: [Int], weights: [Int], inOrder: Bool) {
        // An older one that comes late changes nothing.
        guard generation > self.generation else { return }
        clear()
        self.generation = generation
        for (index, slot) in members.enumerated() {
            slots[slot].weight = Int32(weights[index])
            slots[slot].index = Int32(index)
            memberLoad += Int(slots[slot].load)
            guard inOrder else { continue }
            slots[slot].position = Int32(heap.count)
            heap.append(Int32(slot))
            siftUp(slot)
        }
    }

    // MARK: Connections

    /// Counts a connection to a server.
    mutating func take(_ slot: Int) {
        slots[slot].load += 1
        guard slots[slot].index >= 0 else { return }
        memberLoad += 1
        guard slots[slot].position >= 0 else { return }
        if before(pass, slots[slot].pass) { pass = slots[slot].pass }
        slots[slot].pass = pass &+ Self.stride / UInt64(slots[slot].weight)
        siftDown(slot)
    }

    /// A connection is over, or was never made.
    mutating func giveBack(_ slot: Int) {
        precondition(slots[slot].load > 0, "a connection is given back twice")
        slots[slot].load -= 1
        guard slots[slot].index >= 0 else { return }
        memberLoad -= 1
        if slots[slot].position >= 0 { siftUp(slot) }
    }

    /// A server's connections.
    func load(of slot: Int) -> Int { Int(slots[slot].load) }

    /// The index of the least loaded server of the generation in force that was not tried; `nil` when all were.
    func least(but tried: TriedServers) -> Int? {
        guard let slot = least(below: 0, tried) else { return nil }
        return Int(slots[slot].index)
    }

    /// Below one that was not tried nobody is less loaded, so this looks at those that were, and at their two successors.
    private func least(below position: Int, _ tried: TriedServers) -> Int? {
        guard position < heap.count else { return nil }
        let slot = Int(heap[position])
        guard tried.contains(Int(slots[slot].index)) else { return slot }
        guard let left = least(below: 2 * position + 1, tried) else { return least(below: 2 * position + 2, tried) }
        guard let right = least(below: 2 * position + 2, tried) else { return left }
        return comes(right, before: left) ? right : left
    }

    // MARK: The heap

    /// Whether a number comes before another that may have run over.
    private func before(_ one: UInt64, _ other: UInt64) -> Bool { Int64(bitPattern: one &- other) < 0 }

    private func comes(_ one: Int, before other: Int) -> Bool {
        let (left, right) = (slots[one], slots[other])
        let (mine, others) = (Int(left.load) * Int(right.weight), Int(right.load) * Int(left.weight))
        if mine != others { return mine < others }
        return left.pass == right.pass ? left.index < right.index : before(left.pass, right.pass)
    }

    private mutating func put(_ slot: Int, at position: Int) {
        heap[position] = Int32(slot)
        slots[slot].position = Int32(position)
    }

    private mutating func siftUp(_ slot: Int) {
        var position = Int(slots[slot].position)
        while position > 0 {
            let above = Int(heap[(position - 1) / 2])
            guard comes(slot, before: above) else { break }
            put(above, at: position)
            position = (position - 1) / 2
        }
        put(slot, at: position)
    }

    private mutating func siftDown(_ slot: Int) {
        var position = Int(slots[slot].position)
        while 2 * position + 1 < heap.count {
            var child = 2 * position + 1
            if child + 1 < heap.count, comes(Int(heap[child + 1]), before: Int(heap[child])) { child += 1 }
            guard comes(Int(heap[child]), before: slot) else { break }
            put(Int(heap[child]), at: position)
            position = child
        }
        put(slot, at: position)
    }
}

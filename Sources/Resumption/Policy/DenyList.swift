internal import Synchronization
package import Vocabulary

/// Lineages that must not resume any more, each until the age of its chain would forbid it anyway.
///
/// It fails closed: when it is full, the lineage that was authenticated longest ago makes room, and from then on
/// every lineage authenticated no later than that one is refused too.
package final class DenyList: Sendable {
    /// What an addition did.
    package enum Addition: Sendable, Hashable {
        case added
        case alreadyThere
        /// The list was full: all lineages authenticated up to that moment are refused now, for the first time or again.
        case overflowed(upTo: WallTime, isFirst: Bool)
    }

    private struct State {
        var members: Set<LineageID> = []
        /// A binary heap, the longest-ago first.
        var heap: [Entry] = []
        var floor: WallTime?
    }

    private struct Entry {
        let lineage: LineageID
        let authenticatedAt: WallTime
    }

    private let state = Locked(State())
    /// Whether anything was ever denied: mostly nothing was, and each resumption asks three times.
    private let hasDenied = Atomic(false)
    /// How many lineages it may hold.
    package let capacity: Int

    /// - Precondition: a capacity from 1 to ``ResumptionLimits/denyListEntries``.
    package init(capacity: Int) {
        precondition((1...ResumptionLimits.denyListEntries).contains(capacity), "a deny list of \(capacity)")
        self.capacity = capacity
    }

    /// How many lineages it holds.
    package var count: Int { state.withLock { $0.heap.count } }

    /// Whether a lineage is refused.
    package func denies(_ lineage: Lineage) -> Bool {
        guard hasDenied.load(ordering: .acquiring) else { return false }
        return state.withLock { state in
            if let floor = state.floor, lineage.authenticatedAt <= floor { return true }
            return !state.members.isEmpty && state.members.contains(lineage.id)
        }
    }

    /// Refuses a lineage from now on.
    ///
    /// Nothing is forgotten while there is room: a clock that is wrong for a while costs no entry.
    /// - Parameter oldest: when room is needed, lineages authenticated at or before this moment are forgotten first: they
    ///   are too old to resume.
    package func deny(_ lineage: Lineage, oldest: WallTime) -> Addition {
        hasDenied.store(true, ordering: .releasing)
        return state.withLock { state in
            guard state.members.insert(lineage.id).inserted else { return .alreadyThere }
            Self.insert(Entry(lineage: lineage.id, authenticatedAt: lineage.authenticatedAt), &state.heap)
            guard state.heap.count > capacity else { return .added }
            let before = state.heap.count
            while let first = state.heap.first, first.authenticatedAt <= oldest { Self.removeFirst(&state) }
            if let floor = state.floor, floor <= oldest { state.floor = nil }
            guard state.heap.count == before else { return .added }
            let isFirst = state.floor == nil
            let floor = max(state.heap[0].authenticatedAt, state.floor ?? state.heap[0].authenticatedAt)
            Self.removeFirst(&state)
            state.floor = floor
            return .overflowed(upTo: floor, isFirst: isFirst)
        }
    }

    private static func insert(_ entry: Entry, _ heap: inout [Entry]) {
        heap.append(entry)
        var place = heap.count - 1
        while place > 0, heap[place].authenticatedAt < heap[(place - 1) / 2].authenticatedAt {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private static func removeFirst(_ state: inout State) {
        state.members.remove(state.heap[0].lineage)
        state.heap.swapAt(0, state.heap.count - 1)
        state.heap.removeLast()
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < state.heap.count {
                if state.heap[child].authenticatedAt < state.heap[least].authenticatedAt { least = child }
            }
            guard least != place else { return }
            state.heap.swapAt(place, least)
            place = least
        }
    }
}

internal import RepriseVocabulary
internal import Synchronization

/// What was set after the ticket was sent: a client that comes back with the old ticket finds it here, and the lineage's
/// next ticket carries it.
///
/// It holds a limited number of lineages; the one that was set longest ago makes room.
package final class PendingData<Part: Sendable & Hashable>: Sendable {
    private struct State {
        var values: [LineageID: (number: UInt64, value: Stamped<Part>)] = [:]
        /// In order of arrival; it skips those whose number is no longer that of their value.
        var queue: [(number: UInt64, lineage: LineageID)] = []
        var first = 0
        var number: UInt64 = 0
    }

    private let state = Locked(State())
    private let capacity: Int
    /// How many values there are; most handshakes find none and take no lock.
    private let size = Atomic(0)
    private let gone = Atomic(0)

    init(capacity: Int = ResumptionLimits.pendingLineages) {
        self.capacity = capacity
    }

    /// What the lineage's next session must remember, if it was set later than what this one remembers.
    subscript(lineage: LineageID) -> Stamped<Part>? {
        count == 0 ? nil : state.withLock { $0.values[lineage]?.value }
    }

    /// How many lineages wait.
    package var count: Int { size.load(ordering: .relaxed) }

    /// How long the queue is.
    var queued: Int { state.withLock { $0.queue.count } }

    /// How many have made room for others.
    package var forgotten: Int { gone.load(ordering: .relaxed) }

    func set(_ value: Stamped<Part>, for lineage: LineageID) {
        state.withLock { state in
            if let old = state.values[lineage]?.value, old.set > value.set { return }
            state.number += 1
            state.values[lineage] = (state.number, value)
            state.queue.append((state.number, lineage))
            while state.values.count > capacity {
                let oldest = state.queue[state.first]
                state.first += 1
                guard state.values[oldest.lineage]?.number == oldest.number else { continue }
                state.values[oldest.lineage] = nil
                gone.wrappingAdd(1, ordering: .relaxed)
            }
            if state.queue.count > 2 * capacity {
                state.queue = state.queue[state.first...].filter { state.values[$0.lineage]?.number == $0.number }
                state.first = 0
            }
            size.store(state.values.count, ordering: .relaxed)
        }
    }
}

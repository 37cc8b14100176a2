internal import RepriseVocabulary

/// Connections that wait for a server of a group, in the order in which they came; of all workers. From any thread.
package final class WaitingRoom: Sendable {
    private let state = Locked(State())

    private struct State {
        var next: UInt64 = 0
        var waiting: [(ticket: Ticket, wake: @Sendable () -> Void)] = []
        var start = 0

        var count: Int { waiting.count - start }
    }

    /// A place in it.
    package struct Ticket: Sendable, Hashable {
        fileprivate let number: UInt64
    }

    /// How many wait.
    package var count: Int { state.withLock { $0.count } }

    /// Takes a place.
    ///
    /// - Parameters:
    ///   - most: how many may wait.
    ///   - former: the place that it had before it was called in vain, and has again.
    ///   - wake: is called once, when there may be a server, unless the place is given up before.
    /// - Returns: `nil` when it is full.
    package func enter(most: Int, former: Ticket? = nil, _ wake: @escaping @Sendable () -> Void) -> Ticket? {
        state.withLock { state in
            if let former {
                let place = state.waiting[state.start...].firstIndex { $0.ticket.number > former.number }
                state.waiting.insert((former, wake), at: place ?? state.waiting.endIndex)
                return former
            }
            guard state.count < most else { return nil }
            let ticket = Ticket(number: state.next)
            state.next += 1
            state.waiting.append((ticket, wake))
            return ticket
        }
    }

    /// Gives a place up; one that was called is given up already.
    package func leave(_ ticket: Ticket) {
        state.withLock { state in
            guard let index = state.waiting[state.start...].firstIndex(where: { $0.ticket == ticket }) else { return }
            state.waiting.remove(at: index)
        }
    }

    /// Calls the first ones.
    package func wake(_ count: Int) {
        let called = state.withLock { state in
            let called = Array(state.waiting[state.start...].prefix(count))
            state.start += called.count
            if state.start > 64, state.start * 2 > state.waiting.count {
                state.waiting.removeFirst(state.start)
                state.start = 0
            }
            return called
        }
        for one in called { one.wake() }
    }
}

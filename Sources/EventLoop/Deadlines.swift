package import RepriseVocabulary

/// Someone with at most one deadline at a time, such as a connection.
package protocol Timed: AnyObject {
    /// Where it stands among the others; ``Deadlines`` alone changes it.
    var deadline: Deadlines.Place { get set }
    /// Its deadline has passed; another can be set.
    func deadlineHasPassed()
}

/// The deadlines of many on one loop: a heap, and one of the loop's timers for the next of them.
///
/// An event of libevent's for each would take 350 bytes more than a place in the heap. A first deadline that is later than all
/// others, as most are, takes a few steps; any other, or clearing one, O(log n). Who has one is held until it passes or is
/// cleared. Confined to its loop.
package final class Deadlines {
    /// Where someone stands in the heap, or that he stands nowhere.
    package struct Place: Sendable, Equatable {
        fileprivate var index: Int32
        package static let none = Place(index: -1)
    }

    /// How many are told in one turn: those after them, and sockets, have turns of their own.
    private static let toldInTurn = EventLoop.callbacksInTurn

    private let loop: EventLoop
    private var heap = Heap()
    private var timer: LoopEvent?
    /// What the timer is set to; it may be earlier than the first deadline, which was cleared or set later since.
    private var armed: Instant?

    package init(on loop: EventLoop) {
        self.loop = loop
        timer = .timer(on: loop) { [unowned self] in timePassed() }
    }

    deinit { timer?.close() }

    /// How many deadlines are set.
    package var count: Int { heap.entries.count }

    /// Sets a deadline in the place of an earlier one.
    package func set(_ waiter: any Timed, at due: Instant) {
        loop.assertConfined()
        let first = heap.set(waiter, at: due)
        if first < armed ?? .never { arm(at: first) }
    }

    /// Clears a deadline, if there is one.
    package func clear(_ waiter: any Timed) {
        loop.assertConfined()
        heap.clear(waiter)
    }

    private func timePassed() {
        let now = loop.now
        // What is set meanwhile arms nothing: that follows.
        armed = Instant(nanoseconds: 0)
        for _ in 0..<Self.toldInTurn {
            guard let waiter = heap.removeFirst(dueAt: now) else { break }
            // Each reads the time anew.
            loop.beginTurn()
            waiter.deadlineHasPassed()
        }
        armed = nil
        if let first = heap.entries.first?.due { arm(at: first) }
    }

    private func arm(at due: Instant) {
        armed = due
        timer?.schedule(at: due)
    }
}

/// A binary heap: nobody is due before the one above, at half the index.
private struct Heap {
    private(set) var entries: [Entry] = []

    struct Entry {
        var due: Instant
        let waiter: any Timed
    }

    /// - Returns: the first deadline of all.
    mutating func set(_ waiter: any Timed, at due: Instant) -> Instant {
        var index = Int(waiter.deadline.index)
        if index >= 0 {
            entries[index].due = due
            if !rise(index) { sink(index) }
        } else {
            index = entries.count
            entries.append(Entry(due: due, waiter: waiter))
            if !rise(index) { note(index) }
        }
        return entries[0].due
    }

    mutating func clear(_ waiter: any Timed) {
        let index = Int(waiter.deadline.index)
        guard index >= 0 else { return }
        waiter.deadline = .none
        let last = entries.removeLast()
        guard index < entries.count else { return }
        entries[index] = last
        note(index)
        if !rise(index) { sink(index) }
    }

    mutating func removeFirst(dueAt now: Instant) -> (any Timed)? {
        guard let first = entries.first, first.due <= now else { return nil }
        clear(first.waiter)
        return first.waiter
    }

    private func note(_ index: Int) {
        entries[index].waiter.deadline = Deadlines.Place(index: Int32(index))
    }

    /// - Returns: whether it has moved.
    private mutating func rise(_ start: Int) -> Bool {
        var index = start
        while index > 0 {
            let above = (index - 1) / 2
            guard entries[index].due < entries[above].due else { break }
            exchange(index, above)
            index = above
        }
        return index != start
    }

    private mutating func sink(_ start: Int) {
        var index = start
        while true {
            var (first, below) = (index, 2 * index + 1)
            if below < entries.count, entries[below].due < entries[first].due { first = below }
            below += 1
            if below < entries.count, entries[below].due < entries[first].due { first = below }
            guard first != index else { return }
            exchange(index, first)
            index = first
        }
    }

    private mutating func exchange(_ one: Int, _ other: Int) {
        entries.swapAt(one, other)
        note(one)
        note(other)
    }
}

extension Instant {
    fileprivate static let never = Instant(nanoseconds: .max)
}

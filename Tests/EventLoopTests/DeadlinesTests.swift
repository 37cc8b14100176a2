import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import RepriseEventLoop

@Suite struct DeadlinesTests {
    /// Notes when its deadline has passed.
    private final class Waiter: Timed {
        var deadline = Deadlines.Place.none
        var due = Instant(nanoseconds: 0)
        private let passed: (Waiter) -> Void

        init(_ passed: @escaping (Waiter) -> Void = { _ in }) { self.passed = passed }

        func deadlineHasPassed() { passed(self) }
    }

    /// Runs a loop until `body` calls what it is given.
    private func onLoop(_ body: @escaping @Sendable (Deadlines, EventLoop, _ end: @escaping () -> Void) -> Void) throws
    {
        let loop = try EventLoop(name: "test")
        loop.execute { [unowned loop] in
            let deadlines = Deadlines(on: loop)
            loop.keep(deadlines)
            body(deadlines, loop) { loop.stop() }
        }
        try loop.start()
        loop.join()
    }

    @Test func `deadlines pass in their order, whatever was set, set anew and cleared before`() throws {
        try onLoop { deadlines, loop, end in
            var random = SystemRandomNumberGenerator()
            let start = loop.now
            var told: [Instant] = []
            var left = 0
            let waiters = (0..<2_000).map { _ in
                Waiter { waiter in
                    #expect(loop.now >= waiter.due)
                    told.append(waiter.due)
                    left -= 1
                    guard left == 0 else { return }
                    #expect(told == told.sorted() && told.count > 500 && deadlines.count == 0)
                    end()
                }
            }
            for _ in 0..<20_000 {
                guard let waiter = waiters.randomElement(using: &random) else { return }
                if UInt8.random(in: 0...3, using: &random) == 0 {
                    deadlines.clear(waiter)
                } else {
                    waiter.due = start + .microseconds(Int.random(in: 0...60_000, using: &random))
                    deadlines.set(waiter, at: waiter.due)
                }
            }
            left = deadlines.count
        }
    }

    @Test func `who is told may clear the others' and set its own anew`() throws {
        try onLoop { deadlines, loop, end in
            var told: [String] = []
            let never = Waiter { _ in told.append("never") }
            let again = Waiter { waiter in
                told.append("again")
                deadlines.clear(never)
                deadlines.clear(never)
                if told.count < 3 { return deadlines.set(waiter, at: loop.now + .milliseconds(1)) }
                #expect(told == ["again", "again", "again"] && waiter.deadline == .none)
                end()
            }
            deadlines.set(again, at: loop.now + .milliseconds(1))
            deadlines.set(never, at: loop.now + .milliseconds(1))
        }
    }

    /// More than are told in one turn.
    @Test func `a hundred thousand that are due at once are all told, and others have turns between them`() throws {
        try onLoop { deadlines, loop, end in
            let count = 100_000
            // nonisolated(unsafe): touched on the loop alone.
            nonisolated(unsafe) var (told, toldBefore) = (0, Int.max)
            let due = loop.now
            for _ in 0..<count {
                let waiter = Waiter { _ in
                    told += 1
                    if told == 1 { loop.execute { toldBefore = told } }
                    guard told == count else { return }
                    #expect(toldBefore < count)
                    end()
                }
                deadlines.set(waiter, at: due)
            }
        }
    }
}

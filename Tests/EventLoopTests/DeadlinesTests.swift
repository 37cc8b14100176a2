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

    /// What one test has on the loop.
    // @unchecked: it is touched on the loop alone.
    private final class Stage: @unchecked Sendable {
        let deadlines: Deadlines
        let loop: EventLoop
        private let result: Locked<[String]?>

        init(_ loop: EventLoop, _ result: Locked<[String]?>) {
            (self.loop, self.result) = (loop, result)
            deadlines = Deadlines(on: loop)
        }

        func end(_ words: [String]) {
            result.withLock { $0 = words }
            loop.stop()
        }
    }

    /// Runs a loop until its stage ends.
    ///
    /// - Returns: the words it ends with; `nil` when it does not within a minute.
    private func onLoop(_ body: @escaping @Sendable (Stage) -> Void) throws -> [String]? {
        let loop = try EventLoop(name: "test")
        let result = Locked<[String]?>(nil)
        loop.execute { [unowned loop] in
            let stage = Stage(loop, result)
            loop.keep(stage)
            let guardian = LoopEvent.timer(on: loop) { [unowned loop] in loop.stop() }
            guardian.schedule(after: .seconds(60))
            loop.keep(guardian)
            body(stage)
        }
        try loop.start()
        loop.join()
        return result.withLock { $0 }
    }

    @Test func `deadlines pass in their order and not too early, whatever was set, set anew and cleared before`() throws
    {
        let faults = try onLoop { stage in
            var random = SystemRandomNumberGenerator()
            let start = stage.loop.now
            var (told, faults): ([Instant], [String]) = ([], [])
            var left = 0
            let waiters = (0..<2_000).map { _ in
                Waiter { waiter in
                    if Clocks.monotonic() < waiter.due { faults.append("too early") }
                    if let last = told.last, waiter.due < last { faults.append("out of order") }
                    told.append(waiter.due)
                    left -= 1
                    guard left <= 0 else { return }
                    if told.count < 500 || stage.deadlines.count > 0 { faults.append("\(told.count) were told") }
                    stage.end(faults)
                }
            }
            for _ in 0..<20_000 {
                guard let waiter = waiters.randomElement(using: &random) else { return }
                if UInt8.random(in: 0...3, using: &random) == 0 {
                    stage.deadlines.clear(waiter)
                } else {
                    waiter.due = start + .microseconds(Int.random(in: 0...60_000, using: &random))
                    stage.deadlines.set(waiter, at: waiter.due)
                }
            }
            left = stage.deadlines.count
        }
        #expect(faults == [])
    }

    @Test func `who is told may clear another's deadline, bring one forward, and set its own anew`() throws {
        let told = try onLoop { stage in
            let (deadlines, now) = (stage.deadlines, stage.loop.now)
            var told: [String] = []
            let never = Waiter { _ in told.append("never") }
            let forward = Waiter { _ in
                told.append("forward")
                stage.end(told)
            }
            let again = Waiter { waiter in
                told.append("again")
                deadlines.clear(never)
                deadlines.clear(never)
                if told.count < 3 { return deadlines.set(waiter, at: stage.loop.now + .milliseconds(1)) }
                deadlines.set(forward, at: stage.loop.now)
            }
            deadlines.set(forward, at: now + .seconds(3600))
            deadlines.set(again, at: now + .milliseconds(1))
            deadlines.set(never, at: now + .milliseconds(1))
        }
        #expect(told == ["again", "again", "again", "forward"])
    }

    /// The timer is set to an earlier one then.
    @Test func `a deadline that comes behind later ones, or behind a cleared one, is not missed`() throws {
        let told = try onLoop { stage in
            let now = stage.loop.now
            let (late, cleared) = (Waiter(), Waiter())
            stage.deadlines.set(late, at: now + .seconds(3600))
            stage.deadlines.set(cleared, at: now + .milliseconds(1))
            stage.deadlines.clear(cleared)
            stage.loop.execute { [unowned stage] in
                let last = Waiter { _ in stage.end(["\(stage.deadlines.count) left"]) }
                let first = Waiter { _ in stage.deadlines.set(last, at: stage.loop.now + .milliseconds(3)) }
                stage.deadlines.set(first, at: stage.loop.now + .milliseconds(2))
            }
        }
        #expect(told == ["1 left"])
    }

    /// More than are told in one turn.
    @Test func `a hundred thousand that are due at once are all told, and others have turns between them`() throws {
        let told = try onLoop { stage in
            let count = 100_000
            // nonisolated(unsafe): touched on the loop alone.
            nonisolated(unsafe) var (told, toldBefore) = (0, Int.max)
            let due = stage.loop.now
            for _ in 0..<count {
                let waiter = Waiter { _ in
                    told += 1
                    if told == 1 { stage.loop.execute { toldBefore = told } }
                    if told == count { stage.end([toldBefore < count ? "between them" : "behind them"]) }
                }
                stage.deadlines.set(waiter, at: due)
            }
        }
        #expect(told == ["between them"])
    }
}

import Foundation
import RepriseEventLoop
import RepriseTestSupport
import RepriseVocabulary
import Synchronization
import Testing

/// A loop that runs for the length of a body.
func withLoop<Result>(_ body: (EventLoop) throws -> Result) throws -> Result {
    let loop = try EventLoop(name: "test")
    try loop.start()
    defer {
        loop.stop()
        loop.join()
    }
    return try body(loop)
}

private actor Counter {
    private let loop: EventLoop
    private(set) var count = 0
    init(_ loop: EventLoop) { self.loop = loop }
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    func increment() -> Bool {
        count += 1
        return loop.isOnLoop
    }
    nonisolated func incrementFromCallback() {
        assumeIsolated { $0.count += 1 }
    }
}

private final class Ledger: Sendable {
    private let seen = Locked<[Int: [Int]]>([:])
    func add(_ number: Int, of thread: Int) { seen.withLock { $0[thread, default: []].append(number) } }
    var count: Int { seen.withLock { $0.values.reduce(0) { $0 + $1.count } } }
    var numbers: [[Int]] { seen.withLock { Array($0.values) } }
}

@Suite struct EventLoopTests {
    @Test func `work handed over from many threads runs on the loop in each thread's order`() throws {
        try withLoop { loop in
            let ledger = Ledger()
            let threads = 4
            let perThread = 1000
            for thread in 0..<threads {
                Thread {
                    for number in 0..<perThread { loop.execute { ledger.add(number, of: thread) } }
                }.start()
            }
            #expect(eventually { ledger.count == threads * perThread })
            #expect(ledger.numbers.allSatisfy { $0 == Array(0..<perThread) })
        }
    }

    @Test func `an actor on the loop runs there and may be entered from a callback`() async throws {
        let loop = try EventLoop(name: "test")
        try loop.start()
        let counter = Counter(loop)
        #expect(await counter.increment())
        loop.execute { counter.incrementFromCallback() }
        #expect(await counter.increment())
        #expect(await counter.count == 3)
        loop.stop()
        loop.join()
    }

    @Test
    func `timers fire in the order of their times, and a replaced or cancelled one does not fire at its old time`()
        throws
    {
        try withLoop { loop in
            let fired = Locked<[String]>([])
            let kept = Locked<[ObjectIdentifier]>([])
            loop.execute {
                // nonisolated(unsafe): touched on the loop alone.
                nonisolated(unsafe) var timers: [LoopEvent] = []
                func timer(_ name: String, _ delay: Duration) -> LoopEvent {
                    let timer = LoopEvent.timer(on: loop) { fired.withLock { $0.append(name) } }
                    timer.schedule(after: delay)
                    timers.append(timer)
                    return timer
                }
                _ = timer("second", .milliseconds(40))
                _ = timer("first", .milliseconds(10))
                timer("never", .milliseconds(5)).stop()
                timer("third", .milliseconds(1)).schedule(after: .milliseconds(80))
                let end = LoopEvent.timer(on: loop) {
                    fired.withLock { $0.append("end") }
                    timers = []
                }
                end.schedule(after: .milliseconds(120))
                timers.append(end)
                kept.withLock { $0.append(ObjectIdentifier(end)) }
            }
            #expect(eventually { fired.withLock { $0.last == "end" } })
            #expect(fired.withLock { $0 } == ["first", "second", "third", "end"])
        }
    }

    @Test func `a timer closed in another's callback of the same turn does not fire`() throws {
        try withLoop { loop in
            let fired = Locked<[String]>([])
            loop.execute {
                // nonisolated(unsafe): touched on the loop alone.
                nonisolated(unsafe) var other: LoopEvent?
                let first = LoopEvent.timer(on: loop) {
                    fired.withLock { $0.append("first") }
                    other?.close()
                }
                let second = LoopEvent.timer(on: loop) { fired.withLock { $0.append("second") } }
                other = second
                let end = LoopEvent.timer(on: loop) { fired.withLock { $0.append("end") } }
                first.schedule(after: .milliseconds(5))
                second.schedule(after: .milliseconds(5))
                end.schedule(after: .milliseconds(50))
                for timer in [first, second, end] { loop.keep(timer) }
            }
            #expect(eventually { fired.withLock { $0.last == "end" } })
            #expect(fired.withLock { $0 } == ["first", "end"])
        }
    }
}

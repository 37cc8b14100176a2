import Dispatch
import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import RepriseRouting

/// What one thread finds out about a server, all threads know.
@Suite struct StateChangeTests {
    private let now = Instant(nanoseconds: 1_000_000_000)

    @Test func `a state change reaches the choices of all threads within 50 ms`() async throws {
        let group = UpstreamGroup(name: "g", servers: servers(1000), balancing: Balancing(.random))
        // What each thread chose last, and when it looked.
        let last = Locked<[Int: UInt64]>([:])
        let (isOver, isOut) = (Locked(false), Locked<UInt64?>(nil))
        try await withThrowingTaskGroup(of: Void.self) { threads in
            for thread in 0..<3 {
                threads.addTask {
                    try await onOwnThread {
                        while !isOver.withLock({ $0 }) {
                            var selection = group.begin()
                            let before = DispatchTime.now().uptimeNanoseconds
                            let index = selection.next(at: now)?.index ?? -1
                            selection.end()
                            if index < 900 { last.withLock { $0[thread] = before } }
                        }
                    }
                }
            }
            threads.addTask {
                try await onOwnThread {
                    #expect(eventually { last.withLock { $0.count } == 3 })
                    for index in 0..<900 { _ = group.setDrained(index, true, at: now) }
                    let out = DispatchTime.now().uptimeNanoseconds
                    isOut.withLock { $0 = out }
                    // Long enough for one that would still choose them.
                    let until = out + 200_000_000
                    #expect(eventually { DispatchTime.now().uptimeNanoseconds > until })
                    isOver.withLock { $0 = true }
                }
            }
            try await threads.waitForAll()
        }
        let out = isOut.withLock { $0 } ?? 0
        for (thread, time) in last.withLock({ $0 }) {
            #expect(time < out + 50_000_000, "thread \(thread): \(Int64(bitPattern: time &- out)) ns after")
        }
    }
}

import Glibc
import RepriseResumption
import RepriseVocabulary
import Synchronization
import Testing

/// Work that threads of their own do, all at once.
private final class Crew: Sendable {
    private let work: @Sendable (Int) -> Void
    private let ready = Atomic(0)
    private let number = Atomic(0)
    private let size: Int

    private init(_ size: Int, _ work: @escaping @Sendable (Int) -> Void) {
        self.size = size
        self.work = work
    }

    static func run(_ size: Int, _ work: @escaping @Sendable (Int) -> Void) {
        let crew = Crew(size, work)
        let threads = (0..<size).map { _ in
            var thread = pthread_t()
            let code = pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    let crew = Unmanaged<Crew>.fromOpaque(argument).takeRetainedValue()
                    crew.begin()
                    return nil
                }, Unmanaged.passRetained(crew).toOpaque())
            precondition(code == 0, "pthread_create: \(code)")
            return thread
        }
        for thread in threads { pthread_join(thread, nil) }
    }

    private func begin() {
        let mine = number.wrappingAdd(1, ordering: .relaxed).oldValue
        ready.wrappingAdd(1, ordering: .acquiringAndReleasing)
        while ready.load(ordering: .acquiring) < size { sched_yield() }
        work(mine)
    }
}

private final class Tally: Sendable {
    let cell = Atomic(0)
}

@Suite struct StoreThreadTests {
    @Test func `of many that take a session at once exactly one gets it`() throws {
        let store = try LocalSessionStore(budget: 1 << 20)
        for number in 0..<1000 { _ = store.keep(number, session(number)) }
        let taken = (0..<1000).map { _ in Tally() }
        Crew.run(8) { _ in
            for number in 0..<1000 {
                guard let got = store.take(number) else { continue }
                precondition(got == session(number), "another session's bytes")
                taken[number].cell.wrappingAdd(1, ordering: .relaxed)
            }
        }
        #expect(taken.allSatisfy { $0.cell.load(ordering: .relaxed) == 1 })
    }

    @Test func `many threads at once never see a session that was not put`() throws {
        let store = try LocalSessionStore(budget: 4 << 20)
        let wrong = Tally()
        Crew.run(6) { thread in
            var random = SeededGenerator(seed: thread)
            for step in 0..<8000 {
                let key = Int.random(in: 0..<20_000, using: &random)
                // The first byte says how the others follow from the key.
                let count = 2 + (key + step) % 600
                let now = Int64(step / 100)
                switch step % 8 {
                case 0..<4: _ = store.keep(key, session(key, count), expires: .second(now + 30), at: .second(now))
                case 4..<6:
                    guard let got = store.get(key, at: .second(now)) else { continue }
                    if got != session(key, got.count) { wrong.cell.wrappingAdd(1, ordering: .relaxed) }
                case 6:
                    guard let got = store.take(key, at: .second(now)) else { continue }
                    if got != session(key, got.count) { wrong.cell.wrappingAdd(1, ordering: .relaxed) }
                default:
                    if step % 2000 == 7 { store.flush() } else { store.remove(SessionKey(key)) }
                }
            }
        }
        #expect(wrong.cell.load(ordering: .relaxed) == 0)
        var there = 0
        for key in 0..<20_000 where store.get(key, at: .second(0)) != nil { there += 1 }
        #expect(store.counts.entries == there)
        store.flush()
        #expect(store.counts.entries == 0 && store.counts.bytes == 0)
    }
}

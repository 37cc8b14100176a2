import Glibc
import RepriseResumption
import RepriseVocabulary
import Synchronization

/// The time of a put and a get, of rounds timed one by one.
struct RoundTimes {
    let median: UInt64
}

/// Times rounds one by one, putting keys from `first` on, less what reading the clock takes.
func timeRounds(_ load: Load, rounds: Int, from first: Int) -> RoundTimes {
    var times = [UInt64](repeating: 0, count: rounds)
    let clock = clockCost()
    Load.withBuffer { buffer in
        for round in 0..<rounds {
            let put = Load.key(first + round)
            // One of the newer half: those are there, however many the rounds have pushed out.
            let back = Int(truncatingIfNeeded: Load.mix(UInt64(round)) >> 1) % (load.sessions / 2)
            let get = Load.key(first + round - back)
            let start = nanoseconds()
            let isThere = load.oneRound(put, get, buffer)
            let time = nanoseconds() - start
            precondition(isThere, "a session is not there")
            times[round] = time > clock ? time - clock : 0
        }
    }
    times.sort()
    return RoundTimes(median: times[rounds / 2])
}

/// The longest of so many rounds, in nanoseconds that the thread itself used: what others did meanwhile does not count.
func longestRound(_ load: Load, rounds: Int, from first: Int) -> UInt64 {
    var longest: UInt64 = 0
    Load.withBuffer { buffer in
        for round in 0..<rounds {
            let put = Load.key(first + round)
            let start = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
            _ = load.oneRound(put, Load.key(first + round - round % 1000), buffer)
            longest = max(longest, nanoseconds(CLOCK_THREAD_CPUTIME_ID) - start)
        }
    }
    return longest
}

/// The longest first touch of a page, on so many bytes that nobody has touched: what the machine takes, and no store.
func longestFirstTouch(bytes: Int) -> UInt64 {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard let start = mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0), start != MAP_FAILED else { return 0 }
    defer { munmap(start, bytes) }
    _ = madvise(start, bytes, MADV_NOHUGEPAGE)
    var longest: UInt64 = 0
    for page in stride(from: 0, to: bytes, by: Int(getpagesize())) {
        let begin = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
        start.storeBytes(of: 1, toByteOffset: page, as: UInt8.self)
        longest = max(longest, nanoseconds(CLOCK_THREAD_CPUTIME_ID) - begin)
    }
    return longest
}

/// How often this thread had to let another one at the processor.
private func preemptions() -> Int {
    var usage = rusage()
    getrusage(thisThread, &usage)
    return usage.ru_nivcsw
}

private func clockCost() -> UInt64 {
    var times = (0..<1001).map { _ in
        let start = nanoseconds()
        return nanoseconds() - start
    }
    times.sort()
    return times[500]
}

/// The longest time between two readings of a thread's own clock with nothing between: what the system adds.
func longestPause() -> UInt64 {
    var longest: UInt64 = 0
    for _ in 0..<10_000_000 {
        let start = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
        longest = max(longest, nanoseconds(CLOCK_THREAD_CPUTIME_ID) - start)
    }
    return longest
}

/// RUSAGE_THREAD, which the headers show to GNU programs only.
private let thisThread: CInt = 1

/// What threads got done at once.
struct Pace {
    /// Millions of rounds per second of the time that has passed.
    var wall = 0.0
    /// Millions of rounds per second of the threads' own time, added up: what they would do on idle processors.
    var own = 0.0
    /// How often a thread slept, as one does that waits for a lock, in a million rounds.
    var sleeps = 0.0
}

/// The pace of a thread for each of the loads; their keys differ.
func pace(_ loads: [Load], rounds: Int, from first: Int) -> Pace {
    let start = nanoseconds()
    let crew = loads.enumerated().map { number, load in
        Worker(load: load, first: first + number * rounds, rounds: rounds)
    }
    let threads = crew.map { $0.start() }
    for thread in threads { pthread_join(thread, nil) }
    let all = Double(loads.count * rounds)
    var pace = Pace(wall: all * 1000 / Double(nanoseconds() - start))
    for worker in crew {
        pace.own += Double(rounds) * 1000 / Double(worker.time.load(ordering: .relaxed))
        pace.sleeps += Double(worker.sleeps.load(ordering: .relaxed)) * 1e6 / all
    }
    return pace
}

private final class Worker: Sendable {
    let time = Atomic<UInt64>(0)
    let sleeps = Atomic<Int>(0)
    private let load: Load
    private let first: Int
    private let rounds: Int

    init(load: Load, first: Int, rounds: Int) {
        self.load = load
        self.first = first
        self.rounds = rounds
    }

    func start() -> pthread_t {
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Worker>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        precondition(code == 0, "pthread_create: \(code)")
        return thread
    }

    private func run() {
        var before = rusage()
        getrusage(thisThread, &before)
        let start = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
        Load.withBuffer { buffer in
            for round in 0..<rounds {
                let back = Int(truncatingIfNeeded: Load.mix(UInt64(round)) >> 1) % 1000
                _ = load.oneRound(Load.key(first + round), Load.key(first + max(0, round - back)), buffer)
            }
        }
        time.store(nanoseconds(CLOCK_THREAD_CPUTIME_ID) - start, ordering: .relaxed)
        var after = rusage()
        getrusage(thisThread, &after)
        sleeps.store(after.ru_nvcsw - before.ru_nvcsw, ordering: .relaxed)
    }
}

/// The longest put and get that a thread sees on a store while another thread flushes one, and how long the flush takes.
func flushTimes(_ load: Load, seenOn watched: Load) -> (whole: UInt64, longest: UInt64) {
    let watcher = FlushWatcher(watched)
    let thread = watcher.start()
    while watcher.rounds.load(ordering: .relaxed) < 1000 { sched_yield() }
    watcher.longest.store(0, ordering: .relaxed)
    let start = nanoseconds()
    load.store.flush()
    let whole = nanoseconds() - start
    watcher.isOver.store(true, ordering: .relaxed)
    pthread_join(thread, nil)
    return (whole, watcher.longest.load(ordering: .relaxed))
}

private final class FlushWatcher: Sendable {
    let rounds = Atomic<Int>(0)
    let longest = Atomic<UInt64>(0)
    let isOver = Atomic(false)
    private let load: Load

    init(_ load: Load) {
        self.load = load
    }

    func start() -> pthread_t {
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<FlushWatcher>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        precondition(code == 0, "pthread_create: \(code)")
        return thread
    }

    private func run() {
        Load.withBuffer { buffer in
            var round = 0
            while !isOver.load(ordering: .relaxed) {
                let put = Load.key(1 << 40 + round)
                let before = preemptions()
                let start = nanoseconds()
                _ = load.oneRound(put, Load.key(round), buffer)
                let time = nanoseconds() - start
                // What the system gave to somebody else is not the store's doing.
                if time > longest.load(ordering: .relaxed), preemptions() == before {
                    longest.store(time, ordering: .relaxed)
                }
                rounds.wrappingAdd(1, ordering: .relaxed)
                round += 1
            }
        }
    }
}

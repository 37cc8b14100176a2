import Glibc
import RepriseResumption

/// The processor's count of this thread's instructions in user space (perf_event_open(2)), where there is one.
struct InstructionCounter {
    private let descriptor: CInt

    private init?() {
        // Swift cannot call syscall(2), which takes any number of arguments; a pointer to it takes six.
        typealias Call = @convention(c) (Int, UnsafeMutableRawPointer?, Int, Int, Int, Int) -> Int
        guard let symbol = dlsym(nil, "syscall") else { return nil }
        let call = unsafeBitCast(symbol, to: Call.self)
        // perf_event_attr: PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, without kernel and hypervisor.
        var attributes = [UInt64](repeating: 0, count: 16)
        attributes[0] = 128 << 32
        attributes[1] = 1
        attributes[5] = 1 << 5 | 1 << 6
        #if arch(x86_64)
            let number = 298
        #else
            let number = 241
        #endif
        let opened = attributes.withUnsafeMutableBytes { call(number, $0.baseAddress, 0, -1, -1, 0) }
        guard opened >= 0 else { return nil }
        descriptor = CInt(opened)
    }

    private var value: UInt64 {
        var value: UInt64 = 0
        _ = read(descriptor, &value, 8)
        return value
    }

    /// Instructions of a put and a get; `nil` if nothing counts them.
    static func count(_ load: Load) -> Double? {
        guard let counter = InstructionCounter() else { return nil }
        defer { close(counter.descriptor) }
        let rounds = 200_000
        var sum: UInt64 = 0
        Load.withBuffer { buffer in
            for round in 0..<rounds {
                let (put, get) = (Load.key(1 << 50 + round), Load.key(1 << 50 + round / 2))
                let start = counter.value
                _ = load.oneRound(put, get, buffer)
                sum += counter.value - start
            }
        }
        return Double(sum) / Double(rounds)
    }
}

/// Does rounds on a full store, for a counter from outside that is told to count `oneRound` only.
func countInstructions(sessions: Int, rounds: Int) throws {
    let load = try Load(sessions: sessions)
    let first = sessions + sessions / 4
    _ = load.fill(to: first)
    Load.withBuffer { buffer in
        for round in 0..<rounds {
            let back = Int(truncatingIfNeeded: Load.mix(UInt64(round)) >> 1) % (sessions / 2)
            _ = load.oneRound(Load.key(first + round), Load.key(first + round - back), buffer)
        }
    }
    print("\(rounds) rounds at \(load.store.counts.entries) sessions, \(load.store.counts.evicted) evicted")
}

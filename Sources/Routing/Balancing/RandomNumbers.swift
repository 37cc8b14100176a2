internal import Synchronization

/// Random numbers for all threads at once, from a seed of the system's: SplitMix64 over an atomic counter.
final class RandomNumbers: Sendable {
    private let counter: Atomic<UInt64>

    /// - Parameter seed: for a sequence that can be repeated.
    init(seed: UInt64? = nil) {
        var system = SystemRandomNumberGenerator()
        counter = Atomic(seed ?? system.next())
    }

    /// The next number; no system call.
    func next() -> UInt64 {
        StableHash.mixed(counter.wrappingAdd(0x9e37_79b9_7f4a_7c15, ordering: .relaxed).newValue)
    }
}

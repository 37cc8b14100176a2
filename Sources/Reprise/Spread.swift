internal import Dispatch
internal import RepriseEventLoop
internal import Synchronization

/// Work on many parts, on all processors at once.
enum Spread {
    /// How many parts a thread takes at a time; fewer than two times that are not worth a thread.
    private static let portion = 32

    /// Calls `work` on as many threads as there are processors, this one among them, and returns when all parts are done.
    ///
    /// - Parameter work: takes ranges until there is none left.
    static func over(_ count: Int, _ work: @escaping @Sendable (_ take: () -> Range<Int>?) -> Void) {
        let parts = Parts(count)
        let threads = min(Processors.available(), count / portion)
        let others = DispatchGroup()
        for _ in 1..<max(1, threads) {
            others.enter()
            let isBegun = Background.start {
                work { parts.take() }
                others.leave()
            }
            if !isBegun { others.leave() }
        }
        work { parts.take() }
        others.wait()
    }

    private final class Parts: Sendable {
        private let count: Int
        private let next = Atomic(0)

        init(_ count: Int) {
            self.count = count
        }

        func take() -> Range<Int>? {
            let start = next.wrappingAdd(Spread.portion, ordering: .relaxed).oldValue
            return start < count ? start..<min(start + Spread.portion, count) : nil
        }
    }
}

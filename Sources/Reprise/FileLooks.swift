internal import RepriseEventLoop

/// Looks at files at intervals, apart from the control loop: a disk that hangs holds up no signal and no reload.
///
/// At most one look is under way, so that a disk that hangs for long holds one thread. Confined to the control loop,
/// except for the looking itself.
// @unchecked: a look's thread only passes it back to the loop, which alone uses it.
final class FileLooks<Known: Sendable, Seen: Sendable>: @unchecked Sendable {
    private let loop: EventLoop
    private let interval: Duration
    private let known: () -> Known
    private let look: @Sendable (Known) -> Seen
    private let take: (Seen) -> Void
    private var timer: LoopEvent?

    /// - Parameters:
    ///   - known: returns what was seen before; called on the loop.
    ///   - look: looks and reads, on a thread of its own, for as long as the disk takes.
    ///   - take: gets on the loop what was seen, unless ``stop()`` came first.
    init(
        loop: EventLoop, every interval: Duration, known: @escaping () -> Known,
        look: @escaping @Sendable (Known) -> Seen, take: @escaping (Seen) -> Void
    ) {
        self.loop = loop
        self.interval = interval
        self.known = known
        self.look = look
        self.take = take
        timer = .timer(on: loop) { [unowned self] in begin() }
        timer?.schedule(after: interval)
    }

    /// Stops: the result of a look under way is dropped.
    func stop() {
        loop.assertConfined()
        timer?.close()
        timer = nil
    }

    private func begin() {
        loop.assertConfined()
        let before = known()
        let isUnderWay = Background.start { [self] in
            let seen = look(before)
            loop.execute { [self] in end(seen) }
        }
        if !isUnderWay { timer?.schedule(after: interval) }
    }

    private func end(_ seen: Seen) {
        loop.assertConfined()
        guard timer != nil else { return }
        take(seen)
        timer?.schedule(after: interval)
    }
}

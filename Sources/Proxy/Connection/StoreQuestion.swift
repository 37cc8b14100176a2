internal import RepriseEventLoop
internal import RepriseResumption
internal import RepriseVocabulary

/// A session store that was asked, and a handshake that waits for it until `sessions.store_deadline`. Confined to its loop.
final class StoreQuestion {
    private let loop: EventLoop
    private var timer: LoopEvent?
    private var asking: Task<Void, Never>?

    /// - Parameters:
    ///   - asking: is cancelled when nobody waits any more; `nil` for what must come, to be given back.
    ///   - late: the deadline is over.
    init(_ asking: Task<Void, Never>?, deadline: Duration, on loop: EventLoop, late: @escaping () -> Void) {
        (self.loop, self.asking) = (loop, asking)
        let timer = LoopEvent.timer(on: loop, late)
        self.timer = timer
        timer.schedule(after: deadline)
    }

    /// Nobody waits for it any more.
    func end() {
        loop.assertConfined()
        timer?.close()
        timer = nil
        asking?.cancel()
        asking = nil
    }
}

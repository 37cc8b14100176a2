internal import RepriseEventLoop
internal import RepriseResumption
internal import RepriseVocabulary

/// A question to a session store, and the handshake that waits for the answer until `sessions.store_deadline`. Confined
/// to its loop.
final class StoreQuestion {
    private let loop: EventLoop
    private var timer: LoopEvent?
    private var asking: Task<Void, Never>?

    /// - Parameters:
    ///   - asking: is cancelled when the handshake no longer waits; `nil` where the answer must come, to be given back.
    ///   - late: the deadline is over.
    init(_ asking: Task<Void, Never>?, deadline: Duration, on loop: EventLoop, late: @escaping () -> Void) {
        (self.loop, self.asking) = (loop, asking)
        let timer = LoopEvent.timer(on: loop, late)
        self.timer = timer
        timer.schedule(after: deadline)
    }

    /// The handshake no longer waits for it.
    func end() {
        loop.assertConfined()
        timer?.close()
        timer = nil
        asking?.cancel()
        asking = nil
    }
}

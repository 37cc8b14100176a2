package import RepriseVocabulary

/// Accepts clients from one listening socket. Confined to its loop.
///
/// Level-triggered: clients left in the queue raise another event. A turn accepts one client while they come singly,
/// and up to ``maximumBatch`` in a burst, so that a lone client costs one accept4 and no turn starves the others.
package final class Acceptor {
    /// The most clients accepted in one turn.
    package static let maximumBatch = 64
    /// How long accepting pauses when descriptors or memory run out; it doubles up to ``longestPause``.
    package static let shortestPause = Duration.milliseconds(100)
    package static let longestPause = Duration.seconds(1)
    /// The most clients taken in before the socket is closed; the kernel's queue is not longer (Linux: at most 65,535).
    static let maximumQueue = 65_536

    private let loop: EventLoop
    private let socket: Socket
    private let onAccept: (Socket, Endpoint) -> Void
    private let onPause: (SystemErrno) -> Void
    private let onResume: () -> Void
    private var watch: LoopEvent?
    private var timer: LoopEvent?
    private var batch = 1
    private var pause = Acceptor.shortestPause
    private var isPaused = false
    private var isClosed = false

    /// An acceptor that is not started.
    ///
    /// - Parameters:
    ///   - onAccept: takes over the client's socket; called on the loop.
    ///   - onPause: descriptors or memory ran out; called once for each pause.
    ///   - onResume: accepting goes on after a pause.
    package init(
        loop: EventLoop, socket: Socket, onAccept: @escaping (Socket, Endpoint) -> Void,
        onPause: @escaping (SystemErrno) -> Void, onResume: @escaping () -> Void
    ) {
        self.loop = loop
        self.socket = socket
        self.onAccept = onAccept
        self.onPause = onPause
        self.onResume = onResume
    }

    /// Begins to accept.
    ///
    /// - Throws: when epoll does not take the socket.
    package func start() throws(EventLoopError) {
        loop.assertConfined()
        let watch = LoopEvent(.clients(of: socket), on: loop) { [unowned self] _ in clientsWait() }
        try watch.start()
        self.watch = watch
        timer = .timer(on: loop) { [unowned self] in pauseIsOver() }
    }

    /// Takes in every client that the kernel has queued, then closes the socket: none of them is reset.
    package func drainAndClose() {
        loop.assertConfined()
        guard !isClosed else { return }
        for _ in 0..<Self.maximumQueue {
            switch socket.accept() {
            case .accepted(let client, let endpoint): onAccept(client, endpoint)
            case .aborted: continue
            case .wouldBlock, .exhausted, .failed: return close()
            }
        }
        close()
    }

    /// Closes the socket at once; the kernel resets the clients in its queue.
    package func close() {
        loop.assertConfined()
        guard !isClosed else { return }
        isClosed = true
        watch?.close()
        watch = nil
        timer?.close()
        timer = nil
        socket.close()
    }

    private func clientsWait() {
        loop.assertConfined()
        var taken = 0
        while taken < batch, !isClosed {
            switch socket.accept() {
            case .accepted(let client, let endpoint):
                taken += 1
                endPause()
                onAccept(client, endpoint)
            case .aborted:
                taken += 1
            case .wouldBlock:
                batch = max(1, taken)
                // The clients that waited may have gone; there is room again all the same.
                return endPause()
            case .exhausted(let error), .failed(let error):
                return beginPause(error)
            }
        }
        // Every turn that finds clients waiting doubles what the next may take, until one comes to the queue's end.
        batch = loop.now - lastTurn < .milliseconds(1) ? min(Self.maximumBatch, batch * 2) : 1
        lastTurn = loop.now
    }

    private var lastTurn = Instant(nanoseconds: 0)

    private func beginPause(_ error: SystemErrno) {
        if !isPaused { onPause(error) }
        isPaused = true
        watch?.stop()
        timer?.schedule(after: pause)
        pause = min(pause * 2, Self.longestPause)
    }

    private func pauseIsOver() {
        loop.assertConfined()
        // epoll took it once, and only a lack of memory can make it refuse now: then the next pause tries again.
        if let watch, (try? watch.start()) == nil { timer?.schedule(after: pause) }
    }

    private func endPause() {
        guard isPaused else { return }
        isPaused = false
        pause = Self.shortestPause
        onResume()
    }
}

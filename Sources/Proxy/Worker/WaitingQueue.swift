internal import RepriseEventLoop
internal import RepriseVocabulary

/// Connections that all wait the same time, in the order in which their wait ends: it needs no sorting, and one timer
/// serves all. It knows them by their numbers, so that a connection that has ended is freed at once.
final class WaitingQueue {
    private var waiting: [(connection: ConnectionID, due: Instant)] = []
    private let loop: EventLoop
    private let isOver: (ConnectionID) -> Void
    private var timer: LoopEvent?
    private let patience: Duration

    /// - Parameters:
    ///   - patience: the least time between two calls of the timer, by which a wait may be longer: a worker that takes
    ///     in thousands of connections a second is not called for each of them.
    ///   - isOver: is called for each whose time has come, the ended ones too.
    init(loop: EventLoop, patience: Duration = .zero, isOver: @escaping (ConnectionID) -> Void) {
        self.loop = loop
        self.patience = patience
        self.isOver = isOver
        timer = .timer(on: loop) { [unowned self] in release() }
    }

    /// Lets a connection wait until `due`, which is never before that of the one in front.
    func append(_ connection: Connection, due: Instant) {
        loop.assertConfined()
        waiting.append((connection.id, due))
        guard waiting.count == 1 else { return }
        timer?.schedule(after: due - loop.now)
    }

    /// Forgets all connections; the owner must call it before it frees the queue.
    func close() {
        waiting.removeAll()
        timer?.close()
        timer = nil
    }

    private func release() {
        let now = loop.now
        let due = waiting.prefix { $0.due <= now }
        // Taken out first: what a connection does may be the end of it, of its listener and of this queue.
        waiting.removeFirst(due.count)
        if let next = waiting.first { timer?.schedule(after: max(next.due - now, patience)) }
        let isOver = isOver
        for (connection, _) in due { isOver(connection) }
    }
}

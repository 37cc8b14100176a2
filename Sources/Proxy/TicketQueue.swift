internal import EventLoop
internal import Vocabulary

/// Connections whose tickets wait for company, in the order in which their wait is over.
///
/// All of one listener wait equally long, so that the queue needs no sorting and one timer serves it. It knows them by
/// their numbers: a connection that has ended goes at once, not when its wait would be over.
final class TicketQueue {
    private var waiting: [(connection: ConnectionID, due: Instant)] = []
    private let loop: EventLoop
    private let find: (ConnectionID) -> Connection?
    private var timer: LoopTimer?

    /// - Parameter find: the open connection of a number.
    init(loop: EventLoop, find: @escaping (ConnectionID) -> Connection?) {
        self.loop = loop
        self.find = find
        timer = LoopTimer(loop: loop) { [unowned self] in release() }
    }

    /// Lets the connection's tickets leave at `due`, unless they have left before.
    func append(_ connection: Connection, due: Instant) {
        waiting.append((connection.id, due))
        guard waiting.count == 1 else { return }
        timer?.schedule(after: due - loop.now)
    }

    /// Forgets everyone; must be called before the queue goes.
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
        if let next = waiting.first { timer?.schedule(after: next.due - now) }
        let find = find
        for (connection, _) in due { find(connection)?.ticketDelayIsOver() }
    }
}

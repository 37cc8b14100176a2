internal import EventLoop
internal import Vocabulary

/// Connections whose tickets wait for company, in the order in which their wait is over.
///
/// All of one listener wait equally long, so that the queue needs no sorting and one timer serves it.
final class TicketQueue {
    private var waiting: [(connection: Connection, due: Instant)] = []
    private var first = 0
    private let loop: EventLoop
    private var timer: LoopTimer?

    init(loop: EventLoop) {
        self.loop = loop
        timer = LoopTimer(loop: loop) { [unowned self] in release() }
    }

    /// Lets the connection's tickets leave at `due`, unless they have left before.
    func append(_ connection: Connection, due: Instant) {
        waiting.append((connection, due))
        guard waiting.count - first == 1 else { return }
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
        while first < waiting.count, waiting[first].due <= now {
            let connection = waiting[first].connection
            first += 1
            connection.ticketDelayIsOver()
        }
        waiting.removeFirst(first)
        first = 0
        guard let next = waiting.first else { return }
        timer?.schedule(after: next.due - now)
    }
}

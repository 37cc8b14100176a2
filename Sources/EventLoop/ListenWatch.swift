internal import CLibEvent

/// Rings, level by level, while clients wait in a listening socket's queue.
final class ListenWatch {
    private let loop: EventLoop
    private let ring: () -> Void
    private var event: OpaquePointer?

    init(loop: EventLoop, socket: Socket, _ ring: @escaping () -> Void) throws(EventLoopError) {
        self.loop = loop
        self.ring = ring
        let what = CShort(EV_READ | EV_PERSIST)
        event = event_new(
            loop.base, socket.descriptor, what, listenCallback, Unmanaged.passUnretained(self).toOpaque())
        guard let event, event_add(event, nil) == 0 else {
            throw EventLoopError(operation: "event_add", errno: .current)
        }
    }

    deinit {
        if let event { event_free(event) }
    }

    func start() {
        if let event { event_add(event, nil) }
    }

    func stop() {
        if let event { event_del_noblock(event) }
    }

    func close() {
        if let event { event_free(event) }
        event = nil
    }

    fileprivate func rang() {
        loop.beginTurn()
        ring()
    }
}

/// `context` is the watch, whose event is freed before it.
private func listenCallback(_ descriptor: CInt, _ what: CShort, _ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    let watch = Unmanaged<ListenWatch>.fromOpaque(context).takeUnretainedValue()
    watch.rang()
}

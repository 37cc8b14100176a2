internal import CLibEvent
internal import Glibc

/// What a socket is ready for.
package struct Readiness: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A receive brings bytes, the end or an error.
    package static let readable = Readiness(rawValue: 1)
    /// A send takes bytes, or a connect has ended.
    package static let writable = Readiness(rawValue: 2)
    /// The peer has closed its direction (EPOLLRDHUP): behind the bytes that are there stands the end.
    package static let peerClosed = Readiness(rawValue: 4)
}

/// Told when a watched socket becomes ready.
package protocol SocketWatchDelegate: AnyObject {
    /// On the loop; the watch and its socket may be closed in here.
    func socketReady(_ watch: SocketWatch, _ readiness: Readiness)
}

/// Watches one socket, edge by edge, for everything at once.
///
/// One registration serves a socket's whole life (one epoll_ctl to add, one to delete): whoever stops reading simply
/// does not read, and remembers that there is something. The edges, as the kernel and libevent's epoll backend give
/// them (2.1.12, `epoll_dispatch`):
/// - bytes, or an end behind them that is already there: `readable`, with `peerClosed` when there is an end;
/// - an end that comes later is an edge of its own;
/// - room to send after a send that was cut short: `writable`; a connect that succeeded: `writable` alone, unless bytes
///   have come with it;
/// - an error (EPOLLERR; a refused connect): `readable` and `writable`.
package final class SocketWatch {
    /// Told apart by their owner.
    package let tag: Int
    private let loop: EventLoop
    private let descriptor: CInt
    private unowned let delegate: any SocketWatchDelegate
    private var event: OpaquePointer?

    /// A watch that is not started.
    ///
    /// - Parameter delegate: outlives the watch, or closes it before it goes.
    package init(loop: EventLoop, socket: Socket, delegate: any SocketWatchDelegate, tag: Int) {
        self.loop = loop
        self.delegate = delegate
        self.tag = tag
        descriptor = socket.descriptor
    }

    deinit {
        if let event { event_free(event) }
    }

    /// Begins to watch.
    ///
    /// - Throws: when epoll does not take the descriptor (no memory, too many watches).
    package func start() throws(EventLoopError) {
        let what = CShort(EV_READ | EV_WRITE | EV_CLOSED | EV_PERSIST) | CShort(EV_ET)
        let event = event_new(loop.base, descriptor, what, watchCallback, Unmanaged.passUnretained(self).toOpaque())
        guard let event else { throw EventLoopError(operation: "event_new", errno: SystemErrno(ENOMEM)) }
        self.event = event
        guard event_add(event, nil) == 0 else { throw EventLoopError(operation: "event_add", errno: .current) }
    }

    /// Tells the delegate once more in the next turn, without a system call.
    package func activate(_ readiness: Readiness) {
        guard let event else { return }
        var what: CInt = 0
        if readiness.contains(.readable) { what |= EV_READ }
        if readiness.contains(.writable) { what |= EV_WRITE }
        if readiness.contains(.peerClosed) { what |= EV_CLOSED }
        event_active(event, what, 0)
    }

    /// Ends the watch; the delegate hears nothing of it any more. The socket is closed after this.
    package func close() {
        guard let event else { return }
        event_free(event)
        self.event = nil
    }

    fileprivate func ready(_ what: CShort) {
        loop.beginTurn()
        var readiness: Readiness = []
        if what & CShort(EV_READ) != 0 { readiness.insert(.readable) }
        if what & CShort(EV_WRITE) != 0 { readiness.insert(.writable) }
        if what & CShort(EV_CLOSED) != 0 { readiness.insert(.peerClosed) }
        delegate.socketReady(self, readiness)
    }
}

/// `context` is the watch, whose event is freed before it.
private func watchCallback(_ descriptor: CInt, _ what: CShort, _ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    let watch = Unmanaged<SocketWatch>.fromOpaque(context).takeUnretainedValue()
    watch.ready(what)
}

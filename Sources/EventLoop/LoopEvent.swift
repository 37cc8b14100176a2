internal import CRepriseEvent
internal import Glibc
internal import RepriseVocabulary

/// One event of libevent's, owned: it is freed once, and nothing calls back after that. Confined to its loop.
///
/// A timer, a signal and a socket are events of one kind each. Where thousands wait for a time, ``Deadlines`` are smaller.
///
/// One registration of ``Kind/edges(of:)`` serves a socket's whole life (one epoll_ctl to add, one to delete): code
/// that stops reading simply does not read, and remembers that there is something. The edges, as the kernel and
/// libevent's epoll backend give them (2.1.12, `epoll_dispatch`):
/// - bytes, or an end behind them that is already there: `readable`, with `peerClosed` when there is an end;
/// - an end that comes later is an edge of its own;
/// - room to send after a send that was cut short: `writable`; a connect that succeeded: `writable` alone, unless bytes
///   have come with it;
/// - an error (EPOLLERR; a refused connect): `readable` and `writable`.
package final class LoopEvent {
    /// What it waits for.
    package enum Kind {
        /// A time, once after each ``schedule(after:)``.
        case timer
        /// A signal of the process. Only one loop of a process may wait for signals (libevent).
        case signal(CInt)
        /// Clients in a listening socket's queue, again and again while there are some.
        case clients(of: Socket)
        /// Everything that happens to a socket, edge by edge.
        case edges(of: Socket)
        /// A descriptor that is another library's to close, after the event: again and again while it is ready.
        case readiness(of: CInt, for: Readiness)
    }

    private let loop: EventLoop
    /// Held, so that the descriptor is closed after the event, in any order of release.
    private let socket: Socket?
    private var event: OpaquePointer?
    private var handler: ((Readiness) -> Void)?

    /// An event that has not started.
    ///
    /// - Parameter handler: is called on the loop; it may close the event, and is then not called again. For a signal,
    ///   a time and clients its argument is empty.
    package init(_ kind: Kind, on loop: EventLoop, _ handler: @escaping (Readiness) -> Void) {
        self.loop = loop
        self.handler = handler
        socket =
            switch kind {
            case .timer, .signal, .readiness: nil
            case .clients(let socket), .edges(let socket): socket
            }
        let (number, what): (CInt, CInt) =
            switch kind {
            case .timer: (-1, 0)
            case .signal(let number): (number, EV_SIGNAL | EV_PERSIST)
            case .clients(let socket): (socket.descriptor, EV_READ | EV_PERSIST)
            case .edges(let socket): (socket.descriptor, EV_READ | EV_WRITE | EV_CLOSED | EV_PERSIST | Int32(EV_ET))
            case .readiness(let descriptor, let readiness): (descriptor, Self.events(readiness) | EV_PERSIST)
            }
        event = event_new(
            loop.base, number, CShort(truncatingIfNeeded: what), eventCame, Unmanaged.passUnretained(self).toOpaque())
        // It only allocates; the arguments above are valid.
        precondition(event != nil, "no memory for an event")
    }

    /// A timer that is not set.
    package static func timer(on loop: EventLoop, _ fire: @escaping () -> Void) -> LoopEvent {
        LoopEvent(.timer, on: loop) { _ in fire() }
    }

    deinit {
        if let event { event_free(event) }
    }

    /// Waits from now on.
    ///
    /// - Throws: when the system does not take it (epoll: no memory, too many watches).
    package func start() throws(EventLoopError) {
        loop.assertConfined()
        guard let event else { return }
        guard event_add(event, nil) == 0 else { throw EventLoopError(operation: "event_add", errno: .current) }
    }

    /// Stops waiting until it is started or set again.
    package func stop() {
        loop.assertConfined()
        guard let event else { return }
        event_del_noblock(event)
    }

    /// A timer: fires once after that duration, and not at a time set before.
    package func schedule(after duration: Duration) {
        schedule(at: loop.now + duration)
    }

    /// The same at a moment; at once, if that is past.
    func schedule(at due: Instant) {
        loop.assertConfined()
        guard let event else { return }
        // In numbers: a Duration has 128 bits, and dividing those is slow.
        let (now, due) = (loop.now.nanoseconds, due.nanoseconds)
        let microseconds = Int(clamping: now < due ? (due - now) / 1000 : 0)
        var interval = timeval(tv_sec: microseconds / 1_000_000, tv_usec: microseconds % 1_000_000)
        event_add(event, &interval)
    }

    /// Calls back once more in the next turn, without a system call.
    package func activate(_ readiness: Readiness) {
        loop.assertConfined()
        guard let event else { return }
        event_active(event, Self.events(readiness), 0)
    }

    private static func events(_ readiness: Readiness) -> CInt {
        var what: CInt = 0
        if readiness.isReadable { what |= EV_READ }
        if readiness.isWritable { what |= EV_WRITE }
        if readiness.isPeerClosed { what |= EV_CLOSED }
        return what
    }

    /// Ends it for good. A socket closes after its event; a signal has its default effect again.
    package func close() {
        guard let event else { return }
        loop.assertConfined()
        event_free(event)
        self.event = nil
        // The handler may hold the event.
        handler = nil
    }

    fileprivate func came(_ what: CShort) {
        loop.beginTurn()
        var readiness: Readiness = []
        if what & CShort(EV_READ) != 0 { readiness.insert(.readable) }
        if what & CShort(EV_WRITE) != 0 { readiness.insert(.writable) }
        if what & CShort(EV_CLOSED) != 0 { readiness.insert(.peerClosed) }
        handler?(readiness)
    }
}

/// What a socket is ready for.
package struct Readiness: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A receive brings bytes, the end or an error.
    package static let readable = Readiness(rawValue: 1)
    /// A send takes bytes, or a connect has ended.
    package static let writable = Readiness(rawValue: 2)
    /// The peer has closed its direction (EPOLLRDHUP): the end is behind the bytes that are there.
    package static let peerClosed = Readiness(rawValue: 4)

    // For every turn of every connection: other modules see only the protocol's generic `contains`.

    /// ``readable``.
    package var isReadable: Bool { rawValue & 1 != 0 }
    /// ``writable``.
    package var isWritable: Bool { rawValue & 2 != 0 }
    /// ``peerClosed``.
    package var isPeerClosed: Bool { rawValue & 4 != 0 }
}

/// `context` is the event, which frees libevent's before it is freed itself. It is retained for the call, because the
/// handler may drop it.
private func eventCame(_ descriptor: CInt, _ what: CShort, _ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    let event = Unmanaged<LoopEvent>.fromOpaque(context).takeUnretainedValue()
    withExtendedLifetime(event) { event.came(what) }
}

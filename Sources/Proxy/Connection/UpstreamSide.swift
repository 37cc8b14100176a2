internal import EventLoop
internal import Metrics
internal import Routing
internal import Vocabulary

/// A connection's upstream: which server, the way to it, and its stream. Confined to its worker's loop.
///
/// It moves bytes and remembers; what follows from them, ``ConnectionMachine`` decides and ``Connection`` does.
final class UpstreamSide {
    private let upstream: WorkerUpstream
    private let loop: EventLoop
    private var selection: UpstreamGroup.Selection?
    private var server: UpstreamServerMetrics?
    private var state = State.none
    /// Plaintext that came before a server had taken the connection.
    private var early = PendingBytes()

    private enum State {
        case none
        /// A server was asked, at that time.
        case connecting(Stream, since: Instant)
        case connected(Stream)
    }

    init(_ upstream: WorkerUpstream, on loop: EventLoop) {
        self.upstream = upstream
        self.loop = loop
    }

    /// The stream of the server that has taken the connection.
    var stream: Stream? { if case .connected(let stream) = state { stream } else { nil } }
    /// How many bytes wait for it.
    var waiting: Int { early.count + (stream?.pending.count ?? 0) }

    // MARK: Connecting

    /// What a step on the way to a server came to.
    enum Connecting {
        /// The server is asked; its socket tells when it has answered.
        case underWay
        case connected
        /// - `another`: there is a server left to try.
        case failed(SystemErrno?, another: Bool)
        /// Nobody is left.
        case nobody
    }

    /// Begins to connect to the next server.
    ///
    /// - Parameter ready: is told what its socket is ready for.
    /// - Returns: what is known at once: a Unix socket connects, or any connect fails, without waiting.
    func connectNext(_ chosen: (String) -> Void, _ ready: @escaping (Readiness) -> Void) -> Connecting {
        if selection == nil { selection = upstream.group.begin() }
        guard let next = selection?.next() else { return .nobody }
        server = upstream.servers[next.index]
        chosen(next.server.id)
        let (socket, isConnected): (Socket, Bool)
        switch Socket.connect(to: next.endpoint) {
        case .connected(let made): (socket, isConnected) = (made, true)
        case .inProgress(let made): (socket, isConnected) = (made, false)
        case .failed(let errno): return failed(ConnectFailure(errno), errno)
        }
        let stream = Stream(socket, .plain, on: loop, isConnected: false)
        state = .connecting(stream, since: loop.now)
        do throws(EventLoopError) {
            try stream.start(ready)
        } catch {
            return failed(ConnectFailure(error.errno), error.errno)
        }
        return isConnected ? connected(stream, since: loop.now) : .underWay
    }

    /// Goes on connecting by what the socket is ready for.
    ///
    /// - Returns: `nil` when a server has the connection already, or none is asked.
    func goOn(_ readiness: Readiness) -> Connecting? {
        guard case .connecting(let stream, let since) = state else { return nil }
        stream.note(readiness)
        // A connect that failed reports readable as well; one that succeeded does so only with bytes already there,
        // and asking the socket is then one system call in a rare case.
        if readiness.contains(.readable), let errno = stream.pendingError() {
            return failed(ConnectFailure(errno), errno)
        }
        guard !readiness.isDisjoint(with: [.writable, .readable, .peerClosed]) else { return .underWay }
        return connected(stream, since: since)
    }

    /// The server that is asked has taken too long.
    func connectTimedOut() -> Connecting { failed(.timeout, nil) }

    private func connected(_ stream: Stream, since: Instant) -> Connecting {
        stream.connected()
        state = .connected(stream)
        early.withBytes { stream.keep($0) }
        early.removeAll()
        server?.connects.add(1)
        server?.open.add(1)
        upstream.connectDuration.observe(seconds: (loop.now - since).inSeconds)
        return .connected
    }

    private func failed(_ why: ConnectFailure, _ errno: SystemErrno?) -> Connecting {
        server?.failed(why)
        if case .connecting(let stream, _) = state { stream.close() }
        state = .none
        return .failed(errno, another: selection?.hasNext ?? false)
    }

    // MARK: Plaintext

    /// Hands plaintext on, or keeps what the server does not take yet.
    ///
    /// - Returns: why it takes no more, when it says so now.
    func write(_ bytes: UnsafeRawBufferPointer) -> SystemErrno? {
        guard let stream else {
            early.append(bytes)
            return nil
        }
        guard stream.failure == nil else { return nil }
        _ = stream.write(bytes)
        return stream.failure
    }

    /// What offering what waits came to.
    enum Flushed {
        case nothing
        /// Some bytes are left.
        case part
        case all
        case refused(SystemErrno)
    }

    /// Offers what waits to the server's socket.
    func flush() -> Flushed {
        guard let stream, !stream.pending.isEmpty, let sent = stream.flush()
        else { return .nothing }
        if let failure = stream.failure { return .refused(failure) }
        guard sent > 0 else { return .nothing }
        return stream.pending.isEmpty ? .all : .part
    }

    // MARK: The end

    func close(resetting: Bool = false) {
        switch state {
        case .none: break
        case .connecting(let stream, _): stream.close(resetting: resetting)
        case .connected(let stream):
            stream.close(resetting: resetting)
            server?.open.subtract(1)
        }
        state = .none
        early.removeAll()
    }
}

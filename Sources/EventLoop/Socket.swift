internal import CRepriseEvent
internal import Glibc
package import RepriseVocabulary
internal import Synchronization

/// A socket that does not block, owned: its descriptor is closed once, by ``close()``, ``reset()`` or when the last
/// holder releases it.
package final class Socket: Sendable {
    private let owned: Atomic<CInt>

    /// Takes over a descriptor that no other code closes.
    package init(descriptor: CInt) {
        owned = Atomic(descriptor)
    }

    deinit {
        close()
    }

    /// The descriptor, lent; -1 once it is closed, which every system call refuses (EBADF).
    package var descriptor: CInt { owned.load(ordering: .relaxed) }

    /// The result of a receive or a send.
    package enum Transfer: Sendable, Equatable {
        /// That many bytes were moved, at least one.
        case bytes(Int)
        /// The peer has ended its stream.
        case end
        case wouldBlock
        case failed(SystemErrno)
    }

    /// Receives bytes; one recv(2), more only after EINTR.
    package func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .end }
            if let outcome = Self.outcome(of: errno) { return outcome }
        }
    }

    /// Sends bytes; one send(2), more only after EINTR. It raises no SIGPIPE.
    package func send(_ bytes: RawSpan) -> Transfer {
        while true {
            let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            if count >= 0 { return .bytes(count) }
            if let outcome = Self.outcome(of: errno) { return outcome }
        }
    }

    /// - Returns: `nil` when the caller must repeat the call.
    private static func outcome(of number: CInt) -> Transfer? {
        switch number {
        case EINTR: nil
        case EAGAIN: .wouldBlock
        default: .failed(SystemErrno(number))
        }
    }

    /// Ends our stream: the peer gets a FIN after all that was sent.
    package func shutdownWrite() {
        shutdown(descriptor, CInt(SHUT_WR))
    }

    /// Closes the descriptor; unread bytes make the kernel send RST instead of FIN. Only once: another file may soon
    /// have its number.
    package func close() {
        let descriptor = owned.exchange(-1, ordering: .relaxed)
        if descriptor >= 0 { Glibc.close(descriptor) }
    }

    /// Closes the descriptor with RST: what was sent and not yet acknowledged is lost (socket(7), SO_LINGER of 0).
    package func reset() {
        setOption(SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0))
        close()
    }

    /// Our own end.
    package var localEndpoint: Endpoint? {
        var address = SocketAddress()
        let result = address.withMutablePointer { getsockname(descriptor, $0, $1) }
        return result == 0 ? address.endpoint : nil
    }

    /// The error that waits on the socket (SO_ERROR), which reading clears; 0 for none.
    package var pendingError: CInt {
        var error: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
        return error
    }

    /// Whether bytes wait to be received; none are taken.
    package var hasUnreadBytes: Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT)) > 0
    }

    /// Makes the kernel acknowledge what was received without waiting for something to send along (tcp(7),
    /// TCP_QUICKACK).
    package func acknowledgeNow() {
        setOption(CInt(IPPROTO_TCP), TCP_QUICKACK, CInt(1))
    }

    /// How many sent bytes the peer's kernel has not acknowledged (tcp(7), SIOCOUTQ); 0 where the kernel cannot tell.
    package var unacknowledgedBytes: Int {
        var count: CInt = 0
        // TIOCOUTQ is SIOCOUTQ's other name.
        return ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 ? Int(count) : 0
    }

    /// How long the peer's answers take, as the kernel has measured; zero where it cannot tell.
    package var roundTrip: Duration { .microseconds(reprise_round_trip_microseconds(descriptor)) }

    @discardableResult
    func setOption<Value>(_ level: CInt, _ name: CInt, _ value: Value) -> Bool {
        withUnsafePointer(to: value) {
            setsockopt(descriptor, level, name, $0, socklen_t(MemoryLayout<Value>.size)) == 0
        }
    }
}

extension Socket {
    /// The result of beginning to connect.
    package enum Connecting: Sendable {
        /// Connected already, as Unix sockets are.
        case connected(Socket)
        /// Under way: the socket becomes writable, or fails.
        case inProgress(Socket)
        case failed(SystemErrno)
    }

    /// Begins to connect, with TCP_NODELAY set: socket(2), setsockopt(2) for TCP, connect(2), and a call for each option
    /// that is asked for.
    ///
    /// A source address of another family than the endpoint's is left out, and a Unix socket has no options.
    /// - Parameter client: whom ``SourceAddress/client`` speaks for.
    package static func connect(
        to endpoint: Endpoint, with options: UpstreamTCPOptions = UpstreamTCPOptions(), for client: IPAddress? = nil
    ) -> Connecting {
        let address = SocketAddress(endpoint)
        let descriptor = socket(address.family, CInt(SOCK_STREAM.rawValue) | nonblocking, 0)
        guard descriptor >= 0 else { return .failed(.current) }
        let socket = Socket(descriptor: descriptor)
        if case .ip(let server, _) = endpoint {
            socket.setOption(CInt(IPPROTO_TCP), TCP_NODELAY, CInt(1))
            // A connection is worth more than its options: one that the system refuses is left out.
            socket.set(options.connections, forIPv6: server.isIPv6)
            if let refusal = socket.bind(from: options.source, to: server, for: client) {
                socket.close()
                return .failed(refusal)
            }
        }
        while true {
            let result = address.withPointer { Glibc.connect(descriptor, $0, $1) }
            if result == 0 { return .connected(socket) }
            let number = errno
            if number == EINTR { continue }
            if number == EINPROGRESS { return .inProgress(socket) }
            socket.close()
            // A Unix socket whose queue is full returns EAGAIN, and no event reports when it has room.
            return .failed(SystemErrno(number))
        }
    }

    /// - Returns: what the system refuses; `nil` when it is bound, or need not be.
    private func bind(from source: SourceAddress?, to server: IPAddress, for client: IPAddress?) -> SystemErrno? {
        switch source {
        case .address(let address) where address.isIPv6 == server.isIPv6: bind(from: address, transparently: false)
        case .client:
            if let client, client.isIPv6 == server.isIPv6 { bind(from: client, transparently: true) } else { nil }
        case .address, nil: nil
        }
    }

    static let nonblocking = CInt(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)

    /// The result of accepting.
    package enum Accepting: Sendable {
        case accepted(Socket, Endpoint)
        case wouldBlock
        /// The client was gone already: the next one can be accepted at once.
        case aborted(SystemErrno)
        /// No descriptors or no memory are left: accepting must wait (accept(2): EMFILE, ENFILE, ENOBUFS, ENOMEM).
        case exhausted(SystemErrno)
        case failed(SystemErrno)
    }

    /// Accepts one client; one accept4(2).
    package func accept() -> Accepting {
        var address = SocketAddress()
        let client = address.withMutablePointer { accept4(descriptor, $0, $1, Self.nonblocking) }
        if client >= 0 {
            return .accepted(Socket(descriptor: client), address.endpoint ?? .unix(path: ""))
        }
        let number = errno
        switch number {
        case EAGAIN: return .wouldBlock
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(SystemErrno(number))
        // Errors of the client's connection, which Linux passes on here (accept(2), "Error handling").
        case EINTR, ECONNABORTED, EPROTO, EPERM, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP,
            ENETUNREACH:
            return .aborted(SystemErrno(number))
        default: return .failed(SystemErrno(number))
        }
    }

    /// Sends one datagram to a Unix socket (sd_notify(3)); a leading `@` is the abstract namespace.
    ///
    /// - Returns: `nil` when it was sent.
    package static func sendDatagram(_ text: String, toUnix path: String) -> SystemErrno? {
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | nonblocking, 0)
        guard descriptor >= 0 else { return .current }
        defer { Glibc.close(descriptor) }
        let address = SocketAddress(unixPath: path)
        let bytes = Array(text.utf8)
        let sent = address.withPointer { sendto(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL), $0, $1) }
        return sent == bytes.count ? nil : .current
    }
}

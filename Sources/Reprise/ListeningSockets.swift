internal import EventLoop
internal import Glibc
internal import Vocabulary

/// The listening sockets of one endpoint: one for each worker, each with a queue of its own (SO_REUSEPORT).
struct ListeningSockets: Sendable {
    /// How many connections the kernel queues for one socket; it cuts this down to net.core.somaxconn.
    static let backlog = 4096

    /// As the configuration writes it.
    let configured: Endpoint
    /// Where it really is: port 0 has become a port.
    let bound: Endpoint
    /// One for each worker.
    let sockets: [Socket]
    /// Whether systemd opened it, and so removes its file.
    var isInherited = false

    /// Binds an endpoint for so many workers.
    ///
    /// SO_REUSEPORT would let a second copy of ours, or a foreign server that sets it too, share the port unnoticed: a
    /// socket without it is bound first, to find them.
    ///
    /// - Parameter isOurs: another listener of ours has it, and is about to give it up.
    static func open(_ endpoint: Endpoint, workers: Int, isOurs: Bool = false) throws(SocketError) -> ListeningSockets {
        if case .unix = endpoint {
            return shared(try Socket.listen(on: endpoint, sharingPort: false, backlog: backlog), endpoint, workers)
        }
        if !isOurs { try Socket.probe(endpoint) }
        var sockets: [Socket] = []
        var bound = endpoint
        do {
            for _ in 0..<workers {
                let socket = try Socket.listen(on: bound, sharingPort: true, backlog: backlog)
                sockets.append(socket)
                // The first socket settles which port 0 means.
                if sockets.count == 1 { bound = socket.localEndpoint ?? endpoint }
            }
        } catch {
            for socket in sockets { socket.close() }
            throw error
        }
        return ListeningSockets(configured: endpoint, bound: bound, sockets: sockets)
    }

    /// One socket that all workers accept from: a Unix socket, or one that systemd holds for us.
    static func shared(_ socket: Socket, _ endpoint: Endpoint, _ workers: Int) -> ListeningSockets {
        let copies = (1..<max(1, workers)).map { _ in Socket(descriptor: fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 3)) }
        return ListeningSockets(
            configured: endpoint, bound: socket.localEndpoint ?? endpoint, sockets: [socket] + copies)
    }

    /// The same sockets once more, with the clients that wait in them: for a listener that takes them over from another.
    func copied() -> ListeningSockets {
        let copies = sockets.map { Socket(descriptor: fcntl($0.descriptor, F_DUPFD_CLOEXEC, 3)) }
        return ListeningSockets(configured: configured, bound: bound, sockets: copies, isInherited: isInherited)
    }

    /// Whether the kernel would have one of the two refuse the other, were they not both ours.
    func overlaps(_ endpoint: Endpoint) -> Bool {
        guard case .ip(let other, let otherPort) = endpoint, case .ip(let address, let port) = bound else {
            return false
        }
        return port == otherPort && address.isIPv6 == other.isIPv6
            && (address == other || address.isUnspecified || other.isUnspecified)
    }

    /// Closes them; for sockets that no worker has taken over.
    func close() {
        for socket in sockets { socket.close() }
    }
}

internal import Glibc
internal import RepriseEventLoop
internal import RepriseVocabulary

/// The listening sockets of one endpoint: one for each worker, each with a queue of its own (SO_REUSEPORT).
struct ListeningSockets: Sendable {
    /// How many connections the kernel queues for one socket; it cuts this down to net.core.somaxconn.
    static let backlog = 4096

    /// As the configuration writes it.
    let configured: Endpoint
    /// The real endpoint: the kernel has chosen a port for port 0.
    let bound: Endpoint
    /// One for each worker.
    let sockets: [Socket]
    /// Whether systemd opened it, and so removes its file.
    var isInherited = false
    /// The file of a Unix socket as we made it: another program may have replaced it since.
    var file: FileIdentity?

    /// The file that a path leads to.
    struct FileIdentity: Equatable, Sendable {
        private let device: UInt64
        private let inode: UInt64

        /// - Returns: `nil` for an endpoint without a file.
        init?(_ endpoint: Endpoint) {
            guard case .unix(let path) = endpoint, !path.hasPrefix("@") else { return nil }
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
        }
    }

    /// Binds an endpoint for that many workers.
    ///
    /// SO_REUSEPORT would let a second copy of ours, or a foreign server that sets it too, share the port unnoticed: we
    /// first bind a socket without it, to find them.
    ///
    /// - Parameter isOurs: whether another listener of ours has it, and is about to give it up.
    static func open(_ endpoint: Endpoint, workers: Int, isOurs: Bool = false) throws(SocketError) -> ListeningSockets {
        if case .unix = endpoint {
            return try shared(try Socket.listen(on: endpoint, sharingPort: false, backlog: backlog), endpoint, workers)
        }
        if !isOurs { try Socket.probe(endpoint) }
        var sockets: [Socket] = []
        var bound = endpoint
        do {
            for _ in 0..<workers {
                let socket = try Socket.listen(on: bound, sharingPort: true, backlog: backlog)
                sockets.append(socket)
                // The first socket decides the port for port 0.
                if sockets.count == 1 { bound = socket.localEndpoint ?? endpoint }
            }
        } catch {
            for socket in sockets { socket.close() }
            throw error
        }
        return ListeningSockets(configured: endpoint, bound: bound, sockets: sockets)
    }

    /// One socket that all workers accept from: a Unix socket, or one that systemd holds for us.
    ///
    /// - Throws: when no descriptors are left; the socket is closed then.
    static func shared(
        _ socket: Socket, _ endpoint: Endpoint, _ workers: Int
    ) throws(SocketError) -> ListeningSockets {
        var sockets = [socket]
        do {
            for _ in 1..<max(1, workers) { sockets.append(try copy(of: socket, endpoint)) }
        } catch {
            for socket in sockets { socket.close() }
            throw error
        }
        return ListeningSockets(
            configured: endpoint, bound: socket.localEndpoint ?? endpoint, sockets: sockets,
            file: FileIdentity(endpoint))
    }

    /// Another descriptor of the same socket.
    static func copy(of socket: Socket, _ endpoint: Endpoint) throws(SocketError) -> Socket {
        let descriptor = fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 3)
        guard descriptor >= 0 else {
            throw SocketError(operation: "take over", endpoint: endpoint, errno: .current)
        }
        return Socket(descriptor: descriptor)
    }

    /// Copies of the same sockets, with the clients that wait in them: for a listener that takes them over from
    /// another.
    ///
    /// - Throws: when no descriptors are left.
    func copied() throws(SocketError) -> ListeningSockets {
        var copies: [Socket] = []
        do {
            for socket in sockets { copies.append(try Self.copy(of: socket, configured)) }
        } catch {
            for socket in copies { socket.close() }
            throw error
        }
        return ListeningSockets(
            configured: configured, bound: bound, sockets: copies, isInherited: isInherited, file: file)
    }

    /// Whether the kernel would refuse one of the two beside the other, were they not both ours.
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

internal import Glibc
internal import RepriseEventLoop
internal import RepriseVocabulary

/// The listening sockets of one endpoint: one for each worker, each with a queue of its own (SO_REUSEPORT), or one that
/// all accept from.
struct ListeningSockets: Sendable {
    /// As the configuration writes it.
    let configured: Endpoint
    /// The real endpoint: the kernel has chosen a port for port 0.
    let bound: Endpoint
    /// One for each worker.
    let sockets: [Socket]
    /// What they were opened with; some of it can never be changed.
    var made = ListenerTCPOptions()
    /// What the plan wants of them; they have it, but for what cannot be changed.
    var options = ListenerTCPOptions()
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
    static func open(
        _ endpoint: Endpoint, workers: Int, with options: ListenerTCPOptions = ListenerTCPOptions(),
        isOurs: Bool = false
    ) throws(SocketError) -> ListeningSockets {
        var opened: ListeningSockets
        if case .ip = endpoint, options.sharesPort {
            opened = try sharingPort(endpoint, workers, options, isOurs)
        } else {
            opened = try shared(Socket.listen(on: endpoint, with: options), endpoint, workers)
        }
        (opened.made, opened.options) = (options, options)
        return opened
    }

    private static func sharingPort(
        _ endpoint: Endpoint, _ workers: Int, _ options: ListenerTCPOptions, _ isOurs: Bool
    ) throws(SocketError) -> ListeningSockets {
        if !isOurs { try Socket.probe(endpoint, takesIPv6Alone: options.takesIPv6Alone) }
        var sockets: [Socket] = []
        var bound = endpoint
        do {
            for _ in 0..<workers {
                let socket = try Socket.listen(on: bound, with: options)
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
            configured: configured, bound: bound, sockets: copies, made: made, options: options,
            isInherited: isInherited, file: file)
    }

    /// Sets on the open sockets what the plan wants now.
    ///
    /// - Returns: the options whose change takes effect after a restart only.
    /// - Throws: the first that the system refuses, after all have been tried.
    mutating func adapt(to wanted: ListenerTCPOptions) throws(SocketError) -> [String] {
        let current = options
        options = wanted
        var refusal: SocketError?
        // A descriptor that a worker could not accept on is closed.
        for socket in sockets where socket.descriptor >= 0 && wanted != current {
            do throws(SocketError) {
                if wanted.backlog != current.backlog { try socket.setBacklog(wanted.backlog, at: bound) }
                try socket.set(wanted, insteadOf: current, at: bound)
            } catch {
                refusal = refusal ?? error
            }
        }
        if let refusal { throw refusal }
        return waiting(current, wanted)
    }

    /// What changes from one to the other and cannot be changed in a socket that is bound.
    private func waiting(_ current: ListenerTCPOptions, _ wanted: ListenerTCPOptions) -> [String] {
        guard case .ip(let address, _) = bound, !isInherited else { return [] }
        var options: [String] = []
        if wanted.sharesPort != current.sharesPort, wanted.sharesPort != made.sharesPort {
            options.append("tcp.reuse_port")
        }
        if address.isIPv6, wanted.takesIPv6Alone != current.takesIPv6Alone,
            wanted.takesIPv6Alone != made.takesIPv6Alone
        {
            options.append("tcp.v6only")
        }
        return options
    }

    /// Whether the kernel would refuse one of the two beside the other, were they not both ours.
    ///
    /// - Parameter takesIPv6Alone: whether the other takes IPv6 alone, if it is one of IPv6.
    func overlaps(_ endpoint: Endpoint, takesIPv6Alone: Bool = true) -> Bool {
        guard case .ip(let other, let otherPort) = endpoint, case .ip(let address, let port) = bound else {
            return false
        }
        let takesBoth =
            address.isIPv6 && address.isUnspecified && !made.takesIPv6Alone
            || other.isIPv6 && other.isUnspecified && !takesIPv6Alone
        return port == otherPort && (address.isIPv6 == other.isIPv6 || takesBoth)
            && (address == other || address.isUnspecified || other.isUnspecified)
    }

    /// Closes them; for sockets that no worker has taken over.
    func close() {
        for socket in sockets { socket.close() }
    }
}

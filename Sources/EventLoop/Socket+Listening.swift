internal import Glibc
package import RepriseVocabulary

extension Socket {
    /// A socket that listens.
    ///
    /// It sets TCP_NODELAY and the options once: on Linux every accepted socket inherits them. It replaces a Unix
    /// socket's file that no process listens on.
    package static func listen(
        on endpoint: Endpoint, with options: ListenerTCPOptions
    ) throws(SocketError) -> Socket {
        let socket = try bound(to: endpoint, options)
        do {
            try socket.set(options, at: endpoint)
        } catch {
            throw socket.closed(error)
        }
        guard Glibc.listen(socket.descriptor, CInt(clamping: options.backlog)) == 0 else {
            throw socket.closed(SocketError(operation: "listen on", endpoint: endpoint, errno: .current))
        }
        return socket
    }

    /// A socket that listens, with no other options.
    ///
    /// - Parameters:
    ///   - sharingPort: whether other sockets of ours may listen on the same port, each with a queue of its own
    ///     (SO_REUSEPORT).
    ///   - backlog: how many connections the kernel queues, at most net.core.somaxconn.
    package static func listen(
        on endpoint: Endpoint, sharingPort: Bool, backlog: Int
    ) throws(SocketError) -> Socket {
        var options = ListenerTCPOptions()
        (options.sharesPort, options.backlog) = (sharingPort, backlog)
        return try listen(on: endpoint, with: options)
    }

    /// Finds out whether an endpoint is free, by listening on it alone for a moment.
    ///
    /// A socket with SO_REUSEPORT would bind beside a foreign one that has it set too, and share its clients.
    ///
    /// - Parameter takesIPv6Alone: whether an IPv6 address need not be free for IPv4.
    package static func probe(_ endpoint: Endpoint, takesIPv6Alone: Bool = true) throws(SocketError) {
        var options = ListenerTCPOptions()
        (options.sharesPort, options.backlog, options.takesIPv6Alone) = (false, 1, takesIPv6Alone)
        try listen(on: endpoint, with: options).close()
    }

    private static func bound(to endpoint: Endpoint, _ options: ListenerTCPOptions) throws(SocketError) -> Socket {
        let address = SocketAddress(endpoint)
        let descriptor = Glibc.socket(address.family, CInt(SOCK_STREAM.rawValue) | nonblocking, 0)
        guard descriptor >= 0 else {
            throw SocketError(operation: "listen on", endpoint: endpoint, errno: .current)
        }
        let socket = Socket(descriptor: descriptor)
        if case .ip(let ip, _) = endpoint {
            socket.setOption(SOL_SOCKET, SO_REUSEADDR, CInt(1))
            socket.setOption(CInt(IPPROTO_TCP), TCP_NODELAY, CInt(1))
            if options.sharesPort { socket.setOption(SOL_SOCKET, SO_REUSEPORT, CInt(1)) }
            if ip.isIPv6 { socket.setOption(CInt(IPPROTO_IPV6), IPV6_V6ONLY, CInt(options.takesIPv6Alone ? 1 : 0)) }
        }
        var error = bind(socket, address)
        if error?.value == EADDRINUSE, case .unix(let path) = endpoint, isStale(endpoint) {
            unlink(path)
            error = bind(socket, address)
        }
        if let error, error.value == EADDRINUSE, isBlockedByFile(endpoint) {
            throw socket.closed(
                SocketError(operation: SocketError.blockedByFile, endpoint: endpoint, errno: error))
        }
        if let error { throw socket.closed(SocketError(operation: "listen on", endpoint: endpoint, errno: error)) }
        return socket
    }

    private static func bind(_ socket: Socket, _ address: SocketAddress) -> SystemErrno? {
        address.withPointer { Glibc.bind(socket.descriptor, $0, $1) } == 0 ? nil : .current
    }

    private static func isBlockedByFile(_ endpoint: Endpoint) -> Bool {
        guard case .unix(let path) = endpoint else { return false }
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFSOCK
    }

    /// Whether a Unix socket's file is stale: it exists, is a socket, and no process answers.
    private static func isStale(_ endpoint: Endpoint) -> Bool {
        guard case .unix(let path) = endpoint else { return false }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return false }
        switch connect(to: endpoint) {
        case .connected(let socket), .inProgress(let socket):
            socket.close()
            return false
        case .failed(let error): return error.value == ECONNREFUSED
        }
    }

    private func closed(_ error: SocketError) -> SocketError {
        close()
        return error
    }

    /// Takes over a listening socket that another program opened (sd_listen_fds(3)).
    ///
    /// - Returns: `nil` when the descriptor is not open, or not a listening stream socket.
    package static func inherited(_ descriptor: CInt) -> Socket? {
        // Asked before we own it: we must not close a descriptor that is no socket for us.
        guard option(SO_ACCEPTCONN, of: descriptor) == 1,
            option(SO_TYPE, of: descriptor) == CInt(SOCK_STREAM.rawValue),
            fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0,
            fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
        else { return nil }
        let socket = Socket(descriptor: descriptor)
        if case .ip? = socket.localEndpoint { socket.setOption(CInt(IPPROTO_TCP), TCP_NODELAY, CInt(1)) }
        return socket
    }

    /// Whether it is an IPv6 socket that takes IPv4 clients too (ipv6(7), IPV6_V6ONLY off).
    package var isDualStack: Bool {
        Self.option(SO_DOMAIN, of: descriptor) == AF_INET6
            && Self.option(IPV6_V6ONLY, level: CInt(IPPROTO_IPV6), of: descriptor) == 0
    }

    private static func option(_ name: CInt, level: CInt = SOL_SOCKET, of descriptor: CInt) -> CInt? {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, level, name, &value, &length) == 0 ? value : nil
    }
}

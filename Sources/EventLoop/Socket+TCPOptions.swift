internal import Glibc
package import RepriseVocabulary

/// What is asked of the kernel for TCP sockets: a system call for each part that differs from what the socket has, and
/// none for the rest.
extension Socket {
    /// Sets a listening socket's options; those of a running TCP stack that a Unix socket does not have are left out.
    ///
    /// Accepted sockets inherit those of connections, so that no connection costs a system call (tcp(7), ip(7)).
    /// - Parameters:
    ///   - current: what the socket has.
    ///   - endpoint: where it listens, for the error.
    /// - Throws: the first that the system refuses, after all have been tried.
    package func set(
        _ options: ListenerTCPOptions, insteadOf current: ListenerTCPOptions = ListenerTCPOptions(),
        at endpoint: Endpoint
    ) throws(SocketError) {
        guard case .ip(let address, _) = endpoint else { return }
        var refusal = set(options.connections, insteadOf: current.connections, forIPv6: address.isIPv6)
        if options.fastOpen != current.fastOpen, !setOption(Self.tcp, TCP_FASTOPEN, CInt(clamping: options.fastOpen)) {
            refusal = refusal ?? ("TCP_FASTOPEN", .current)
        }
        guard let refusal else { return }
        throw SocketError(operation: "set \(refusal.option) at", endpoint: endpoint, errno: refusal.errno)
    }

    /// Changes the length of the kernel's queue of a socket that listens (listen(2) again).
    package func setBacklog(_ backlog: Int, at endpoint: Endpoint) throws(SocketError) {
        guard Glibc.listen(descriptor, CInt(clamping: backlog)) == 0 else {
            throw SocketError(operation: "set the backlog at", endpoint: endpoint, errno: .current)
        }
    }

    /// Sets what differs.
    ///
    /// - Returns: the first option that the system refuses; all are tried.
    @discardableResult
    func set(
        _ options: TCPOptions, insteadOf current: TCPOptions = TCPOptions(), forIPv6 isIPv6: Bool
    ) -> (option: String, errno: SystemErrno)? {
        guard options != current else { return nil }
        var refusal: (option: String, errno: SystemErrno)?
        func set(_ level: CInt, _ name: CInt, _ value: CInt, _ option: String) {
            if !setOption(level, name, value) { refusal = refusal ?? (option, .current) }
        }
        if let keepalive = options.keepalive, keepalive != current.keepalive {
            set(Self.tcp, TCP_KEEPIDLE, CInt(clamping: keepalive.idle.components.seconds), "TCP_KEEPIDLE")
            set(Self.tcp, TCP_KEEPINTVL, CInt(clamping: keepalive.interval.components.seconds), "TCP_KEEPINTVL")
            set(Self.tcp, TCP_KEEPCNT, CInt(clamping: keepalive.count), "TCP_KEEPCNT")
        }
        if (options.keepalive == nil) != (current.keepalive == nil) {
            set(SOL_SOCKET, SO_KEEPALIVE, options.keepalive == nil ? 0 : 1, "SO_KEEPALIVE")
        }
        if options.userTimeout != current.userTimeout {
            set(Self.tcp, TCP_USER_TIMEOUT, options.userTimeout.wholeMilliseconds, "TCP_USER_TIMEOUT")
        }
        if options.serviceClass != current.serviceClass {
            // An IPv6 socket that takes IPv4 clients too sends their packets with IPv4's mark.
            set(CInt(IPPROTO_IP), IP_TOS, options.serviceClass.byte, "IP_TOS")
            if isIPv6 { set(CInt(IPPROTO_IPV6), IPV6_TCLASS, options.serviceClass.byte, "IPV6_TCLASS") }
        }
        return refusal
    }

    /// Binds it to the address to connect from; the port is chosen by connect(2), so that ports that are in use towards
    /// other servers count as free (ip(7), IP_BIND_ADDRESS_NO_PORT).
    ///
    /// - Returns: what the system refuses; `nil` when it is bound.
    func bind(from address: IPAddress, transparently: Bool) -> SystemErrno? {
        if transparently {
            let isSet =
                address.isIPv6
                ? setOption(CInt(IPPROTO_IPV6), IPV6_TRANSPARENT, CInt(1))
                : setOption(CInt(IPPROTO_IP), IP_TRANSPARENT, CInt(1))
            guard isSet else { return .current }
        }
        setOption(CInt(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, CInt(1))
        let source = SocketAddress(.ip(address, port: 0))
        return source.withPointer { Glibc.bind(descriptor, $0, $1) } == 0 ? nil : .current
    }

    /// Why connections cannot come from that address, found by trying it on a socket that connects nowhere; `nil` when
    /// they can.
    ///
    /// For ``SourceAddress/client`` it is asked whether we may speak for others (CAP_NET_RAW or CAP_NET_ADMIN).
    package static func reasonAgainst(connectingFrom source: SourceAddress) -> SystemErrno? {
        let address: IPAddress
        switch source {
        case .client: address = .loopback4
        case .address(let own): address = own
        }
        let descriptor = socket(
            address.isIPv6 ? AF_INET6 : AF_INET, CInt(SOCK_STREAM.rawValue) | nonblocking, 0)
        guard descriptor >= 0 else { return .current }
        let socket = Socket(descriptor: descriptor)
        defer { socket.close() }
        return socket.bind(from: address, transparently: source == .client)
    }

    private static var tcp: CInt { CInt(IPPROTO_TCP) }
}

/// What the kernel allows of TCP.
package enum TCPFeatures {
    /// Whether it takes data with a client's SYN (net.ipv4.tcp_fastopen, the bit for servers); `nil` where it does not
    /// say.
    package static var takesFastOpen: Bool? {
        let file = open("/proc/sys/net/ipv4/tcp_fastopen", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var text = [UInt8](repeating: 0, count: 32)
        let count = read(file, &text, text.count)
        guard count > 0 else { return nil }
        let digits = String(decoding: text.prefix(count), as: UTF8.self).prefix { $0.isASCII && $0.isNumber }
        return Int(digits).map { $0 & 2 != 0 }
    }
}

extension Duration {
    /// Rounded up: what is not zero must not become it.
    fileprivate var wholeMilliseconds: CInt {
        let (seconds, attoseconds) = components
        let part = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return CInt(clamping: seconds * 1000 + part)
    }
}

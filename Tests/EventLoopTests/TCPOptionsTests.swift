import Glibc
import RepriseEventLoop
import RepriseTestSupport
import RepriseVocabulary
import Testing

private let tcp = CInt(IPPROTO_TCP)
private let loopback6 = IPAddress(ipv6High: 0, low: 1)

/// What the kernel says of a socket's option.
private func option(_ level: CInt, _ name: CInt, _ socket: Socket) -> CInt {
    var value: CInt = -1
    var length = socklen_t(MemoryLayout<CInt>.size)
    getsockopt(socket.descriptor, level, name, &value, &length)
    return value
}

/// The most connections that a listening socket queues (tcp_diag's idiag_wqueue, which TCP_INFO has too).
private func backlog(_ socket: Socket) -> UInt32 {
    var info = tcp_info()
    var length = socklen_t(MemoryLayout<tcp_info>.size)
    getsockopt(socket.descriptor, tcp, TCP_INFO, &info, &length)
    return info.tcpi_sacked
}

/// Options that are all unlike the kernel's own.
private func some() -> TCPOptions {
    var options = TCPOptions()
    var keepalive = TCPOptions.Keepalive()
    (keepalive.idle, keepalive.interval, keepalive.count) = (.seconds(70), .seconds(11), 3)
    options.keepalive = keepalive
    options.userTimeout = .milliseconds(2500)
    options.serviceClass = ServiceClass(parsing: "af21") ?? .standard
    return options
}

/// Connects to a listening socket, and accepts there.
private func meet(
    _ listener: Socket, at endpoint: Endpoint? = nil, with options: UpstreamTCPOptions = UpstreamTCPOptions(),
    for client: IPAddress? = nil
) throws -> (client: Socket, accepted: Socket, from: Endpoint) {
    let endpoint = try #require(endpoint ?? listener.localEndpoint)
    let socket: Socket
    switch Socket.connect(to: endpoint, with: options, for: client) {
    case .connected(let made), .inProgress(let made): socket = made
    case .failed(let error): throw SocketError(operation: "connect to", endpoint: endpoint, errno: error)
    }
    var met: (Socket, Endpoint)?
    _ = eventually {
        if case .accepted(let made, let from) = listener.accept() { met = (made, from) }
        return met != nil
    }
    let (accepted, from) = try #require(met)
    return (socket, accepted, from)
}

private func listen(
    at address: IPAddress = .loopback4, _ change: (inout ListenerTCPOptions) -> Void = { _ in }
) throws -> Socket {
    var options = ListenerTCPOptions()
    options.sharesPort = false
    change(&options)
    return try Socket.listen(on: .ip(address, port: 0), with: options)
}

private func expect(_ socket: Socket, has options: TCPOptions, ipv6: Bool = false) {
    #expect(option(SOL_SOCKET, SO_KEEPALIVE, socket) == (options.keepalive == nil ? 0 : 1))
    if let keepalive = options.keepalive {
        #expect(option(tcp, TCP_KEEPIDLE, socket) == CInt(keepalive.idle.components.seconds))
        #expect(option(tcp, TCP_KEEPINTVL, socket) == CInt(keepalive.interval.components.seconds))
        #expect(option(tcp, TCP_KEEPCNT, socket) == CInt(keepalive.count))
    }
    #expect(option(tcp, TCP_USER_TIMEOUT, socket) == CInt(options.userTimeout / .milliseconds(1)))
    let mark = ipv6 ? option(CInt(IPPROTO_IPV6), IPV6_TCLASS, socket) : option(CInt(IPPROTO_IP), IP_TOS, socket)
    #expect(mark == options.serviceClass.byte)
}

@Suite struct TCPOptionsTests {
    @Test(arguments: [IPAddress.loopback4, loopback6])
    func `an accepted socket inherits every option of connections from the listener`(address: IPAddress) throws {
        let listener = try listen(at: address) { $0.connections = some() }
        let met = try meet(listener)
        expect(met.accepted, has: some(), ipv6: address.isIPv6)
        expect(met.client, has: TCPOptions(), ipv6: address.isIPv6)
    }

    @Test func `without options the kernel's own are left alone`() throws {
        let met = try meet(listen())
        expect(met.accepted, has: TCPOptions())
        expect(met.client, has: TCPOptions())
    }

    @Test func `an IPv6 socket takes IPv4 clients too where it is told to, and marks their packets`() throws {
        let unspecified = IPAddress(ipv6High: 0, low: 0)
        let listener = try listen(at: unspecified) {
            $0.takesIPv6Alone = false
            $0.connections = some()
        }
        #expect(listener.isDualStack)
        guard case .ip(_, let port)? = listener.localEndpoint else { throw CancellationError() }
        let met = try meet(listener, at: .ip(.loopback4, port: port))
        #expect(met.from.address == .loopback4)
        expect(met.accepted, has: some())
        #expect(try !listen(at: unspecified).isDualStack)
    }

    @Test func `options of a socket that listens change for the clients that come after, both ways`() throws {
        let listener = try listen()
        let endpoint = try #require(listener.localEndpoint)
        let before = try meet(listener)
        var options = ListenerTCPOptions()
        options.connections = some()
        try listener.set(options, at: endpoint)
        expect(try meet(listener).accepted, has: some())
        expect(before.accepted, has: TCPOptions())
        try listener.set(ListenerTCPOptions(), insteadOf: options, at: endpoint)
        expect(try meet(listener).accepted, has: TCPOptions())
    }

    @Test func `the queues are as long as they are told to be, and change while it listens`() throws {
        let listener = try listen {
            $0.backlog = 7
            $0.fastOpen = 5
        }
        #expect(backlog(listener) == 7)
        #expect(option(tcp, TCP_FASTOPEN, listener) == 5)
        let endpoint = try #require(listener.localEndpoint)
        try listener.setBacklog(9, at: endpoint)
        #expect(backlog(listener) == 9)
        var options = ListenerTCPOptions()
        options.fastOpen = 5
        try listener.set(ListenerTCPOptions(), insteadOf: options, at: endpoint)
        #expect(option(tcp, TCP_FASTOPEN, listener) == 0)
    }

    @Test func `a timeout that is not zero never becomes the kernel's own`() throws {
        let listener = try listen { $0.connections.userTimeout = .microseconds(10) }
        #expect(option(tcp, TCP_USER_TIMEOUT, listener) == 1)
    }

    @Test func `a Unix socket has none of it, and is no worse for that`() throws {
        let path = "@reprise-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        var options = ListenerTCPOptions()
        options.connections = some()
        options.fastOpen = 5
        let listener = try Socket.listen(on: .unix(path: path), with: options)
        var upstream = UpstreamTCPOptions()
        upstream.connections = some()
        upstream.source = .address(.loopback4)
        _ = try meet(listener, with: upstream)
    }
}

/// What is asked for where we connect.
@Suite struct UpstreamTCPOptionsTests {
    private func from(_ source: SourceAddress?) -> UpstreamTCPOptions {
        var options = UpstreamTCPOptions()
        options.source = source
        return options
    }

    @Test(arguments: [IPAddress.loopback4, loopback6])
    func `a connect has the options that are asked for`(address: IPAddress) throws {
        var options = UpstreamTCPOptions()
        options.connections = some()
        let met = try meet(listen(at: address), with: options)
        expect(met.client, has: some(), ipv6: address.isIPv6)
    }

    @Test func `a connect comes from the address that is asked for, at a port that connect chooses`() throws {
        let source = IPAddress(ipv4: 0x7f00_0009)
        let met = try meet(listen(), with: from(.address(source)))
        #expect(met.from.address == source)
        #expect(option(CInt(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, met.client) == 1)
    }

    @Test func `an address of another family is left out`() throws {
        #expect(try meet(listen(), with: from(.address(loopback6))).from.address == .loopback4)
        #expect(try meet(listen(), with: from(.client), for: loopback6).from.address == .loopback4)
        #expect(try meet(listen(), with: from(.client), for: nil).from.address == .loopback4)
    }

    @Test func `an address that this machine does not have fails the connect with its reason`() throws {
        let foreign = try #require(IPAddress(parsing: "192.0.2.77"))
        let endpoint = try #require(try listen().localEndpoint)
        guard case .failed(let errno) = Socket.connect(to: endpoint, with: from(.address(foreign))) else {
            Issue.record("it connects")
            return
        }
        #expect(errno == SystemErrno(EADDRNOTAVAIL))
        #expect(Socket.reasonAgainst(connectingFrom: .address(foreign)) == SystemErrno(EADDRNOTAVAIL))
        #expect(Socket.reasonAgainst(connectingFrom: .address(.loopback4)) == nil)
    }

    @Test(.enabled(if: Socket.reasonAgainst(connectingFrom: .client) == nil, "this process lacks CAP_NET_RAW"))
    func `with the right to do so a connect comes from the client's own address`() throws {
        let client = IPAddress(ipv4: 0x7f00_0007)
        let met = try meet(listen(), with: from(.client), for: client)
        #expect(met.from.address == client)
        #expect(option(CInt(IPPROTO_IP), IP_TRANSPARENT, met.client) == 1)
        // Of an address that is nobody's here the connect begins all the same; its answers go elsewhere.
        let foreign = try #require(IPAddress(parsing: "192.0.2.77"))
        let endpoint = try #require(try listen().localEndpoint)
        if case .failed(let errno) = Socket.connect(to: endpoint, with: from(.client), for: foreign) {
            #expect(errno != SystemErrno(EADDRNOTAVAIL))
        }
    }
}

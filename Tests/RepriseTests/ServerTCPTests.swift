import Foundation
import Glibc
import Logging
import Reprise
import RepriseEventLoop
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// The TCP options of a running server, as the kernel has them of its sockets.
@Suite struct ServerTCPTests {
    private let folder = RepriseProcess.temporaryFolder()
    private let text = Locked("")
    private let warnings = Locked<[String]>([])
    private let server: Server

    init() throws {
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        var options = Server.Options()
        let (text, warnings) = (text, warnings)
        options.logger = Logger(label: "test") { _ in WarningHandler(lines: warnings) }
        server = Server(.text(text.withLock { $0 }, relativeTo: folder.path), options)
    }

    /// Two workers, and a listener with those options.
    private func configure(_ tcp: String, bind: String = "127.0.0.1:0", upstream: String = "", port: Int = 1) {
        text.withLock {
            $0 = """
                workers: 2
                listeners:
                  - name: web
                    bind: ["\(bind)"]
                    router: app
                    tcp: { \(tcp) }
                    tls: { hosts: [{ names: [localhost], certificates: [{ chain: a.pem, key: a.key }] }] }
                upstreams: [{ name: app, servers: ["127.0.0.1:\(port)"], tcp: { dscp: 0\(upstream) } }]
                """
        }
    }

    private func start() async throws -> UInt16 {
        guard case .ip(_, let port)? = try await server.start().first?.endpoint else { throw CancellationError() }
        return port
    }

    /// The sockets of this process that listen on a port, each once.
    private func listeners(on port: UInt16) -> [CInt] {
        var seen: Set<UInt> = []
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return open.compactMap { CInt($0) }.filter { descriptor in
            var status = stat()
            return Self.option(descriptor, SOL_SOCKET, SO_ACCEPTCONN) == 1 && fstat(descriptor, &status) == 0
                && Self.port(of: descriptor) == port && seen.insert(status.st_ino).inserted
        }
    }

    /// Their options.
    private func listening(on port: UInt16) -> [(keepalive: CInt, idle: CInt, userTimeout: CInt, mark: CInt)] {
        listeners(on: port).map { descriptor in
            (
                Self.option(descriptor, SOL_SOCKET, SO_KEEPALIVE) ?? -1,
                Self.option(descriptor, CInt(IPPROTO_TCP), TCP_KEEPIDLE) ?? -1,
                Self.option(descriptor, CInt(IPPROTO_TCP), TCP_USER_TIMEOUT) ?? -1,
                Self.option(descriptor, CInt(IPPROTO_IP), IP_TOS) ?? -1
            )
        }
    }

    /// How many connections each of them queues, and how many of those by TCP Fast Open.
    private func queues(of port: UInt16) -> [(backlog: UInt32, fastOpen: CInt)] {
        listeners(on: port).map { descriptor in
            var info = tcp_info()
            var length = socklen_t(MemoryLayout<tcp_info>.size)
            getsockopt(descriptor, CInt(IPPROTO_TCP), TCP_INFO, &info, &length)
            // Of a socket that listens, the kernel tells its backlog there.
            return (info.tcpi_sacked, Self.option(descriptor, CInt(IPPROTO_TCP), TCP_FASTOPEN) ?? -1)
        }
    }

    private static func option(_ descriptor: CInt, _ level: CInt, _ name: CInt) -> CInt? {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, level, name, &value, &length) == 0 ? value : nil
    }

    private static func port(of descriptor: CInt) -> UInt16? {
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        // The port stands in the same place in both families.
        return result == 0 ? UInt16(bigEndian: address.sin6_port) : nil
    }

    /// The warnings of changes that wait for a restart; all of them once the server has ended.
    private var restarts: [String] { warnings.withLock { $0.filter { $0.contains("restart") } } }

    @Test func `a reload changes the options of sockets that stay open, and back`() async throws {
        configure("keepalive: { idle: 70s }, user_timeout: 3s, dscp: af21")
        let port = try await start()
        let made = listening(on: port)
        #expect(made.count == 2)
        #expect(made.allSatisfy { $0 == (1, 70, 3000, 72) }, "\(made)")
        configure("keepalive: { idle: 80s }")
        try await server.reload()
        let changed = listening(on: port)
        #expect(changed.count == 2 && changed.allSatisfy { $0 == (1, 80, 0, 0) }, "\(changed)")
        configure("")
        try await server.reload()
        #expect(listening(on: port).allSatisfy { $0.keepalive == 0 })
        await server.stop()
        #expect(restarts.isEmpty && !warnings.withLock { $0.contains { $0.contains("option") } })
    }

    @Test func `a reload changes the queues of sockets that stay open`() async throws {
        configure("backlog: 7, fast_open: 5")
        let port = try await start()
        #expect(queues(of: port).map { $0 == (7, 5) } == [true, true])
        configure("backlog: 9")
        try await server.reload()
        #expect(queues(of: port).map { $0 == (9, 0) } == [true, true])
        _ = try SocketClient(port: Int(port))
        await server.stop()
    }

    @Test func `a reload that is refused changes no option`() async throws {
        configure("user_timeout: 3s")
        let port = try await start()
        configure("user_timeout: 9s, backlog: 0")
        await #expect(throws: RepriseError.self) { try await server.reload() }
        #expect(listening(on: port).allSatisfy { $0.userTimeout == 3000 })
        await server.stop()
    }

    @Test func `workers accept from one socket where they are to, and a change of that waits, said once`() async throws
    {
        configure("reuse_port: false")
        let port = try await start()
        #expect(listening(on: port).count == 1)
        for _ in 0..<4 { _ = try SocketClient(port: Int(port)) }
        configure("")
        for _ in 0..<2 { try await server.reload() }
        #expect(listening(on: port).count == 1)
        await server.stop()
        #expect(restarts == ["a changed option needs a restart listener=web option=tcp.reuse_port"])
    }

    @Test func `a change back to what a socket was made with needs no restart`() async throws {
        configure("reuse_port: false")
        _ = try await start()
        configure("")
        try await server.reload()
        configure("reuse_port: false")
        try await server.reload()
        await server.stop()
        #expect(restarts.count == 1)
    }

    @Test func `an IPv6 bind takes IPv4 clients too where it is to, and a change of that waits`() async throws {
        configure("v6only: false", bind: "[::]:0")
        let port = try await start()
        _ = try SocketClient(port: Int(port))
        configure("v6only: true", bind: "[::]:0")
        try await server.reload()
        await server.stop()
        #expect(restarts == ["a changed option needs a restart listener=web option=tcp.v6only"])
    }

    @Test func `servers are reached from the address that the upstream names`() async throws {
        let upstream = try Socket.listen(on: .ip(.loopback4, port: 0), sharingPort: false, backlog: 8)
        guard case .ip(_, let upstreamPort)? = upstream.localEndpoint else { throw CancellationError() }
        configure("", upstream: ", source: 127.0.0.9, keepalive: { count: 2 }", port: Int(upstreamPort))
        let port = try await start()
        let client = try SocketClient(port: Int(port), sending: [1])
        var from: Endpoint?
        #expect(
            eventually {
                if case .accepted(_, let endpoint) = upstream.accept() { from = endpoint }
                return from != nil
            })
        #expect(from?.address?.description == "127.0.0.9")
        _ = client
        await server.stop()
    }

    @Test(.enabled(if: Socket.reasonAgainst(connectingFrom: .client) == nil, "this process lacks CAP_NET_RAW"))
    func `with the right to do so servers are reached from the client's own address`() async throws {
        let upstream = try Socket.listen(on: .ip(.loopback4, port: 0), sharingPort: false, backlog: 8)
        guard case .ip(_, let upstreamPort)? = upstream.localEndpoint else { throw CancellationError() }
        configure("", upstream: ", source: client", port: Int(upstreamPort))
        let port = try await start()
        let program = """
            import socket, ssl, sys
            context = ssl._create_unverified_context()
            raw = socket.create_connection(("127.0.0.1", int(sys.argv[1])), source_address=("127.0.0.7", 0))
            context.wrap_socket(raw, server_hostname="localhost").send(b"1")
            """
        let result = try await onOwnThread { try Shell.python(program, ["\(port)"]) }
        #expect(result.status == 0, "\(result.errors)")
        var from: Endpoint?
        #expect(
            eventually {
                if case .accepted(_, let endpoint) = upstream.accept() { from = endpoint }
                return from != nil
            })
        #expect(from?.address?.description == "127.0.0.7")
        await server.stop()
    }
}

/// Keeps warnings, with their fields.
private struct WarningHandler: LogHandler {
    let lines: Locked<[String]>
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.warning

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        guard event.level >= .warning else { return }
        let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
        lines.withLock { $0.append(event.message.description + fields.joined()) }
    }
}

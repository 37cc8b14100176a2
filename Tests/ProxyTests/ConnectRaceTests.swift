import Glibc
import RepriseEventLoop
import RepriseProxy
import RepriseRouting
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// A server with several addresses is reached at the first that takes the connection (RFC 8305).
@Suite struct ConnectRaceTests {
    /// A port whose queue is full: connects wait.
    final class Hole {
        let port: UInt16
        private let listener = Loopback.socket()
        private let filler = Loopback.socket()

        init() {
            port = UInt16(Loopback.freePorts(1)[0])
            var address = sockaddr_in()
            (address.sin_family, address.sin_port) = (sa_family_t(AF_INET), port.bigEndian)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            let isThere = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            #expect(isThere && listen(listener, 0) == 0 && Loopback.connect(filler, to: Int(port)))
        }

        deinit {
            close(filler)
            close(listener)
        }
    }

    /// Ports that refuse, and that nobody else can take meanwhile: bound, and not listened at.
    private final class Dead {
        let endpoints: [Endpoint]
        private let sockets: [Int32]

        init(_ count: Int) {
            let sockets = (0..<count).map { _ in Loopback.socket() }
            endpoints = sockets.map { descriptor in
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
                var length = socklen_t(MemoryLayout<sockaddr_in>.size)
                let isBound = withUnsafeMutablePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
                    }
                }
                #expect(isBound)
                return ConnectRaceTests.address(UInt16(bigEndian: address.sin_port))
            }
            self.sockets = sockets
        }

        deinit { sockets.forEach { close($0) } }
    }

    fileprivate static func address(_ port: UInt16) -> Endpoint { .ip(.loopback4, port: port) }

    /// What a client is sent by a server of those addresses, whose connect times out late.
    private static func answer(_ endpoints: [Endpoint]) async throws -> [UInt8] {
        var parts = TestWorker.Parts()
        parts.settings.timeouts.connect = .seconds(60)
        let worker = try await TestWorker(before: [UpstreamServer(id: "a", endpoints: endpoints)], parts)
        let port = worker.port
        let answer = try await onOwnThread { () -> [UInt8] in
            let client = try SocketClient(port: port, .init(serverName: "a.test"), sending: [7])
            repeat {
                if let bytes = try client.tls.read(), !bytes.isEmpty { return bytes }
            } while client.takeIn()
            return []
        }
        await worker.end()
        return answer
    }

    @Test func `an address that is silent is passed after a moment`() async throws {
        let (hole, good) = (Hole(), TestUpstream.echo())
        let endpoints = [Self.address(hole.port), Self.address(good.port)]
        #expect(try await Self.answer(endpoints) == [7] && good.accepted == 1)
        withExtendedLifetime(hole) {}
    }

    @Test func `an address that another has overtaken comes last for the next clients`() async throws {
        let (hole, good) = (Hole(), TestUpstream.echo())
        let (first, second, start) = (Self.address(hole.port), Self.address(good.port), Clocks.monotonic())
        let addresses = ServerAddresses([first, second])
        let worker = try await TestWorker(before: [UpstreamServer(id: "a", addresses: addresses, address: "a.test:1")])
        let port = worker.port
        try await onOwnThread { _ = try SocketClient.echoed(port: port, .init(serverName: "a.test")) }
        // By the time of then: on a slow machine it may be forgotten by now.
        #expect(addresses.nextOrder(at: start) == [second, first])
        await worker.end()
        withExtendedLifetime(hole) {}
    }

    @Test func `addresses that refuse beside a silent one are passed at once, and the last is reached`() async throws {
        let (hole, good) = (Hole(), TestUpstream.echo())
        let dead = Dead(2)
        let endpoints = [Self.address(hole.port)] + dead.endpoints + [Self.address(hole.port), Self.address(good.port)]
        #expect(try await Self.answer(endpoints) == [7] && good.accepted == 1)
        withExtendedLifetime((hole, dead)) {}
    }

    @Test func `addresses that refuse are no retries, one client finds out for all, and their server stays in`()
        async throws
    {
        let (good, spare) = (TestUpstream.echo(), TestUpstream.echo())
        // More than a connection may retry.
        let (dead, start) = (Dead(9), Clocks.monotonic())
        let addresses = ServerAddresses(dead.endpoints + [Self.address(good.port)])
        let worker = try await TestWorker(before: [
            UpstreamServer(id: "a", addresses: addresses, address: "a.test:1"),
            UpstreamServer(id: "spare", endpoints: [Self.address(spare.port)], isBackup: true),
        ])
        let port = worker.port
        try await onOwnThread {
            for _ in 0..<4 { _ = try SocketClient.echoed(port: port, .init(serverName: "a.test")) }
        }
        #expect(good.accepted == 4 && spare.accepted == 0)
        #expect(worker.group.conditions.map(\.condition.state) == [.up, .up])
        #expect(addresses.nextOrder(at: start).first == Self.address(good.port))
        await worker.end()
        withExtendedLifetime(dead) {}
    }

    @Test func `a server of which all addresses refuse has failed once`() async throws {
        let spare = TestUpstream.echo()
        let dead = Dead(3)
        let worker = try await TestWorker(before: [
            UpstreamServer(id: "a", endpoints: dead.endpoints),
            UpstreamServer(id: "spare", endpoints: [Self.address(spare.port)], isBackup: true),
        ])
        let port = worker.port
        for state in [ServerState.up, .ejected] {
            try await onOwnThread { _ = try SocketClient.echoed(port: port, .init(serverName: "a.test")) }
            #expect(worker.group.conditions[0].condition.state == state)
        }
        await worker.end()
        withExtendedLifetime(dead) {}
    }

    @Test func `an address that comes first has the connection, and no other is asked`() async throws {
        let (first, second) = (TestUpstream.echo(), TestUpstream.echo())
        #expect(try await Self.answer([Self.address(first.port), Self.address(second.port)]) == [7])
        #expect(first.accepted == 1 && second.accepted == 0)
    }
}

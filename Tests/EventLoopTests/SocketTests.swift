import Glibc
import RepriseEventLoop
import RepriseTestSupport
import RepriseVocabulary
import Synchronization
import Testing

private let anywhere = Endpoint.ip(.loopback4, port: 0)

/// A connected pair over loopback.
private func pair() throws -> (client: Socket, server: Socket, listener: Socket) {
    let listener = try Socket.listen(on: anywhere, sharingPort: false, backlog: 8)
    let endpoint = try #require(listener.localEndpoint)
    let client: Socket
    switch Socket.connect(to: endpoint) {
    case .connected(let socket), .inProgress(let socket): client = socket
    case .failed(let error): throw SocketError(operation: "connect to", endpoint: endpoint, errno: error)
    }
    var server: Socket?
    _ = eventually {
        if case .accepted(let socket, _) = listener.accept() { server = socket }
        return server != nil
    }
    return (client, try #require(server), listener)
}

private final class Recorder: Sendable {
    let seen = Locked<[Readiness]>([])
    let closesAtOnce: Bool
    init(closesAtOnce: Bool = false) { self.closesAtOnce = closesAtOnce }
    /// An event that notes what it is told; on the loop.
    func watch(_ socket: Socket, on loop: EventLoop) -> LoopEvent {
        // nonisolated(unsafe): touched on the loop, and after it has ended.
        nonisolated(unsafe) weak var watch: LoopEvent?
        let made = LoopEvent(.edges(of: socket), on: loop) { [self] readiness in
            seen.withLock { $0.append(readiness) }
            if closesAtOnce { watch?.close() }
        }
        watch = made
        return made
    }
    var all: Readiness { seen.withLock { $0.reduce(into: []) { $0.formUnion($1) } } }
    var count: Int { seen.withLock { $0.count } }
}

/// Activates its event anew in each callback, until it is told to rest.
private final class Restless: Sendable {
    private let calls = Atomic<Int>(0)
    private let isResting = Atomic<Bool>(false)
    var count: Int { calls.load(ordering: .relaxed) }
    func rest() { isResting.store(true, ordering: .releasing) }
    func watch(_ socket: Socket, on loop: EventLoop) -> LoopEvent {
        // nonisolated(unsafe): touched on the loop, and after it has ended.
        nonisolated(unsafe) weak var watch: LoopEvent?
        let made = LoopEvent(.edges(of: socket), on: loop) { [self] _ in
            calls.wrappingAdd(1, ordering: .relaxed)
            if !isResting.load(ordering: .acquiring) { watch?.activate(.readable) }
        }
        watch = made
        return made
    }
}

@Suite struct SocketTests {
    @Test func `an accepted socket inherits TCP_NODELAY from the listener`() throws {
        let (client, server, listener) = try pair()
        defer { for socket in [client, server, listener] { socket.close() } }
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        getsockopt(server.descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &value, &length)
        #expect(value == 1)
    }

    @Test func `a second listener is found although both would share the port`() throws {
        let first = try Socket.listen(on: anywhere, sharingPort: true, backlog: 8)
        defer { first.close() }
        let endpoint = try #require(first.localEndpoint)
        let second = try Socket.listen(on: endpoint, sharingPort: true, backlog: 8)
        second.close()
        let error = #expect(throws: SocketError.self) { try Socket.probe(endpoint) }
        #expect(error?.errno == SystemErrno(EADDRINUSE))
        #expect(error?.description.contains("address already in use (EADDRINUSE)") == true)
        #expect(throws: Never.self) { try Socket.probe(anywhere) }
    }

    @Test func `a Unix socket left behind is replaced, a living one is in use`() throws {
        let path = "/tmp/reprise-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).sock"
        defer { unlink(path) }
        let endpoint = Endpoint.unix(path: path)
        let first = try Socket.listen(on: endpoint, sharingPort: false, backlog: 8)
        #expect(throws: SocketError.self) { try Socket.listen(on: endpoint, sharingPort: false, backlog: 8) }
        first.close()
        // A process that another test starts holds all descriptors until it runs its program.
        var second: Socket?
        _ = eventually {
            second = try? Socket.listen(on: endpoint, sharingPort: false, backlog: 8)
            return second != nil
        }
        try #require(second).close()
    }

    @Test func `a reset reaches the peer as one`() throws {
        let (client, server, listener) = try pair()
        defer { for socket in [client, listener] { socket.close() } }
        server.reset()
        var buffer = [UInt8](repeating: 0, count: 8)
        var outcome = Socket.Transfer.wouldBlock
        _ = eventually {
            outcome = buffer.withUnsafeMutableBytes { client.receive(into: $0) }
            return outcome != .wouldBlock
        }
        #expect(outcome == .failed(.connectionReset))
    }

    @Test func `the watch tells bytes, an end behind them, and an end that comes later`() throws {
        try withLoop { loop in
            let (client, server, listener) = try pair()
            let recorder = Recorder()
            loop.execute {
                let watch = recorder.watch(server, on: loop)
                try? watch.start()
                loop.keep(watch)
            }
            #expect(eventually { recorder.all.contains(.writable) })
            _ = client.send([1, 2, 3].span.bytes)
            #expect(eventually { recorder.all.contains(.readable) })
            #expect(!recorder.all.contains(.peerClosed))
            client.shutdownWrite()
            #expect(eventually { recorder.all.contains(.peerClosed) })
            for socket in [client, server, listener] { socket.close() }
        }
    }

    @Test func `a refused connect is readable and writable, and the socket knows why`() throws {
        try withLoop { loop in
            let listener = try Socket.listen(on: anywhere, sharingPort: false, backlog: 8)
            let endpoint = try #require(listener.localEndpoint)
            listener.close()
            guard case .inProgress(let socket) = Socket.connect(to: endpoint) else { return }
            let recorder = Recorder()
            loop.execute {
                let watch = recorder.watch(socket, on: loop)
                try? watch.start()
                loop.keep(watch)
            }
            #expect(eventually { recorder.all.isSuperset(of: [.readable, .writable]) })
            #expect(socket.pendingError == ECONNREFUSED)
            socket.close()
        }
    }

    @Test func `watches that go on by themselves keep neither a timer nor another socket waiting`() throws {
        try withLoop { loop in
            let pairs: [(client: Socket, server: Socket, listener: Socket)] = try (0..<3).map { _ in try pair() }
            let busy = Restless()
            let quiet = Recorder()
            let rang = Atomic<Bool>(false)
            loop.execute {
                loop.keep(busy)
                loop.keep(quiet)
                for (_, server, _) in pairs.dropLast() {
                    let watch = busy.watch(server, on: loop)
                    try? watch.start()
                    loop.keep(watch)
                }
                let watch = quiet.watch(pairs[2].server, on: loop)
                try? watch.start()
                loop.keep(watch)
                let timer = LoopEvent.timer(on: loop) { rang.store(true, ordering: .releasing) }
                timer.schedule(after: .milliseconds(50))
                loop.keep(timer)
            }
            #expect(eventually { busy.count > 1000 })
            _ = pairs[2].client.send([1].span.bytes)
            #expect(eventually { rang.load(ordering: .acquiring) && quiet.all.contains(.readable) })
            busy.rest()
            for (client, server, listener) in pairs { for socket in [client, server, listener] { socket.close() } }
        }
    }

    @Test func `a watch closed in its own callback is not called again`() throws {
        try withLoop { loop in
            let (client, server, listener) = try pair()
            let recorder = Recorder(closesAtOnce: true)
            loop.execute {
                let watch = recorder.watch(server, on: loop)
                try? watch.start()
                watch.activate(.readable)
                loop.keep(watch)
            }
            #expect(eventually { recorder.count >= 1 })
            _ = client.send([1].span.bytes)
            let passed = Atomic<Bool>(false)
            loop.execute { passed.store(true, ordering: .releasing) }
            #expect(eventually { passed.load(ordering: .acquiring) })
            #expect(recorder.count == 1)
            for socket in [client, server, listener] { socket.close() }
        }
    }
}

import Glibc
import RepriseEventLoop
import RepriseTestSupport
import RepriseVocabulary
import Synchronization
import Testing

/// What an acceptor did, seen from the test's thread.
private final class Log: Sendable {
    let accepted = Locked<[Socket]>([])
    let pauses = Atomic<Int>(0)
    let resumes = Atomic<Int>(0)

    func acceptor(_ loop: EventLoop, _ listener: Socket) -> Acceptor {
        Acceptor(
            loop: loop, socket: listener,
            onAccept: { socket, _ in self.accepted.withLock { $0.append(socket) } },
            onPause: { _ in self.pauses.wrappingAdd(1, ordering: .relaxed) },
            onResume: { self.resumes.wrappingAdd(1, ordering: .relaxed) })
    }

    var count: Int { accepted.withLock { $0.count } }
    func closeAll() { accepted.withLock { for socket in $0 { socket.close() } } }
}

private func connect(_ count: Int, to endpoint: Endpoint) -> [Socket] {
    (0..<count).compactMap { _ in
        switch Socket.connect(to: endpoint) {
        case .connected(let socket), .inProgress(let socket): socket
        case .failed: nil
        }
    }
}

@Suite struct AcceptorTests {
    @Test func `a burst of clients is taken in whole`() throws {
        try withLoop { loop in
            let listener = try Socket.listen(on: .ip(.loopback4, port: 0), sharingPort: false, backlog: 512)
            let endpoint = try #require(listener.localEndpoint)
            let clients = connect(300, to: endpoint)
            let log = Log()
            loop.execute {
                let acceptor = log.acceptor(loop, listener)
                try? acceptor.start()
                loop.keep(acceptor)
            }
            #expect(eventually { log.count == 300 })
            for socket in clients { socket.close() }
            log.closeAll()
        }
    }

    @Test func `a listener that goes takes in whom the kernel has queued, and resets nobody`() throws {
        try withLoop { loop in
            // An address of its own: no other test listens on the port that becomes free.
            let address = Endpoint.ip(IPAddress(ipv4: 0x7f00_0062), port: 0)
            let listener = try Socket.listen(on: address, sharingPort: false, backlog: 512)
            let endpoint = try #require(listener.localEndpoint)
            let clients = connect(100, to: endpoint)
            let log = Log()
            let isClosed = Atomic<Bool>(false)
            loop.execute {
                log.acceptor(loop, listener).drainAndClose()
                isClosed.store(true, ordering: .releasing)
            }
            #expect(eventually { isClosed.load(ordering: .acquiring) })
            #expect(log.count == 100)
            for client in clients { #expect(client.pendingError == 0) }
            guard case .inProgress(let late) = Socket.connect(to: endpoint) else { return }
            #expect(eventually { late.pendingError == ECONNREFUSED })
            late.close()
            for socket in clients { socket.close() }
            log.closeAll()
        }
    }

    /// In a process of its own: it takes every descriptor that there is.
    @Test func `accepting pauses when descriptors run out, says so once, and goes on by itself`() async {
        await #expect(processExitsWith: .success) {
            exit(try pausesAndResumes() ? 0 : 1)
        }
    }
}

private func pausesAndResumes() throws -> Bool {
    try withLoop { loop in
        let listener = try Socket.listen(on: .ip(.loopback4, port: 0), sharingPort: false, backlog: 512)
        guard let endpoint = listener.localEndpoint else { return false }
        let log = Log()
        let clients = connect(4, to: endpoint)
        var fillers: [CInt] = []
        let top = (clients.map(\.descriptor).max() ?? 0) + 64
        var limit = rlimit(rlim_cur: rlim_t(top), rlim_max: rlim_t(top))
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        while true {
            let filler = open("/dev/null", O_RDONLY | O_CLOEXEC)
            if filler < 0 { break }
            fillers.append(filler)
        }
        loop.execute {
            let acceptor = log.acceptor(loop, listener)
            try? acceptor.start()
            loop.keep(acceptor)
        }
        guard eventually({ log.pauses.load(ordering: .relaxed) == 1 }) else { return false }
        for filler in fillers { close(filler) }
        guard eventually({ log.count == 4 }) else { return false }
        return log.pauses.load(ordering: .relaxed) == 1 && log.resumes.load(ordering: .relaxed) == 1
    }
}

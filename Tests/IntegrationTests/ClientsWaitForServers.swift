import Foundation
import Glibc
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Where all servers are down or full, clients wait for one, in order and within limits; then they are told.
@Suite(.waits) struct ClientsWaitForServers {
    private func named(_ name: UInt8) -> TestUpstream {
        TestUpstream { peer in
            peer.send([name, 10])
            while case .bytes = peer.receive() {}
            peer.close()
        }
    }

    private func start(_ group: String, server: String, workers: Int = 1) throws -> RepriseProcess {
        var configuration = TestConfiguration()
        configuration.servers = [server]
        configuration.group = group
        configuration.top = "workers: \(workers)\nadmin: { bind: \"127.0.0.1:0\" }"
        return try configuration.start()
    }

    /// A client that has said something, and has no answer yet.
    private func arrived(_ reprise: RepriseProcess, version: TLSVersion = .tls1_3) throws -> SocketClient {
        var options = MemoryClient.Options(serverName: "localhost")
        options.maximumVersion = version
        return try SocketClient(port: reprise.port(), options, sending: [7])
    }

    /// The first byte that it is answered; `nil` when it gets none.
    private func answer(_ client: SocketClient) -> UInt8? {
        repeat {
            if let bytes = try? client.tls.read(), let name = bytes.first { return name }
        } while client.takeIn()
        return nil
    }

    private func waiting(_ reprise: RepriseProcess, _ count: Double) -> Bool {
        eventually { (try? reprise.metric("reprise_upstream_waiting{upstream=\"app\"}")) == count }
    }

    private func waits(_ reprise: RepriseProcess, _ result: QueueResult) throws -> Double {
        try reprise.metric("reprise_upstream_waits_total{upstream=\"app\",result=\"\(result.word)\"}")
    }

    @Test(arguments: [1, 2]) func `a server that is full serves the next when one leaves`(workers: Int) throws {
        let upstream = named(1)
        let reprise = try start(
            "queue: { connections: 10, time: 15s }",
            server: "{ address: \"127.0.0.1:\(upstream.port)\", max_connections: 1 }",
            workers: workers)
        var first: SocketClient? = try arrived(reprise)
        #expect(first.flatMap(answer) == 1)
        // One after the other: workers queue them in the order in which they come to it.
        let others = try (1...3).map { count in
            let client = try arrived(reprise)
            #expect(waiting(reprise, Double(count)))
            return client
        }
        #expect(upstream.accepted == 1)
        first?.reset()
        first = nil
        for (number, client) in others.enumerated() {
            #expect(answer(client) == 1, "\(number)")
            client.reset()
        }
        #expect(waiting(reprise, 0) && upstream.accepted == 4)
        #expect(try waits(reprise, .served) == 3)
    }

    @Test func `who finds the queue full is refused at once, and who waits too long is refused then`() throws {
        let upstream = named(1)
        let reprise = try start(
            "queue: { connections: 1, time: 300ms }",
            server: "{ address: \"127.0.0.1:\(upstream.port)\", max_connections: 1 }")
        let first = try arrived(reprise)
        #expect(answer(first) == 1)
        let late = try arrived(reprise)
        #expect(waiting(reprise, 1))
        #expect(answer(try arrived(reprise)) == nil)
        #expect(try waits(reprise, .refused) == 1)
        #expect(answer(late) == nil)
        #expect(try waits(reprise, .late) == 1)
        #expect(reprise.closedConnection()["ending"] == "upstream_unreachable")
        withExtendedLifetime(first) {}
    }

    @Test func `a client that leaves gives its place up`() throws {
        let upstream = named(1)
        let reprise = try start(
            "queue: { connections: 1, time: 15s }",
            server: "{ address: \"127.0.0.1:\(upstream.port)\", max_connections: 1 }")
        let first = try arrived(reprise)
        #expect(answer(first) == 1)
        let gone = try arrived(reprise)
        #expect(waiting(reprise, 1))
        gone.reset()
        #expect(waiting(reprise, 0))
        let next = try arrived(reprise)
        #expect(waiting(reprise, 1))
        first.reset()
        #expect(answer(next) == 1)
    }

    @Test func `clients wait for a server that is down until a check finds it well`() throws {
        let port = Loopback.freePorts(1)[0]
        let reprise = try start(
            "queue: { connections: 50, time: 15s }\n    health: { interval: 20ms, rise: 1 }",
            server: "\"127.0.0.1:\(port)\"",
            workers: 2)
        #expect(reprise.waitForLine { $0["state"] == "down" } != nil)
        let clients = try (0..<20).map { _ in try arrived(reprise) }
        #expect(waiting(reprise, 20))
        let program = """
            import socket,threading
            server=socket.create_server(('127.0.0.1',\(port)),backlog=64)
            def serve(c):
                c.sendall(b'\\x03\\n')
                while c.recv(4096): pass
            while True: threading.Thread(target=serve,args=[server.accept()[0]],daemon=True).start()
            """
        let server = try ChildProcess(["python3", "-c", program])
        defer { server.signal(SIGKILL) }
        #expect(clients.allSatisfy { answer($0) == 3 })
        #expect(waiting(reprise, 0))
    }

    @Test(arguments: [UnreachableFarewell.reset, .close, .alert], [TLSVersion.tls1_2, .tls1_3])
    func `a client for whom there is no server is left as the group says`(
        farewell: UnreachableFarewell, version: TLSVersion
    )
        throws
    {
        let reprise = try start("unreachable: \(farewell.word)", server: "\"127.0.0.1:1\"")
        let client = try arrived(reprise, version: version)
        #expect(answer(client) == nil)
        let line = reprise.closedConnection()
        #expect(line["ending"] == "upstream_unreachable", "\(line)")
        let isInOrder = farewell == .close || farewell == .alert && version == .tls1_2
        #expect(client.tls.hasReceivedShutdown == isInOrder)
    }
}

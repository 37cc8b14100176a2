import Glibc
import RepriseProxy
import RepriseRouting
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// What a group's loads say of connections.
@Suite struct BalancedConnectionTests {
    private func worker(
        _ servers: [UpstreamServer], _ policy: BalancePolicy = .leastConnections
    ) async throws -> TestWorker {
        var parts = TestWorker.Parts()
        parts.balancing = Balancing(policy)
        return try await TestWorker(before: servers, parts)
    }

    private func server(_ upstream: TestUpstream, _ id: String) -> UpstreamServer {
        TestWorker.server(Int(upstream.port), id: id)
    }

    @Test func `connections that stay are spread over the servers, and those that end make room`() async throws {
        let (first, second) = (TestUpstream.echo(), TestUpstream.echo())
        let worker = try await worker([server(first, "a"), server(second, "b")])
        let (port, group) = (worker.port, worker.group)
        try await onOwnThread {
            var clients: [SocketClient] = []
            for count in 1...6 {
                clients.append(try TestWorker.connect(port, sending: [1]))
                #expect(eventually { first.accepted + second.accepted == count })
            }
            #expect(eventually { group.load(of: 0) == 3 && group.load(of: 1) == 3 })
            // In order, by a FIN without close_notify, and by a reset.
            clients[0].tls.sendCloseNotify()
            clients[0].flush()
            clients[1].shutdownWrite()
            clients[2].reset()
            #expect(eventually { group.loads.connections == 3 })
            for client in clients[3...] { client.reset() }
            #expect(eventually { group.loads.connections == 0 })
        }
        await worker.end()
    }

    @Test(arguments: BalancePolicy.allCases)
    func `a server that does not take connections has none`(_ policy: BalancePolicy) async throws {
        let alive = TestUpstream.echo()
        let dead = UpstreamServer(
            id: "dead", endpoints: [.unix(path: "/nonexistent/one"), .unix(path: "/nonexistent/two")])
        let worker = try await worker([dead, server(alive, "alive")], policy)
        let (port, group) = (worker.port, worker.group)
        try await onOwnThread {
            var clients: [SocketClient] = []
            for count in 1...8 {
                clients.append(try TestWorker.connect(port, sending: [1]))
                #expect(eventually { alive.accepted == count && group.load(of: 1) == count })
            }
            #expect(group.load(of: 0) == 0)
            for client in clients { client.reset() }
            #expect(eventually { group.loads.connections == 0 })
        }
        await worker.end()
    }

    @Test func `a connection that no server takes, and one that the upstream ends, leave no load`() async throws {
        let brief = TestUpstream { peer in peer.close() }
        let rude = TestUpstream { peer in peer.reset() }
        let dead = UpstreamServer(id: "dead", endpoints: [.unix(path: "/nonexistent/one")])
        for servers in [[dead], [server(brief, "brief")], [server(rude, "rude")]] {
            let worker = try await worker(servers)
            let (port, group) = (worker.port, worker.group)
            try await onOwnThread {
                let client = try TestWorker.connect(port)
                repeat {
                    while let bytes = try? client.tls.read(), !bytes.isEmpty {}
                } while !client.tls.hasReceivedShutdown && client.takeIn()
                // One that the upstream has closed in order is half open until the client ends, too.
                if servers[0].id == "brief" { client.reset() }
                #expect(eventually { group.loads.connections == 0 }, "\(servers[0].id)")
                withExtendedLifetime(client) {}
            }
            await worker.end()
        }
    }

    @Test func `connections that are killed leave no load`() async throws {
        let upstream = TestUpstream.echo()
        let worker = try await worker([server(upstream, "a")], .roundRobin)
        let (port, group) = (worker.port, worker.group)
        try await onOwnThread {
            let client = try TestWorker.connect(port, sending: [1])
            #expect(eventually { group.loads.connections == 1 })
            withExtendedLifetime(client) {}
        }
        await worker.end()
        #expect(group.loads.connections == 0)
    }
}

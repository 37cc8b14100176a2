import RepriseProxy
import RepriseResumption
import RepriseRouting
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Clients that resume go to the server that their session remembers.
@Suite struct AffinityTests {
    /// Upstreams that say their number.
    private let upstreams = (0..<4).map { number in
        TestUpstream { peer in
            peer.send([UInt8(number)])
            peer.sendBackAll()
            peer.close()
        }
    }

    private func servers(_ count: Int = 4) -> [UpstreamServer] {
        (0..<count).map { TestWorker.server(Int(upstreams[$0].port), id: "s\($0)") }
    }

    private func worker(
        _ servers: [UpstreamServer], _ mode: SessionMode = .both, bound: LoadBound = .unlimited,
        domain: SessionDomain? = nil, group: String = "app"
    ) async throws -> TestWorker {
        var parts = TestWorker.Parts()
        parts.balancing.affinity = .session
        parts.balancing.affinityBound = bound
        parts.settings.ticketsWaitForUpstream = true
        parts.tls = MemoryServer.settings(mode: mode)
        parts.domain = domain
        parts.group = group
        return try await TestWorker(before: servers, parts)
    }

    /// Visits, says which server it was, and what to come back with.
    private static func visit(
        _ port: Int, _ carrier: SessionCarrier, resuming session: MemoryClient.Session? = nil
    ) throws -> (server: Int, session: MemoryClient.Session) {
        let client = try SocketClient(port: port, carrier.client(resuming: session))
        #expect(client.tls.wasResumed == (session != nil))
        var server: Int?
        while server == nil {
            if let bytes = try client.tls.read(), let first = bytes.first {
                server = Int(first)
            } else if !client.takeIn() {
                break
            }
        }
        client.tls.sendCloseNotify()
        client.flush()
        while client.takeIn() {}
        // In TLS 1.2 a resumed session need not be renewed.
        return (try #require(server), try #require(client.tls.sessions.last ?? session))
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a client comes back to its server, as often as it resumes`(_ carrier: SessionCarrier) async throws {
        let worker = try await worker(servers(), carrier.mode)
        let port = worker.port
        try await onOwnThread {
            // Round robin alone would give each visit another server.
            var clients = try (0..<8).map { _ in try Self.visit(port, carrier) }
            #expect(Set(clients.map(\.server)).count == 4)
            for _ in 0..<5 {
                for index in clients.indices {
                    let again = try Self.visit(port, carrier, resuming: clients[index].session)
                    #expect(again.server == clients[index].server)
                    clients[index] = again
                }
            }
        }
        #expect(worker.has("reprise_affinity_total{upstream=\"app\",result=\"kept\"} 40"), "\(worker.metrics)")
        #expect(worker.has("reprise_affinity_total{upstream=\"app\",result=\"new\"} 8"))
        await worker.end()
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a client whose server is down goes elsewhere, and stays there`(_ carrier: SessionCarrier) async throws {
        let domain = try TestWorker.domain()
        let all = try await worker(servers(), carrier.mode, domain: domain)
        let port = all.port
        let clients = try await onOwnThread { try (0..<8).map { _ in try Self.visit(port, carrier) } }
        await all.end()
        // The server s1 is where nobody listens now, under the same id and address.
        var some = servers()
        some[1] = UpstreamServer(id: "s1", endpoints: [.unix(path: "/nonexistent/s")], address: some[1].address)
        let rest = try await worker(some, carrier.mode, domain: domain)
        let second = rest.port
        try await onOwnThread {
            var moved: [Int] = []
            for client in clients {
                let again = try Self.visit(second, carrier, resuming: client.session)
                #expect(client.server == 1 ? again.server != 1 : again.server == client.server)
                if client.server == 1 { moved.append(again.server) }
                let third = try Self.visit(second, carrier, resuming: again.session)
                #expect(third.server == again.server, "it remembers the new one")
            }
            #expect(moved.count == 2)
        }
        #expect(rest.has("reprise_affinity_total{upstream=\"app\",result=\"moved\"} 2"), "\(rest.metrics)")
        #expect(rest.has("reprise_affinity_total{upstream=\"app\",result=\"kept\"} 14"))
        await rest.end()
    }

    @Test(arguments: ["gone", "address", "group"])
    func `a memory that fits no server any more is no memory`(_ change: String) async throws {
        let domain = try TestWorker.domain()
        let first = try await worker(servers(), domain: domain)
        let port = first.port
        let client = try await onOwnThread { try Self.visit(port, .stateless) }
        #expect(client.server == 0)
        await first.end()
        let changed =
            switch change {
            case "gone": Array(servers().dropFirst())
            case "address": [TestWorker.server(Int(upstreams[1].port), id: "s0")]
            default: servers()
            }
        let second = try await worker(changed, domain: domain, group: change == "group" ? "other" : "app")
        let again = second.port
        try await onOwnThread {
            let visit = try Self.visit(again, .stateless, resuming: client.session)
            #expect(change == "group" || visit.server == 1)
        }
        let (group, result) = change == "group" ? ("other", "other_group") : ("app", "gone")
        #expect(second.has("reprise_affinity_total{upstream=\"\(group)\",result=\"\(result)\"} 1"), "\(second.metrics)")
        await second.end()
    }

    @Test func `affinity gives way where it would load a server with more than its share`() async throws {
        let worker = try await worker(servers(2), bound: .share(1.5))
        let port = worker.port
        try await onOwnThread {
            let first = try Self.visit(port, .stateless)
            // One open connection at the server, which is all there is.
            let open = try SocketClient(port: port, SessionCarrier.stateless.client(resuming: first.session))
            #expect(eventually { worker.has("reprise_upstream_connections_open{upstream=\"app\",server=\"s0\"} 1") })
            let second = try Self.visit(port, .stateless, resuming: first.session)
            #expect(second.server == 1 - first.server)
            withExtendedLifetime(open) {}
        }
        #expect(worker.has("reprise_affinity_total{upstream=\"app\",result=\"overloaded\"} 1"), "\(worker.metrics)")
        await worker.end()
    }
}

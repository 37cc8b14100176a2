import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// What decides whether a session is kept: how its connection ended, where it came from, and how old it is.
@Suite struct SessionEndTests {
    /// The three ways a session is carried.
    enum Carrier: CaseIterable {
        case identifier, ticket, psk

        var version: TLSVersion { self == .psk ? .tls1_3 : .tls1_2 }

        var means: HandshakeSummary.Resumption {
            switch self {
            case .identifier: .sessionID
            case .ticket: .ticket
            case .psk: .psk
            }
        }
    }

    private func pair(
        _ context: MemoryListener, _ carrier: Carrier, name: String = "a.test", resuming: MemoryClient.Session? = nil
    ) throws -> MemoryPair {
        var options = MemoryClient.Options(serverName: name)
        options.maximumVersion = carrier.version
        options.offersTickets = carrier != .identifier
        options.resuming = resuming
        let pair = try MemoryPair.connected(context, options)
        return pair
    }

    private static let endings: [(name: String, end: @Sendable (MemoryPair) -> Void)] = [
        (
            "both close_notify",
            { pair in
                pair.client.sendCloseNotify()
                _ = pair.serverReads()
                pair.server.sendCloseNotify()
            }
        ),
        (
            "a bare FIN",
            { pair in
                _ = pair.serverReads(andEnd: true)
                pair.server.sendCloseNotify()
            }
        ),
        (
            "a FIN behind our close_notify",
            { pair in
                pair.server.sendCloseNotify()
                _ = pair.serverReads(andEnd: true)
            }
        ),
        ("abandoned", { $0.server.markShutdown() }),
        (
            "abandoned behind a FIN",
            { pair in
                _ = pair.serverReads(andEnd: true)
                pair.server.markShutdown()
            }
        ),
        (
            "a FIN in the middle of a record",
            { pair in
                _ = pair.serverReads([23, 3, 3, 0, 100, 1], andEnd: true)
                pair.server.sendCloseNotify()
            }
        ),
    ]

    @Test(arguments: Carrier.allCases, endings.indices)
    func `each kind of session survives each ending, also of a connection that resumed it`(
        _ carrier: Carrier, _ ending: Int
    ) throws {
        let context = try MemoryServer.context()
        let first = try pair(context, carrier)
        var session = try #require(first.client.sessions.last)
        Self.endings[ending].end(first)
        first.server.close()
        for _ in 0..<2 {
            let again = try pair(context, carrier, resuming: session)
            #expect(again.server.summary.resumed == carrier.means, "after \(Self.endings[ending].name)")
            #expect(again.client.wasResumed)
            session = again.client.sessions.last ?? session
            Self.endings[ending].end(again)
            again.server.close()
        }
    }

    @Test(arguments: Carrier.allCases)
    func `a connection that breaks takes no other connection's session along`(_ carrier: Carrier) throws {
        let context = try MemoryServer.context()
        let kept = try pair(context, carrier)
        let session = try #require(kept.client.sessions.last)
        let broken = try pair(context, carrier)
        try broken.client.write([1])
        var record = broken.client.takeOutput()
        record[record.count - 1] ^= 1
        _ = broken.serverReads(record)
        broken.server.close()
        kept.server.sendCloseNotify()
        kept.server.close()
        #expect(try pair(context, carrier, resuming: session).server.summary.resumed == carrier.means)
    }

    @Test(arguments: Carrier.allCases)
    func `a session of host A stays host A's, though B offers the same certificate`(_ carrier: Carrier) throws {
        let certificates = [MemoryServer.certificate(names: ["a.test", "b.test"])]
        let context = try MemoryServer.context(hosts: [
            MemoryServer.host("a.test", certificates: certificates),
            MemoryServer.host("b.test", certificates: certificates),
        ])
        let first = try pair(context, carrier)
        let session = try #require(first.client.sessions.last)
        first.server.sendCloseNotify()
        first.server.close()
        #expect(try pair(context, carrier, name: "b.test", resuming: session).server.summary.resumed == .no)
        // The attempt has not spoilt it where it belongs.
        #expect(try pair(context, carrier, name: "a.test", resuming: session).server.summary.resumed == carrier.means)
    }

    @Test(arguments: Carrier.allCases)
    func `with sessions off a session from before the reload is not resumed`(_ carrier: Carrier) throws {
        let domain = MemoryServer.domain()
        let before = try pair(MemoryServer.context(domain: domain), carrier)
        let session = try #require(before.client.sessions.last)
        let context = try MemoryServer.context(MemoryServer.settings(mode: .off), domain: domain)
        let after = try pair(context, carrier, resuming: session)
        #expect(after.server.summary.resumed == .no)
        #expect(!after.client.wasResumed)
        #expect(after.client.sessions.allSatisfy { $0.ticketBytes == 0 })
        #expect(!after.server.ticketsAreWaiting)
    }

    @Test(arguments: [Carrier.ticket, .psk])
    func `a ticket with one bit changed is a full handshake, not a failure`(_ carrier: Carrier) throws {
        let context = try MemoryServer.context(MemoryServer.settings(mode: .stateless))
        let first = try pair(context, carrier)
        let session = try #require(first.client.sessions.last)
        var damaged = session
        damaged.damageTicket()
        #expect(try pair(context, carrier, resuming: damaged).server.summary.resumed == .no)
        #expect(try pair(context, carrier, resuming: session).server.summary.resumed == carrier.means)
    }

    @Test func `a session is not resumed by another version than its own`() throws {
        let context = try MemoryServer.context()
        let session = try #require(try pair(context, .ticket).client.sessions.last)
        var options = MemoryClient.Options(serverName: "a.test")
        options.resuming = session
        options.minimumVersion = .tls1_3
        // libssl's own client does not offer it, which is as good.
        let pair = try MemoryPair(server: context, client: options)
        let progress = pair.handshake()
        #expect(progress == .done || progress == .wantsInput)
        #expect(pair.server.summary.resumed == .no)
    }
}

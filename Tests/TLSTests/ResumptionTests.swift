import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@Suite struct ResumptionTests {
    /// A full handshake, and the sessions that the client got by it.
    private func sessions(
        from context: MemoryListener, _ version: TLSVersion, name: String = "a.test", offersTickets: Bool = true,
        ending: (MemoryPair) throws -> Void = { $0.server.sendCloseNotify() }
    ) throws -> [MemoryClient.Session] {
        var options = MemoryClient.Options(serverName: name)
        options.maximumVersion = version
        options.offersTickets = offersTickets
        let pair = try MemoryPair.connected(context, options)
        #expect(pair.server.summary.resumed == .no)
        let given = pair.client.sessions
        try ending(pair)
        pair.server.close()
        return given
    }

    private func resume(
        _ session: MemoryClient.Session, at context: MemoryListener, _ version: TLSVersion, name: String = "a.test",
        offersTickets: Bool = true
    ) throws -> HandshakeSummary {
        var options = MemoryClient.Options(serverName: name)
        options.maximumVersion = version
        options.offersTickets = offersTickets
        options.resuming = session
        let pair = try MemoryPair.connected(context, options)
        #expect(pair.client.wasResumed == (pair.server.summary.resumed != .no))
        return pair.server.summary
    }

    @Test(arguments: [
        (SessionMode.both, TLSVersion.tls1_2, true, HandshakeSummary.Resumption.ticket),
        (.both, .tls1_2, false, .sessionID), (.both, .tls1_3, true, .psk), (.stateless, .tls1_2, true, .ticket),
        (.stateless, .tls1_3, true, .psk), (.stateful, .tls1_2, true, .sessionID),
        (.stateful, .tls1_2, false, .sessionID),
        (.stateful, .tls1_3, true, .psk),
    ])
    func `each mode resumes by its own means`(
        _ mode: SessionMode, _ version: TLSVersion, _ tickets: Bool, _ means: HandshakeSummary.Resumption
    ) throws {
        let context = try MemoryServer.context(MemoryServer.settings(mode: mode))
        let given = try sessions(from: context, version, offersTickets: tickets)
        let session = try #require(given.last)
        let summary = try resume(session, at: context, version, offersTickets: tickets)
        #expect(summary.resumed == means)
        #expect(summary.version == version)
        if version == .tls1_3 { #expect((session.ticketBytes > 32) == (mode != .stateful)) }
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `with sessions off nothing is promised and nothing resumes`(_ version: TLSVersion) throws {
        let context = try MemoryServer.context(MemoryServer.settings(mode: .off))
        let given = try sessions(from: context, version)
        // A TLS 1.2 session without an id and a ticket is one that the client has for itself.
        #expect(given.allSatisfy { $0.ticketBytes == 0 })
        if version == .tls1_3 { #expect(given.isEmpty) }
        for session in given { #expect(try resume(session, at: context, version).resumed == .no) }
        #expect(context.domain.store.counts.entries == 0)
    }

    @Test func `a stateless listener remembers nothing`() throws {
        let context = try MemoryServer.context(MemoryServer.settings(mode: .stateless))
        for version in [TLSVersion.tls1_2, .tls1_3] { _ = try sessions(from: context, version) }
        _ = try sessions(from: context, .tls1_2, offersTickets: false)
        #expect(context.domain.store.counts.entries == 0)
    }

    @Test func `as many tickets come as are set`() throws {
        for count in [0, 1, 3] {
            let context = try MemoryServer.context(MemoryServer.settings(ticketsFull: count))
            #expect(try sessions(from: context, .tls1_3).count == count)
        }
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `a ticket of one worker resumes at another, by the shared key alone`(_ version: TLSVersion) throws {
        let domain = MemoryServer.domain()
        let session = try #require(try sessions(from: MemoryServer.context(domain: domain), version).last)
        #expect(try resume(session, at: MemoryServer.context(domain: domain), version).resumed != .no)
        #expect(try resume(session, at: MemoryServer.context(), version).resumed == .no)
        let elsewhere = MemoryServer.settings(domain: "another")
        #expect(try resume(session, at: MemoryServer.context(elsewhere, domain: domain), version).resumed == .no)
    }

    @Test(arguments: [SessionMode.both, .stateful], [TLSVersion.tls1_2, .tls1_3])
    func `a session never crosses to another host`(_ mode: SessionMode, _ version: TLSVersion) throws {
        let context = try MemoryServer.context(
            MemoryServer.settings(mode: mode), hosts: [MemoryServer.host("a.test"), MemoryServer.host("b.test")])
        for tickets in [true, false] where version == .tls1_2 || tickets {
            let session = try #require(
                try sessions(from: context, version, name: "a.test", offersTickets: tickets).last)
            let other = try resume(session, at: context, version, name: "b.test", offersTickets: tickets)
            #expect(other.resumed == .no)
            #expect(other.hostID == "b.test")
        }
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `a session survives every ending that is no protocol error`(_ version: TLSVersion) throws {
        let endings: [(name: String, end: (MemoryPair) throws -> Void)] = [
            (
                "both in order",
                { pair in
                    pair.client.sendCloseNotify()
                    _ = pair.serverReads()
                    pair.server.sendCloseNotify()
                }
            ),
            ("ours first", { $0.server.sendCloseNotify() }),
            (
                "a bare end, then our close_notify",
                { pair in
                    #expect(pair.serverReads(andEnd: true).progress == .truncated)
                    pair.server.sendCloseNotify()
                }
            ),
            (
                "our close_notify, then a bare end",
                { pair in
                    pair.server.sendCloseNotify()
                    #expect(pair.serverReads(andEnd: true).progress == .truncated)
                }
            ),
            ("a dead socket", { $0.server.markShutdown() }),
            (
                "a dead socket behind a bare end",
                { pair in
                    _ = pair.serverReads(andEnd: true)
                    pair.server.markShutdown()
                }
            ),
        ]
        for (name, end) in endings {
            let context = try MemoryServer.context(MemoryServer.settings(mode: .stateful))
            let session = try #require(try sessions(from: context, version, ending: end).last)
            #expect(context.domain.store.counts.entries == 1, "\(name)")
            #expect(try resume(session, at: context, version).resumed != .no, "\(name)")
        }
    }

    @Test func `a session resumed through a HelloRetryRequest is resumed`() throws {
        let context = try MemoryServer.context()
        let session = try #require(try sessions(from: context, .tls1_3).last)
        var options = MemoryClient.Options(serverName: "a.test")
        options.groups = "X448:P-256"
        options.resuming = session
        let pair = try MemoryPair.connected(context, options)
        #expect(pair.server.summary.resumed == .psk)
    }
}

import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// A single-use session that comes to two workers at once.
@Suite struct SingleUseRaceTests {
    private static func listener(_ domain: SessionDomain) throws -> MemoryListener {
        var settings = MemoryServer.settings()
        settings.sessions.isSingleUse = true
        return try MemoryServer.context(settings, domain: domain)
    }

    /// Offers every session, and says which were resumed.
    private static func resume(_ sessions: [MemoryClient.Session], in domain: SessionDomain) throws -> [Bool] {
        let listener = try listener(domain)
        return try sessions.map { session in
            let pair = try MemoryPair(server: listener, client: SessionCarrier.stateless.client(resuming: session))
            #expect(pair.handshake() == .done)
            pair.server.sendCloseNotify()
            return pair.client.wasResumed
        }
    }

    @Test func `one of them resumes it, and the other makes a full handshake`() async throws {
        let domain = MemoryServer.domain()
        let listener = try Self.listener(domain)
        let sessions = try (0..<200).map { _ in
            let pair = try MemoryPair.connected(listener, SessionCarrier.stateless.client())
            pair.server.sendCloseNotify()
            return try #require(pair.client.sessions.last)
        }
        async let first = onOwnThread { try Self.resume(sessions, in: domain) }
        async let second = onOwnThread { try Self.resume(sessions, in: domain) }
        let (one, other) = (try await first, try await second)
        #expect(zip(one, other).allSatisfy { $0 != $1 }, "\(zip(one, other).filter { $0 == $1 })")
    }
}

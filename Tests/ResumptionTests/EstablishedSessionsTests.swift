import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Synchronization
import Testing

/// S5 and S6: every session that a client is given is seen, in order.
@Suite struct EstablishedSessionsTests {
    private final class Recorder: SessionObserver {
        private let all = Locked<[RetainedSession]>([])

        var sessions: [RetainedSession] { all.withLock { $0 } }
        func sessionEstablished(_ session: RetainedSession) { all.withLock { $0.append(session) } }
    }

    private func connect(_ listener: MemoryListener, _ options: MemoryClient.Options) throws -> MemoryPair {
        let pair = try MemoryPair.connected(listener, options)
        pair.sessions.announceSessions(of: pair.server)
        return pair
    }

    @Test(arguments: SessionCarrier.allCases)
    func `each handshake that hands out a session is reported once`(_ carrier: SessionCarrier) throws {
        let recorder = Recorder()
        var listener = try MemoryServer.context(MemoryServer.settings(mode: carrier.mode))
        listener.observer = recorder
        let first = try connect(listener, carrier.client())
        #expect(recorder.sessions.map(\.details.resumedBy) == [.no])
        #expect(recorder.sessions.map { $0.resumability(at: MemoryServer.now) } == [.yes])
        let second = try connect(listener, carrier.client(resuming: first.client.sessions.last))
        #expect(second.sessions.outcome.result == .resumed)
        // In TLS 1.2 the client goes on with what it has.
        #expect(recorder.sessions.count == (carrier.version == .tls1_3 ? 2 : 1))
    }

    @Test func `a listener of tickets alone tells of them, too`() throws {
        for carrier in [SessionCarrier.ticket, .stateless] {
            let recorder = Recorder()
            var listener = try MemoryServer.context(MemoryServer.settings(mode: .stateless))
            listener.observer = recorder
            _ = try connect(listener, carrier.client())
            #expect(recorder.sessions.count == 1)
        }
    }

    @Test func `all tickets of one connection are seen, in the order of the wire`() async throws {
        let sessions = EstablishedSessions()
        var listener = try MemoryServer.context(MemoryServer.settings(mode: .stateful, ticketsFull: 5))
        listener.observer = sessions
        let pair = try connect(listener, SessionCarrier.stateful.client())
        sessions.finish()
        var seen: [[UInt8]] = []
        for await session in sessions {
            #expect(session.resumability(at: MemoryServer.now) == .yes)
            let bytes = try #require(session.serialized()).withBytes { Array($0) }
            seen.append(Array(bytes[5..<37]))
        }
        #expect(pair.client.sessions.count == 5)
        #expect(seen == pair.client.sessions.map(\.ticket))
    }

    @Test func `nothing is handed out, nothing is told`() throws {
        let recorder = Recorder()
        for mode in [SessionMode.off, .stateless] {
            var listener = try MemoryServer.context(MemoryServer.settings(mode: mode))
            listener.observer = recorder
            _ = try connect(listener, SessionCarrier.id.client())
        }
        #expect(recorder.sessions.isEmpty)
    }

    @Test func `what a reader leaves lying is left out beyond the limit, and counted`() async throws {
        let sessions = EstablishedSessions(limit: 2)
        var listener = try MemoryServer.context(MemoryServer.settings(mode: .stateless, ticketsFull: 3))
        listener.observer = sessions
        _ = try connect(listener, SessionCarrier.stateless.client())
        #expect(sessions.leftOut == 1)
        sessions.finish()
        var count = 0
        for await _ in sessions { count += 1 }
        #expect(count == 2)
    }
}

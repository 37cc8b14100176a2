import Foundation
import Glibc
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Real clients of a real server whose ticket keys change every second, the most often that is allowed.
@Suite(.waits) struct RotationsGoUnnoticed {
    /// Connects, hears an answer and says goodbye.
    private static func connect(
        _ reprise: RepriseProcess, _ carrier: SessionCarrier, resuming: MemoryClient.Session? = nil
    ) throws -> (session: MemoryClient.Session, wasResumed: Bool) {
        let client = try SocketClient(port: reprise.port(), carrier.client("localhost", resuming: resuming))
        try client.tls.write([7])
        client.flush()
        while (try? client.tls.read()) == .some(nil), client.takeIn() {}
        // The library tells of no session that it goes on with, nor of its renewed TLS 1.2 ticket.
        let session = carrier.version == .tls1_2 ? client.tls.currentSession : client.tls.sessions.last
        client.tls.sendCloseNotify()
        client.flush()
        guard let session else { throw NoSession() }
        return (session, client.tls.wasResumed)
    }

    private struct NoSession: Error {}

    private static func wait(until second: Int) {
        _ = eventually { time(nil) >= second }
    }

    @Test(arguments: [(SessionCarrier.ticket, "1m"), (.stateless, "10s")])
    func `a client that resumes every second across twenty rotations never misses`(
        _ carrier: SessionCarrier, lifetime: String
    ) async throws {
        // A TLS 1.2 session keeps its end however often its ticket is renewed; in TLS 1.3 old keys go meanwhile.
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.top = "sessions: { lifetime: \(lifetime), tickets: { rotate: 1s } }"
        let reprise = try configuration.start()
        let (keys, misses) = try await onOwnThread {
            var (session, _) = try Self.connect(reprise, carrier)
            // A ticket begins with its key's name (RFC 5077 §4).
            var keys = [session.ticket.prefix(16)]
            var misses = 0
            for _ in 0..<40 where keys.count <= 20 {
                Self.wait(until: time(nil) + 1)
                let again = try Self.connect(reprise, carrier, resuming: session)
                if !again.wasResumed { misses += 1 }
                session = again.session
                if keys.last != session.ticket.prefix(16) { keys.append(session.ticket.prefix(16)) }
            }
            return (keys, misses)
        }
        #expect(misses == 0, "\(reprise.log)")
        #expect(keys.count == 21 && Set(keys).count == 21)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a client that stays away for its session's lifetime misses, and a second before it does not`(
        _ carrier: SessionCarrier
    ) async throws {
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.top = "sessions: { mode: \(carrier.mode), lifetime: 3s }"
        let reprise = try configuration.start()
        let resumed: [Bool] = try await onOwnThread {
            // Once more when the machine was too slow to say in which second something was.
            for _ in 0..<5 {
                Self.wait(until: time(nil) + 1)
                let start = time(nil)
                let (session, _) = try Self.connect(reprise, carrier)
                let madeBy = time(nil)
                Self.wait(until: start + 2)
                let inTime = try Self.connect(reprise, carrier, resuming: session)
                let resumedBy = time(nil)
                Self.wait(until: start + 3)
                let tooLate = try Self.connect(reprise, carrier, resuming: session)
                if madeBy == start, resumedBy == start + 2 {
                    return [inTime.wasResumed, tooLate.wasResumed]
                }
            }
            return []
        }
        #expect(resumed == [true, false], "\(reprise.log)")
        // It was offered, and refused for that reason.
        let reason = reprise.waitForLine { $0["not_resumed"] != nil }?["not_resumed"]
        #expect(reason == "expired" || carrier.isStateful && reason == "not_found", "\(reprise.log)")
    }
}

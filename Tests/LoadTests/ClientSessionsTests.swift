import RepriseLoad
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// A simulated client's sessions: which are kept, and which of them is offered.
@Suite struct ClientSessionsTests {
    /// A connection in memory that has ended.
    private struct Visit {
        let resumed: ResumptionMeans
        let given: [SessionReference]
    }

    /// Connects to a server, and reads all that comes with the handshake.
    private static func visit(
        _ listener: MemoryListener, _ version: TLSVersion, asksForTickets: Bool = true,
        offering kept: ClientSessions.Kept? = nil
    ) throws -> Visit {
        var tls = TLSSettings.intermediate
        tls.maximumVersion = version
        var settings = ClientSettings(tls: tls, trust: .anybody)
        settings.asksForTickets = asksForTickets
        let (toServer, toClient, box) = (OutputBuffer(), OutputBuffer(), Box())
        let client = try ClientConnection(
            context: ClientContext(settings), output: toServer, names: .init(asked: "a.test"),
            resuming: kept?.session
        ) { box.sessions.append($0) }
        let server = ServerConnection(context: listener.context, output: toClient, sessions: listener.connection())
        defer {
            client.stream.markShutdown()
            client.stream.close()
            server.markShutdown()
            server.close()
        }
        for _ in 0..<8 {
            _ = client.handshake()
            toServer.withBytes { bytes in
                bytes.withUnsafeBytes {
                    server.lend($0)
                    _ = server.handshake()
                    server.endTurn()
                }
            }
            toServer.removeAll()
            toClient.withBytes { bytes in
                bytes.withUnsafeBytes {
                    client.stream.lend($0)
                    _ = client.handshake()
                    if client.isHandshakeDone {
                        var byte: UInt8 = 0
                        withUnsafeMutableBytes(of: &byte) { _ = client.stream.read(into: $0) }
                    }
                    client.stream.endTurn()
                }
            }
            toClient.removeAll()
        }
        try #require(client.isHandshakeDone)
        return Visit(resumed: client.summary.resumed, given: box.sessions)
    }

    private final class Box {
        var sessions: [SessionReference] = []
    }

    private static func server(_ mode: SessionMode, tickets: Int = 1) throws -> MemoryListener {
        try MemoryServer.context(MemoryServer.settings(mode: mode, ticketsFull: tickets))
    }

    @Test(arguments: [
        (SessionMode.both, TLSVersion.tls1_2, true, OfferedKind.ticket, ResumptionMeans.ticket),
        (.both, .tls1_2, false, .id, .sessionID), (.stateless, .tls1_3, true, .statelessPSK, .psk),
        (.stateful, .tls1_3, true, .statefulPSK, .psk),
    ])
    func `a session is known by what its server gets to see of it, and resumes; a forged one does not`(
        mode: SessionMode, version: TLSVersion, asksForTickets: Bool, kind: OfferedKind, means: ResumptionMeans
    ) throws {
        let server = try Self.server(mode)
        let first = try Self.visit(server, version, asksForTickets: asksForTickets)
        #expect(first.resumed == .no)
        var sessions = ClientSessions()
        for session in first.given { sessions.keep(session, from: .half) }
        for other in HandshakeKind.allCases where other != kind.handshake {
            let none = sessions.pick(other, .newest)
            #expect(none == nil)
        }
        let picked = sessions.pick(kind.handshake, .single)
        let kept = try #require(picked)
        #expect(kept.offer == LoadOffer(kind, from: .half) && sessions.count == 0)
        let forged = try #require(kept.forged)
        #expect(try Self.visit(server, version, asksForTickets: asksForTickets, offering: forged).resumed == .no)
        #expect(try Self.visit(server, version, asksForTickets: asksForTickets, offering: kept).resumed == means)
    }

    @Test func `the newest are kept, up to the limit`() throws {
        let server = try Self.server(.stateless, tickets: 4)
        var sessions = ClientSessions()
        var given: [SessionReference] = []
        while given.count < ClientSessions.limit + 4 { try given += Self.visit(server, .tls1_3).given }
        for session in given { sessions.keep(session, from: .notify) }
        #expect(sessions.count == ClientSessions.limit)
        let newest = try #require(given.last)
        let oldest = given[given.count - ClientSessions.limit]
        let picks = [SessionChoice.newest, .newest, .oldest].map { sessions.pick(.psk, $0)?.session?.ticket }
        #expect(picks == [newest.ticket, newest.ticket, oldest.ticket])
        let singles = (0...ClientSessions.limit).map { _ in sessions.pick(.psk, .single)?.session?.ticket }
        #expect(singles == given.suffix(ClientSessions.limit).reversed().map(\.ticket) + [nil])
    }
}

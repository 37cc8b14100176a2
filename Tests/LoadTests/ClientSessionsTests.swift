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

    private static let now = Instant(nanoseconds: 1_000_000_000_000)

    private static var keepingOldest: ClientSessions.Keeping {
        var keeping = ClientSessions.Keeping()
        keeping.keepsOldest = true
        return keeping
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
        for isSmall in [true, false] {
            try resumes(mode, version, asksForTickets, kind, means, isSmall: isSmall)
        }
    }

    private func resumes(
        _ mode: SessionMode, _ version: TLSVersion, _ asksForTickets: Bool, _ kind: OfferedKind,
        _ means: ResumptionMeans,
        isSmall: Bool
    ) throws {
        let server = try Self.server(mode)
        let first = try Self.visit(server, version, asksForTickets: asksForTickets)
        #expect(first.resumed == .no)
        var keeping = ClientSessions.Keeping()
        keeping.isSmall = isSmall
        var sessions = ClientSessions(keeping)
        for session in first.given { sessions.keep(session, from: .half, at: Self.now) }
        for other in HandshakeKind.allCases where other != kind.handshake {
            let none = sessions.pick(other, .newest, at: Self.now)
            #expect(none == nil)
        }
        let picked = sessions.pick(kind.handshake, .single, at: Self.now)
        let kept = try #require(picked)
        #expect(kept.offer(.single) == LoadOffer(kind, from: .half, .single) && sessions.count == 0)
        let forged = try #require(kept.forged)
        #expect(try Self.visit(server, version, asksForTickets: asksForTickets, offering: forged).resumed == .no)
        // Again and again: what was resumed is not used up.
        for _ in 0..<3 {
            #expect(try Self.visit(server, version, asksForTickets: asksForTickets, offering: kept).resumed == means)
        }
    }

    @Test func `the newest are kept, up to the limit`() throws {
        let server = try Self.server(.stateless, tickets: 4)
        var sessions = ClientSessions()
        var given: [SessionReference] = []
        while given.count < ClientSessions.limit + 4 { try given += Self.visit(server, .tls1_3).given }
        for session in given { sessions.keep(session, from: .notify, at: Self.now) }
        #expect(sessions.count == ClientSessions.limit)
        let newest = try #require(given.last)
        let oldest = given[given.count - ClientSessions.limit]
        let picks = [SessionChoice.newest, .newest, .oldest].map {
            sessions.pick(.psk, $0, at: Self.now)?.session?.ticket
        }
        #expect(picks == [newest.ticket, newest.ticket, oldest.ticket])
        let singles = (0...ClientSessions.limit).map { _ in sessions.pick(.psk, .single, at: Self.now)?.session?.ticket
        }
        #expect(singles == given.suffix(ClientSessions.limit).reversed().map(\.ticket) + [nil])
    }

    @Test func `a session past its lifetime is offered only where one is asked for, and once`() throws {
        let server = try Self.server(.stateless, tickets: 1)
        let given = try Self.visit(server, .tls1_3).given
        var sessions = ClientSessions(Self.keepingOldest)
        for session in given { sessions.keep(session, from: .fin, at: Self.now, lifetime: .seconds(5)) }
        func pick(_ choice: SessionChoice, after seconds: Int64) -> ClientSessions.Kept? {
            sessions.pick(.psk, choice, at: Self.now + .seconds(seconds))
        }
        #expect(pick(.expired, after: 4) == nil && pick(.oldest, after: 4) != nil)
        #expect(pick(.newest, after: 5) == nil && pick(.forged, after: 5) == nil)
        let expired = pick(.expired, after: 5)
        #expect(expired != nil && pick(.expired, after: 5) == nil && sessions.count == 0)
    }

    @Test func `the oldest stays where it is asked for`() throws {
        let server = try Self.server(.stateless, tickets: 4)
        var given: [SessionReference] = []
        while given.count < ClientSessions.limit + 4 { given += try Self.visit(server, .tls1_3).given }
        var sessions = ClientSessions(Self.keepingOldest)
        for session in given { sessions.keep(session, from: .notify, at: Self.now) }
        #expect(sessions.count == ClientSessions.limit)
        let picked = sessions.pick(.psk, .oldest, at: Self.now)?.session?.ticket
        #expect(picked == given.first?.ticket)
    }

    @Test func `a session is of one server and one name, unless another's is asked for`() throws {
        let server = try Self.server(.stateless, tickets: 1)
        let session = try #require(try Self.visit(server, .tls1_3).given.last)
        var sessions = ClientSessions()
        sessions.keep(session, from: .notify, of: .init(server: 1, name: 2), at: Self.now)
        func fits(_ choice: SessionChoice, _ server: Int, _ name: Int) -> Bool {
            sessions.pick(.psk, choice, for: .init(server: server, name: name), at: Self.now) != nil
        }
        #expect(fits(.newest, 1, 2) && !fits(.newest, 0, 2) && !fits(.oldest, 1, 0) && !fits(.forged, 0, 0))
        #expect(fits(.otherServer, 0, 2) && !fits(.otherServer, 1, 2) && !fits(.otherServer, 0, 0))
        #expect(fits(.otherName, 1, 0) && !fits(.otherName, 1, 2) && !fits(.otherName, 0, 0))
    }

    @Test func `a session that was resumed is reported by how that connection ended`() throws {
        let server = try Self.server(.stateless, tickets: 1)
        var sessions = ClientSessions()
        for session in try Self.visit(server, .tls1_3).given { sessions.keep(session, from: .notify, at: Self.now) }
        let newest = sessions.pick(.psk, .newest, at: Self.now)
        let first = try #require(newest)
        sessions.resumed(first, .fin)
        let single = sessions.pick(.psk, .single, at: Self.now)
        let last = try #require(single)
        #expect(first.origin == .notify && last.origin == .fin)
        // It is gone by then.
        sessions.resumed(last, .rst)
        #expect(sessions.count == 0)
    }
}

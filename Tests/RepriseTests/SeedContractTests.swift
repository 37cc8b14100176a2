import Reprise
import RepriseTestSupport
import Testing

/// The contract of SSL_get_session(3), SSL_get0_session and SSL_get1_session, point by point, as a program has it that
/// imports nothing but Reprise. The clients are a separate TLS client over sockets.
@Suite struct SeedContractTests {
    private let folder: EmbeddedFolder

    init() throws { folder = try EmbeddedFolder() }

    /// A server that is running, what observers have learned, and where it listens.
    private struct Embedded {
        let server: Server
        let sessions = EstablishedSessions()
        let witness = Witness()
        let port: Int
        let context: SessionContext

        init(_ folder: EmbeddedFolder, top: String = "sessions: { mode: both }") async throws {
            var options = Server.Options()
            (options.sessions, options.connections) = (sessions, witness)
            let text = folder.text(top: top + "\nlog: { level: error }")
            server = Server(.text(text, relativeTo: folder.path), options)
            guard case .ip(_, let port)? = try await server.start().first?.endpoint else { throw NoPort() }
            self.port = Int(port)
            context = try #require(await server.sessionContext(listener: "web"))
        }

        /// Ends it, and returns what clients were given, in order.
        func given() async -> [RetainedSession] {
            await server.stop()
            sessions.finish()
            var all: [RetainedSession] = []
            for await session in sessions { all.append(session) }
            return all
        }
    }

    private struct NoPort: Error {}

    /// Keeps what a connection shows of itself.
    private final class Witness: ConnectionObserver {
        struct Seen: Sendable {
            let id: ConnectionID
            let retained: RetainedSession?
            let resumedBy: ResumptionMeans
        }

        let established = Locked<[Seen]>([])
        let reports = Locked<[ConnectionReport]>([])

        func established(_ connection: borrowing ConnectionView) {
            let seen = Seen(id: connection.id, retained: connection.retain(), resumedBy: connection.resumedBy)
            established.withLock { $0.append(seen) }
        }

        func ended(_ report: ConnectionReport) { reports.withLock { $0.append(report) } }

        var last: Seen? { established.withLock { $0.last } }
    }

    @Test(arguments: SessionCarrier.allCases)
    func `S1, S11: what is lent lives as long as its connection, and its absence is nil`(
        _ carrier: SessionCarrier
    ) async throws {
        let embedded = try await Embedded(folder)
        let visit = try EmbeddedVisit(carrier, port: embedded.port)
        let id = try #require(embedded.witness.last?.id)
        // Its type cannot be copied or stored: SessionViewTests ask the compiler.
        let name = await embedded.server.withSession(of: id) { $0.details.serverName }
        #expect(name == "localhost")
        try visit.end(.closeNotify)
        #expect(eventually { embedded.witness.reports.withLock { $0.count } == 1 })
        #expect(await embedded.server.withSession(of: id) { $0.details.created } == nil)
        #expect(await embedded.server.withSession(of: ConnectionID(.max)) { $0.details.created } == nil)
        await embedded.server.stop()
        #expect(await embedded.server.withSession(of: id) { $0.details.created } == nil)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `S2: what is retained outlives its connection, its server, and every other holder`(
        _ carrier: SessionCarrier
    ) async throws {
        let embedded = try await Embedded(folder)
        let visit = try EmbeddedVisit(carrier, port: embedded.port)
        let id = try #require(embedded.witness.last?.id)
        let retained = try #require(await embedded.server.withSession(of: id) { $0.retain() })
        try visit.end(.closeNotify)
        let all = await embedded.given()
        #expect(!all.isEmpty && all.allSatisfy { $0.details.lineage?.id == retained.details.lineage?.id })
        #expect(retained.details.serverName == "localhost" && retained.serialized() != nil)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `S3, S10: the serialised form travels to another server and resumes there; a context takes only its own`(
        _ carrier: SessionCarrier
    ) async throws {
        let first = try await Embedded(folder, top: "sessions: { mode: \(carrier.mode.rawValue) }")
        let visit = try EmbeddedVisit(carrier, port: first.port)
        try visit.end(.closeNotify)
        let bytes = try #require(await first.given().last?.serialized())
        let second = try await Embedded(folder, top: "sessions: { mode: \(carrier.mode.rawValue) }")
        let restored = try RetainedSession(serialized: bytes, in: second.context)
        #expect(await restored.store(at: .now) == carrier.isStateful)
        if carrier.isStateful {
            #expect(try EmbeddedVisit(carrier, port: second.port, resuming: visit).wasResumed)
            let key = try #require(restored.key)
            let found = await second.context.session(key, at: .now)
            #expect(found?.details.lineage?.id == restored.details.lineage?.id)
        } else {
            // The key that sealed the ticket is the first server's own.
            #expect(restored.resumability(at: .now) == .no(.refused(.keyUnknown)))
        }
        await second.server.stop()
        let other = Server(
            .text(
                folder.text(top: "log: { level: error }", listener: "sessions: { domain: elsewhere }").replacing(
                    "names: [localhost]", with: "id: other, names: [localhost]"), relativeTo: folder.path))
        try await other.start()
        let foreign = try #require(await other.sessionContext(listener: "web"))
        #expect(throws: SessionFormatError.otherContext) { try RetainedSession(serialized: bytes, in: foreign) }
        await other.stop()
    }

    @Test func `S4: before its ticket a TLS 1.3 session says that it does not resume, and after it that it does`()
        async throws
    {
        let embedded = try await Embedded(folder, top: "sessions: { tickets: { wait_for_upstream: true } }")
        let visit = try EmbeddedVisit(.stateless, port: embedded.port)
        let early = try #require(embedded.witness.last)
        #expect(early.retained?.resumability(at: .now) == .no(.noTicketYet))
        let later = await embedded.server.withSession(of: early.id) { $0.retain() }
        #expect(later?.resumability(at: .now) == .yes)
        #expect(early.retained?.resumability(at: .now) == .no(.noTicketYet))
        try visit.end(.closeNotify)
        await embedded.server.stop()
    }

    @Test func `S5, S6: each session of a connection is announced once, in order, and only when it is there`()
        async throws
    {
        let embedded = try await Embedded(folder, top: "sessions: { tickets: { full: 3 } }")
        let visit = try EmbeddedVisit(.stateless, port: embedded.port)
        #expect(visit.sessionCount == 3)
        let id = try #require(embedded.witness.last?.id)
        let current = await embedded.server.withSession(of: id) { $0.retain() }
        let all = await embedded.given()
        #expect(all.count == 3)
        // get1 returns only one of them: the lineage ties them together.
        #expect(all.allSatisfy { $0.details.lineage?.id == current?.details.lineage?.id })
    }

    @Test(arguments: [
        (SessionCarrier.id, EmbeddedVisit.End.closeNotify, true), (.id, .fin, true), (.id, .fatalAlert, false),
        (.stateless, .closeNotify, true), (.stateless, .fin, true), (.stateless, .fatalAlert, false),
    ])
    func `S7: every ending is told, and a fatal alert ends the session`(
        _ carrier: SessionCarrier, _ end: EmbeddedVisit.End, _ resumes: Bool
    ) async throws {
        let embedded = try await Embedded(folder)
        let visit = try EmbeddedVisit(carrier, port: embedded.port)
        let id = try #require(embedded.witness.last?.id)
        let retained = try #require(await embedded.server.withSession(of: id) { $0.retain() })
        #expect(retained.resumability(at: .now) == .yes)
        try visit.end(end)
        #expect(eventually { embedded.witness.reports.withLock { $0.count } == 1 })
        let kind = embedded.witness.reports.withLock { $0.first?.ending?.kind.word }
        #expect(
            kind
                == ["closeNotify": "client_close_notify", "fin": "client_fin", "fatalAlert": "alert_received"][
                    end.rawValue])
        #expect((retained.resumability(at: .now) == .yes) == resumes)
        #expect(try EmbeddedVisit(carrier, port: embedded.port, resuming: visit).wasResumed == resumes)
        await embedded.server.stop()
    }

    @Test func `S8: a session for a single use is used once`() async throws {
        let embedded = try await Embedded(folder, top: "sessions: { mode: stateful, single_use: true }")
        let visit = try EmbeddedVisit(.stateful, port: embedded.port)
        #expect(try EmbeddedVisit(.stateful, port: embedded.port, resuming: visit).wasResumed)
        #expect(embedded.witness.last?.resumedBy == .psk)
        #expect(try !EmbeddedVisit(.stateful, port: embedded.port, resuming: visit).wasResumed)
        #expect(embedded.witness.last?.resumedBy == .no)
        await embedded.server.stop()
    }

    @Test func `S9: a lifetime holds to the second, and what is retained stays readable beyond it`() async throws {
        let embedded = try await Embedded(folder, top: "sessions: { mode: both, lifetime: 1h }")
        _ = try EmbeddedVisit(.id, port: embedded.port)
        let session = try #require(await embedded.given().last)
        let expires = try #require(session.details.expires)
        #expect(session.resumability(at: WallTime(secondsSinceEpoch: expires.secondsSinceEpoch - 1)) == .yes)
        #expect(session.resumability(at: expires) == .no(.refused(.expired)))
        #expect(session.details.serverName == "localhost" && session.serialized() != nil)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a lineage is ended by what an observer was told of it`(_ carrier: SessionCarrier) async throws {
        let embedded = try await Embedded(folder, top: "sessions: { mode: \(carrier.mode.rawValue) }")
        let visit = try EmbeddedVisit(carrier, port: embedded.port)
        try visit.end(.closeNotify)
        #expect(eventually { embedded.witness.reports.withLock { $0.count } == 1 })
        let lineage = try #require(embedded.witness.reports.withLock { $0.first?.lineage })
        #expect(try EmbeddedVisit(carrier, port: embedded.port, resuming: visit).wasResumed)
        #expect(embedded.context.deny(lineage, at: .now))
        #expect(try !EmbeddedVisit(carrier, port: embedded.port, resuming: visit).wasResumed)
        await embedded.server.stop()
    }

    @Test func `what a program puts into a session comes back with its client`() async throws {
        let embedded = try await Embedded(folder)
        let visit = try EmbeddedVisit(.stateless, port: embedded.port)
        let first = try #require(embedded.witness.last?.id)
        let isSet = try await embedded.server.withConnection(first) { (connection) throws(ApplicationDataError) in
            try connection.setApplicationData([1, 2, 3])
            return true
        }
        #expect(isSet == true)
        let again = try EmbeddedVisit(.stateless, port: embedded.port, resuming: visit)
        let second = try #require(embedded.witness.last)
        #expect(second.retained?.details.applicationData == [1, 2, 3])
        let tooMuch = [UInt8](repeating: 0, count: ApplicationDataError.limit + 1)
        await #expect(throws: ApplicationDataError.tooLong(bytes: tooMuch.count)) {
            try await embedded.server.withConnection(second.id) { (connection) throws(ApplicationDataError) in
                try connection.setApplicationData(tooMuch)
            }
        }
        try again.end(.closeNotify)
        await embedded.server.stop()
    }
}

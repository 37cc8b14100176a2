import Foundation
import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// The contract of SSL_get_session(3), SSL_get0_session(3) and SSL_get1_session(3) where we are the client, point by point.
@Suite struct UpstreamSessionContractTests {
    private static let versions: [TLSVersion] = [.tls1_2, .tls1_3]
    private static let key = UpstreamSessionKey(
        policy: [1], endpoint: .ip(.loopback4, port: 1), asked: "a.test", verified: nil)
    private let now = WallTime(secondsSinceEpoch: Int64(Date.now.timeIntervalSince1970))

    private static func context(_ version: TLSVersion) throws -> ClientContext {
        var tls = TLSSettings.intermediate
        tls.maximumVersion = version
        return try ClientContext(ClientSettings(tls: tls, trust: .anybody))
    }

    /// A connection whose client has read all that comes with the handshake.
    private static func connected(
        _ version: TLSVersion, tickets: Int = 1, to listener: MemoryListener? = nil, resuming: SessionReference? = nil
    ) throws -> Joined {
        let listener = try listener ?? MemoryServer.context(MemoryServer.settings(ticketsFull: tickets))
        let joined = try Joined(listener, context(version), resuming: resuming)
        let (client, server) = joined.handshake()
        #expect(client == .done && server == .done)
        _ = joined.clientReads()
        return joined
    }

    private static func resumes(
        _ session: SessionReference, _ version: TLSVersion, at listener: MemoryListener
    ) throws
        -> Bool
    {
        let joined = try connected(version, to: listener, resuming: session)
        return joined.client.summary.resumed != .no
    }

    @Test(arguments: versions) func `S1 a borrowed session is the connection's, and there is none after its end`(
        version: TLSVersion
    ) throws {
        let joined = try Self.connected(version)
        #expect(joined.client.withSession { $0.created } != nil)
        joined.client.stream.markShutdown()
        joined.client.stream.close()
        #expect(joined.client.withSession { $0.created } == nil)
    }

    @Test(arguments: versions) func `S2 a retained session outlives its connection and its context`(
        version: TLSVersion
    ) throws {
        let listener = try MemoryServer.context()
        var joined: Joined? = try Self.connected(version, to: listener)
        // In TLS 1.3 the newest is the connection's own only after its ticket.
        let session = try #require(joined?.client.withSession { $0.retain() })
        joined = nil
        #expect(session.isResumable)
        #expect(try Self.resumes(session, version, at: listener))
    }

    @Test(arguments: versions) func `S3 what is kept resumes from its serialised form, in another context`(
        version: TLSVersion
    ) throws {
        let (listener, store) = (try MemoryServer.context(), UpstreamSessions(budget: 1 << 20))
        let session = try #require(try Self.connected(version, to: listener).given.last)
        _ = store.keep(session, under: Self.key, began: now, certificate: 1, .init(), at: now)
        guard case .offer(let offer) = store.next(for: Self.key, .init(), at: now) else {
            Issue.record("nothing is offered")
            return
        }
        #expect(offer.session !== session)
        #expect(try Self.resumes(offer.session, version, at: listener))
    }

    @Test func `S4 in TLS 1 3 a session resumes when its ticket has come, in TLS 1 2 with the handshake`() throws {
        let joined = try Joined(MemoryServer.context(), Self.context(.tls1_3))
        #expect(joined.client.withSession { $0.isResumable } ?? false == false)
        #expect(joined.client.handshake() == .wantsInput)
        joined.serverTakes { _ = joined.server.handshake() }
        joined.clientTakes()
        #expect(joined.client.handshake() == .done)
        #expect(joined.client.withSession { $0.isResumable } == false)
        joined.serverTakes { _ = joined.server.handshake() }
        joined.clientTakes()
        _ = joined.clientReads()
        #expect(joined.client.withSession { $0.isResumable } == true)
        let older = try Self.connected(.tls1_2)
        #expect(older.client.withSession { $0.isResumable } == true)
        let none = try Self.connected(.tls1_3, tickets: 0)
        #expect(none.client.withSession { $0.isResumable } == false && none.given.isEmpty)
    }

    @Test func `S5 all sessions of a connection are seen, in order, and get returns the last`() throws {
        let listener = try MemoryServer.context(MemoryServer.settings(ticketsFull: 3))
        let joined = try Self.connected(.tls1_3, to: listener)
        #expect(joined.given.count == 3 && Set(joined.given.map(\.ticket)).count == 3)
        #expect(joined.client.withSession { $0.retain().ticket } == joined.given.last?.ticket)
        for session in joined.given { #expect(try Self.resumes(session, .tls1_3, at: listener)) }
    }

    @Test(arguments: versions) func `S6 a session is told of only when it is established`(version: TLSVersion) throws {
        let listener = try MemoryServer.context(MemoryServer.settings(rejectsUnknownNames: true))
        let refused = try Joined(listener, Self.context(version), name: "else.test")
        guard case .failed = refused.handshake().client else {
            Issue.record("the name was taken")
            return
        }
        #expect(refused.given.isEmpty)
        #expect(try Self.connected(version, to: listener).given.count == 1)
    }

    @Test(arguments: versions) func `S7 a session that was kept outlasts a connection that broke off`(
        version: TLSVersion
    ) throws {
        let (listener, store) = (try MemoryServer.context(), UpstreamSessions(budget: 1 << 20))
        var joined: Joined? = try Self.connected(version, to: listener)
        let session = try #require(joined?.given.last)
        _ = store.keep(session, under: Self.key, began: now, certificate: 1, .init(), at: now)
        // libssl marks its own copy: the connection was not shut down, and a record is damaged.
        joined?.client.stream.lend(UnsafeRawBufferPointer(start: nil, count: 0))
        joined?.client.stream.inputEnded()
        _ = joined?.clientReads()
        joined = nil
        guard case .offer(let offer) = store.next(for: Self.key, .init(), at: now) else {
            Issue.record("nothing is offered")
            return
        }
        #expect(try Self.resumes(offer.session, version, at: listener))
    }

    @Test func `S8 a session of TLS 1 3 is offered once`() throws {
        let store = UpstreamSessions(budget: 1 << 20)
        let session = try #require(try Self.connected(.tls1_3).given.last)
        _ = store.keep(session, under: Self.key, began: now, certificate: 1, .init(), at: now)
        guard case .offer = store.next(for: Self.key, .init(), at: now) else {
            Issue.record("nothing is offered")
            return
        }
        guard case .nothing(.noSession) = store.next(for: Self.key, .init(), at: now) else {
            Issue.record("it is offered twice")
            return
        }
    }

    @Test(arguments: versions) func `S9 time removes what is kept, and never what is retained`(
        version: TLSVersion
    ) throws {
        let (listener, store) = (try MemoryServer.context(), UpstreamSessions(budget: 1 << 20))
        let session = try #require(try Self.connected(version, to: listener).given.last)
        _ = store.keep(session, under: Self.key, began: now, certificate: 1, .init(), at: now)
        store.sweep(at: now.later(by: .seconds(30 * 86_400)))
        #expect(store.counts.entries == 0)
        #expect(try Self.resumes(session, version, at: listener))
    }

    @Test(arguments: versions) func `S10 two offers of one session share nothing of libssl's`(
        version: TLSVersion
    ) throws {
        let store = UpstreamSessions(budget: 1 << 20)
        let session = try #require(try Self.connected(version).given.last)
        for _ in 0..<2 { _ = store.keep(session, under: Self.key, began: now, certificate: 1, .init(), at: now) }
        guard case .offer(let one) = store.next(for: Self.key, .init(), at: now),
            case .offer(let other) = store.next(for: Self.key, .init(), at: now)
        else {
            Issue.record("nothing is offered")
            return
        }
        #expect(one.session !== other.session && one.session !== session)
    }

    @Test func `S11 where there is none there is no value`() throws {
        let joined = try Joined(MemoryServer.context(), Self.context(.tls1_3))
        #expect(joined.client.currentSession?.isResumable ?? false == false)
        joined.client.stream.close()
        #expect(joined.client.currentSession == nil && joined.client.withSession { $0.created } == nil)
        #expect(joined.client.serverCertificate == nil)
    }

    @Test(arguments: versions) func `a session is kept without the certificate, which it can be resumed without`(
        version: TLSVersion
    ) throws {
        let listener = try MemoryServer.context()
        let session = try #require(try Self.connected(version, to: listener).given.last)
        let (whole, bare) = (try #require(session.der), try #require(session.derWithoutPeer))
        #expect(bare.count < whole.count - 200)
        let read = try #require(bare.withBytes { SessionReference.reading($0) })
        #expect(read.clientCertificate == nil && read.ticket == session.ticket && read.version == session.version)
        #expect(try Self.resumes(read, version, at: listener))
        // There is nothing left to take away.
        #expect(read.derWithoutPeer?.withBytes { Array($0) } == bare.withBytes { Array($0) })
    }
}

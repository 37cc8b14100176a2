import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Synchronization
import Testing

/// What is kept of a client's session beyond its connection; S1 to S11 are the points of SSL_get_session(3).
@Suite struct RetainedSessionTests {
    private func listener(
        _ carrier: SessionCarrier, domain: SessionDomain = MemoryServer.domain(),
        policy: ResumptionPolicy = ResumptionPolicy(), ticketsFull: Int = 1
    ) throws -> MemoryListener {
        try MemoryServer.context(
            MemoryServer.settings(mode: carrier.mode, alpn: ["http/1.1"], ticketsFull: ticketsFull),
            hosts: [MemoryServer.host("a.test", "b.test")], domain: domain, policy: policy)
    }

    private func connect(
        _ listener: MemoryListener, _ options: MemoryClient.Options
    ) throws -> (retained: RetainedSession, session: MemoryClient.Session?) {
        let pair = try MemoryPair.connected(listener, options)
        let retained = pair.sessions.withSession(of: pair.server) { $0.retain() }
        pair.server.sendCloseNotify()
        return (try #require(retained), pair.client.sessions.last)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a retained session says what its connection was, after the connection is gone`(
        _ carrier: SessionCarrier
    ) throws {
        let listener = try listener(carrier)
        var options = carrier.client()
        options.alpn = ["http/1.1"]
        let (first, session) = try connect(listener, options)
        #expect(first.details.protocolVersion == carrier.version)
        #expect(first.details.cipher?.isEmpty == false && first.details.group != nil)
        #expect(first.details.serverName == "a.test" && first.details.applicationProtocol == "http/1.1")
        #expect(first.details.resumedBy == .no && first.details.outcome.result == .notOffered)
        #expect(first.details.lineage?.renewals == 0)
        #expect(first.details.expires == MemoryServer.now.later(bySeconds: 7200))
        #expect(first.details.clientCertificates.isEmpty && first.details.applicationData.isEmpty)
        #expect(first.context.hostID == "a.test")
        listener.clock.advance(seconds: 5)
        let (second, _) = try connect(listener, carrier.client(resuming: session))
        #expect(second.details.resumedBy == carrier.means && second.details.outcome.result == .resumed)
        #expect(second.details.lineage?.id == first.details.lineage?.id)
        if carrier.version == .tls1_3 { #expect(second.details.lineage?.renewals == 1) }
    }

    @Test func `there is no session before the handshake is done, and none once the connection is closed`() throws {
        let pair = try MemoryPair(server: listener(.stateless), client: .init(serverName: "a.test"))
        #expect(pair.sessions.withSession(of: pair.server) { _ in true } == nil)
        #expect(pair.handshake() == .done)
        #expect(pair.sessions.withSession(of: pair.server) { $0.details.protocolVersion } == .tls1_3)
        pair.server.markShutdown()
        pair.server.close()
        #expect(pair.sessions.withSession(of: pair.server) { _ in true } == nil)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a flush of the store takes nothing from what is retained`(_ carrier: SessionCarrier) throws {
        let listener = try listener(carrier)
        let (retained, _) = try connect(listener, carrier.client())
        let before = try #require(retained.serialized())
        listener.domain.store.flush()
        #expect(retained.details.protocolVersion == carrier.version)
        #expect(retained.serialized()?.withBytes { Array($0) } == before.withBytes { Array($0) })
    }

    @Test(arguments: [SessionCarrier.id, .stateful])
    func `a session travels as bytes, and resumes where it is stored`(_ carrier: SessionCarrier) async throws {
        let (home, away) = (try listener(carrier), try listener(carrier))
        let (retained, session) = try connect(home, carrier.client())
        let (there, _) = try connect(away, carrier.client())
        let travelling = try #require(retained.serialized())
        let arrived = try RetainedSession(serialized: travelling, in: there.context)
        #expect(arrived.details.lineage == retained.details.lineage)
        #expect(arrived.details.expires == retained.details.expires)
        #expect(arrived.resumability(at: MemoryServer.now) == .no(.refused(.notFound)))
        #expect(await arrived.store(at: MemoryServer.now))
        #expect(arrived.resumability(at: MemoryServer.now) == .yes)
        let (resumed, _) = try connect(away, carrier.client(resuming: session))
        #expect(resumed.details.outcome.result == .resumed)
        #expect(resumed.details.lineage?.id == retained.details.lineage?.id)
    }

    @Test(arguments: [SessionCarrier.ticket, .stateless])
    func `a ticket's session travels too, and is in no store`(_ carrier: SessionCarrier) async throws {
        let domain = MemoryServer.domain()
        let (retained, _) = try connect(try listener(carrier, domain: domain), carrier.client())
        let arrived = try RetainedSession(serialized: #require(retained.serialized()), in: retained.context)
        #expect(arrived.resumability(at: MemoryServer.now) == .yes)
        #expect(await arrived.store(at: MemoryServer.now) == false)
        #expect(domain.store.counts.entries == 0)
        let (elsewhere, _) = try connect(try listener(carrier), carrier.client())
        let foreign = try RetainedSession(serialized: #require(retained.serialized()), in: elsewhere.context)
        #expect(foreign.resumability(at: MemoryServer.now) == .no(.refused(.keyUnknown)))
    }

    @Test func `bytes that are no session, or belong elsewhere, are told apart`() throws {
        let (retained, _) = try connect(try listener(.id), SessionCarrier.id.client())
        let other = try MemoryServer.context(
            MemoryServer.settings(mode: .both), hosts: [MemoryServer.host("c.test")])
        let (stranger, _) = try connect(other, SessionCarrier.id.client("c.test"))
        let bytes = try #require(retained.serialized()).withBytes { Array($0) }
        func fault(_ bytes: [UInt8], in context: SessionContext = retained.context) -> SessionFormatError? {
            do throws(SessionFormatError) {
                _ = try RetainedSession(serialized: bytes.withUnsafeBytes { Secret(copying: $0) }, in: context)
                return nil
            } catch {
                return error
            }
        }
        #expect(fault(bytes) == nil)
        #expect(fault(bytes, in: stranger.context) == .otherContext)
        for count in [0, 4, 5, 20, 36, 37, 60, bytes.count - 1] {
            #expect(fault(Array(bytes[..<count])) == .notASession)
        }
        #expect(fault(bytes + [0]) == .notASession)
        var changed = bytes
        changed[7] ^= 1
        #expect(fault(changed) == .notASession)
        #expect(fault([UInt8](repeating: 0x30, count: 70_000)) == .notASession)
    }

    @Test func `a client's certificates are kept, the chain after a full handshake and the leaf after a resumed one`()
        throws
    {
        let root = try CertificateAuthority(
            name: "Clients", validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil)
        let made = try SelfSigned.make(
            names: ["alice.clients.test"], validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil,
            serial: 0xA1, issuedBy: root, forClient: true)
        let clients = try ClientAuthentication(mode: .require, authoritiesPEM: root.certificatePEM)
        let listener = try MemoryServer.context(
            hosts: [MemoryServer.host("a.test", clients: clients)],
            policy: ResumptionPolicy(maximumChainAge: .seconds(1_000_000_000)))
        var options = SessionCarrier.stateless.client()
        options.certificate = made
        let (first, session) = try connect(listener, options)
        let chain = first.details.clientCertificates
        #expect(!chain.isEmpty && chain.allSatisfy { $0.first == 0x30 })
        let (second, _) = try connect(listener, SessionCarrier.stateless.client(resuming: session))
        #expect(second.details.resumedBy == .psk)
        #expect(second.details.clientCertificates == Array(chain.prefix(1)))
    }
}

import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import RepriseResumption

/// S4: whether a session can be resumed is told truly at every moment.
@Suite struct ResumabilityTests {
    private func listener(
        _ carrier: SessionCarrier, domain: SessionDomain = MemoryServer.domain(), isSingleUse: Bool = false,
        verdicts: EndingVerdicts = EndingVerdicts()
    ) throws -> MemoryListener {
        var settings = MemoryServer.settings(mode: carrier.mode)
        settings.sessions.isSingleUse = isSingleUse
        return try MemoryServer.context(
            settings, hosts: [MemoryServer.host("a.test")], domain: domain,
            policy: ResumptionPolicy(lifetime: .seconds(60), verdicts: verdicts))
    }

    private func retain(_ pair: MemoryPair) throws -> RetainedSession {
        try #require(pair.sessions.withSession(of: pair.server) { $0.retain() })
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a session resumes until the second its lifetime ends`(_ carrier: SessionCarrier) throws {
        let retained = try retain(MemoryPair.connected(listener(carrier), carrier.client()))
        let start = MemoryServer.now
        #expect(retained.resumability(at: start) == .yes)
        #expect(retained.resumability(at: start.later(bySeconds: 59)) == .yes)
        #expect(retained.resumability(at: start.later(bySeconds: 60)) == .no(.refused(.expired)))
    }

    @Test func `a TLS 1.3 session cannot be resumed before its ticket`() throws {
        var listener = try listener(.stateless)
        listener.holdsTickets = true
        let pair = try MemoryPair.connected(listener, SessionCarrier.stateless.client())
        let early = try retain(pair)
        #expect(early.resumability(at: MemoryServer.now) == .no(.noTicketYet))
        #expect(early.serialized() == nil && early.details.expires == nil)
        #expect(pair.client.sessions.isEmpty)
        pair.server.issueTickets()
        pair.toClient()
        _ = try pair.client.read()
        #expect(pair.client.sessions.count == 1)
        #expect(try retain(pair).resumability(at: MemoryServer.now) == .yes)
        pair.server.issueTickets()
        #expect(pair.takeOutput().isEmpty)
    }

    @Test func `a client that takes no ticket has nothing to resume with`() throws {
        let stateless = try MemoryServer.context(MemoryServer.settings(mode: .stateless))
        let pair = try MemoryPair.connected(stateless, SessionCarrier.id.client())
        #expect(try retain(pair).resumability(at: MemoryServer.now) == .no(.notHandedOut))
        let off = try MemoryServer.context(MemoryServer.settings(mode: .off))
        for carrier in SessionCarrier.allCases {
            let session = try retain(MemoryPair.connected(off, carrier.client()))
            #expect(session.resumability(at: MemoryServer.now) == .no(.notHandedOut))
            #expect(session.details.lineage == nil)
        }
    }

    @Test(arguments: [SessionCarrier.id, .stateful])
    func `a stored session that is removed does not resume`(_ carrier: SessionCarrier) throws {
        let listener = try listener(carrier)
        let retained = try retain(MemoryPair.connected(listener, carrier.client()))
        #expect(retained.resumability(at: MemoryServer.now) == .yes)
        listener.domain.store.flush()
        #expect(retained.resumability(at: MemoryServer.now) == .no(.refused(.notFound)))
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a lineage that an ending denied does not resume`(_ carrier: SessionCarrier) throws {
        var verdicts = EndingVerdicts()
        let isKnown = verdicts.set("client_reset", .drop)
        #expect(isKnown)
        let pair = try MemoryPair.connected(listener(carrier, verdicts: verdicts), carrier.client())
        let retained = try retain(pair)
        #expect(pair.sessions.connectionEnded(.clientReset) == .dropped)
        #expect(retained.resumability(at: MemoryServer.now) == .no(.refused(.denied)))
    }

    @Test func `a single-use session is spent when it was resumed`() throws {
        let listener = try listener(.stateful, isSingleUse: true)
        let pair = try MemoryPair.connected(listener, SessionCarrier.stateful.client())
        let first = try retain(pair)
        #expect(first.resumability(at: MemoryServer.now) == .yes)
        let again = try MemoryPair.connected(
            listener, SessionCarrier.stateful.client(resuming: pair.client.sessions.last))
        #expect(again.sessions.outcome.result == .resumed)
        #expect(first.resumability(at: MemoryServer.now) == .no(.refused(.spent)))
        #expect(try retain(again).resumability(at: MemoryServer.now) == .yes)
    }

    @Test(arguments: [SessionCarrier.ticket, .stateless])
    func `a ticket whose key is gone does not resume`(_ carrier: SessionCarrier) throws {
        let domain = MemoryServer.domain()
        let retained = try retain(MemoryPair.connected(listener(carrier, domain: domain), carrier.client()))
        domain.keys.replace(with: [], at: MemoryServer.now)
        // What the ring made itself goes on opening; its end is that of the tickets it sealed.
        #expect(retained.resumability(at: MemoryServer.now) == .yes)
        let elsewhere = try RetainedSession(
            serialized: #require(retained.serialized()),
            in: retain(MemoryPair.connected(listener(carrier), carrier.client())).context)
        #expect(elsewhere.resumability(at: MemoryServer.now) == .no(.refused(.keyUnknown)))
    }

    @Test func `a host that is gone or stricter, or revokes the certificate, resumes nothing`() throws {
        let listener = try listener(.stateless)
        let retained = try retain(MemoryPair.connected(listener, SessionCarrier.stateless.client()))
        func serve(
            _ settings: ListenerTLSSettings = MemoryServer.settings(), host: String = "a.test",
            by policy: ResumptionPolicy = ResumptionPolicy()
        ) throws -> [ServedHost] {
            try HostContexts(hosts: [MemoryServer.host(host)], settings: settings).terms.map { ServedHost($0, policy) }
        }
        func now(_ hosts: [ServedHost]) -> Resumability {
            listener.domain.serve(hosts)
            return retained.resumability(at: MemoryServer.now)
        }
        var tls12 = TLSSettings.intermediate
        tls12.maximumVersion = .tls1_2
        #expect(try now(serve()) == .yes)
        #expect(try now(serve(host: "b.test")) == .no(.refused(.policyChanged)))
        #expect(now([]) == .no(.refused(.policyChanged)))
        #expect(try now(serve(by: ResumptionPolicy(isOn: false))) == .no(.refused(.off)))
        #expect(try now(serve(MemoryServer.settings(mode: .stateful))) == .no(.refused(.notFound)))
        #expect(try now(serve(MemoryServer.settings(tls12))) == .no(.refused(.mismatch)))
        #expect(
            try now(serve(by: ResumptionPolicy(lifetime: .seconds(1), maximumChainAge: .zero)))
                == .no(.refused(.chainTooOld)))
        // One listener that would take it is enough.
        #expect(try now(serve(by: ResumptionPolicy(isOn: false)) + serve()) == .yes)
    }

    @Test func `a cipher that the host takes no longer ends the TLS 1-2 sessions that use it`() throws {
        let listener = try listener(.id)
        var options = SessionCarrier.id.client()
        options.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"
        let retained = try retain(MemoryPair.connected(listener, options))
        for (ciphers, answer) in [
            ("ECDHE-ECDSA-AES128-GCM-SHA256", Resumability.yes),
            ("ECDHE-ECDSA-AES256-GCM-SHA384", .no(.refused(.mismatch))),
        ] {
            var tls = TLSSettings.intermediate
            tls.ciphers = ciphers
            let hosts = try HostContexts(hosts: [MemoryServer.host("a.test")], settings: MemoryServer.settings(tls))
            listener.domain.serve(hosts.terms.map { ServedHost($0, ResumptionPolicy()) })
            #expect(retained.resumability(at: MemoryServer.now) == answer)
        }
    }

    @Test func `a store on another machine is asked, and not waited for beyond the deadline`() async throws {
        let remote = AnsweringStore()
        let local = MemoryServer.domain()
        let domain = SessionDomain(
            name: "test", store: local.store, keys: local.keys, denyList: local.denyList, remote: remote)
        let pair = try MemoryPair.connected(listener(.id, domain: domain), SessionCarrier.id.client())
        let retained = try retain(pair)
        let shared = SharedSessions(remote, keys: local.keys, domain: "test")
        let der = try #require(pair.client.sessions.last).der
        let id = der.withUnsafeBytes { SessionReference.reading($0)?.id } ?? []
        let name = try #require(SessionKey(id))
        let sealed = { (content: StoredSession.Content) in
            shared.seal(StoredSession(content: content, expires: .distantFuture), name, at: MemoryServer.now) ?? []
        }
        let now = MemoryServer.now
        #expect(retained.resumability(at: now) == .yes)
        remote.answer(.nothing)
        #expect(await retained.resumability(at: now, askingStoreFor: .seconds(60)) == .no(.refused(.notFound)))
        remote.answer(.session(sealed(.session(Secret(count: 1) { _ in }))))
        #expect(await retained.resumability(at: now, askingStoreFor: .seconds(60)) == .yes)
        // What we did not seal is not there.
        for odd: [UInt8] in [[], [1]] {
            remote.answer(.session(odd))
            #expect(await retained.resumability(at: now, askingStoreFor: .seconds(60)) == .no(.refused(.notFound)))
        }
        remote.answer(.session(sealed(.spent)))
        #expect(await retained.resumability(at: now, askingStoreFor: .seconds(60)) == .no(.refused(.spent)))
        remote.answer(.failure)
        #expect(await retained.resumability(at: now, askingStoreFor: .seconds(60)) == .no(.refused(.storeSilent)))
        remote.answer(.silence)
        #expect(await retained.resumability(at: now, askingStoreFor: .milliseconds(1)) == .no(.refused(.storeSilent)))
    }
}

/// A store that answers as it is told.
private final class AnsweringStore: SessionStore {
    enum Answer { case nothing, session([UInt8]), failure, silence }
    struct Failure: Error {}

    private let current = Locked(Answer.nothing)
    func answer(_ answer: Answer) { current.withLock { $0 = answer } }

    func get(_ key: SessionKey, at time: WallTime) async throws -> [UInt8]? {
        switch current.withLock({ $0 }) {
        case .nothing: return nil
        case .session(let bytes): return bytes
        case .failure: throw Failure()
        case .silence:
            // Ends when the asker gives up.
            try await Task.sleep(for: .seconds(3600))
            return nil
        }
    }

    func take(_ key: SessionKey, at time: WallTime) async throws -> [UInt8]? { try await get(key, at: time) }
    func put(_ key: SessionKey, _ session: [UInt8], expires: WallTime, at time: WallTime) async throws {}
    func remove(_ key: SessionKey) async throws {}
}

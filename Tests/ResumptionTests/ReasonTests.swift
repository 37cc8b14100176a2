import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Each reason not to resume, where it is not a matter of hosts or certificates.
@Suite struct ReasonTests {
    @Test(arguments: SessionCarrier.allCases)
    func `a chain that is too old is told from a session that is`(_ carrier: SessionCarrier) throws {
        for (lifetime, age, reason) in [(100, 200, ResumptionRefusal.expired), (200, 100, .chainTooOld)] {
            let listener = try MemoryServer.context(
                MemoryServer.settings(mode: carrier.mode),
                policy: ResumptionPolicy(lifetime: .seconds(lifetime), maximumChainAge: .seconds(age)))
            let (_, session) = try MemoryPair.outcome(listener, carrier.client())
            listener.clock.advance(seconds: 99)
            #expect(try MemoryPair.outcome(listener, carrier.client(resuming: session)).result == .resumed)
            listener.clock.advance(seconds: 1)
            #expect(try MemoryPair.outcome(listener, carrier.client(resuming: session)).result == .refused(reason))
        }
    }

    @Test(arguments: [SessionCarrier.id, .stateful])
    func `a stored session that is over is told once, and wiped`(_ carrier: SessionCarrier) throws {
        let listener = try MemoryServer.context(
            MemoryServer.settings(mode: carrier.mode), policy: ResumptionPolicy(lifetime: .seconds(10)))
        let (_, session) = try MemoryPair.outcome(listener, carrier.client())
        let entries = listener.domain.store.counts.entries
        listener.clock.advance(seconds: 10)
        let pair = try MemoryPair(server: listener, client: carrier.client(resuming: session))
        try pair.client.handshake()
        _ = pair.deliverInHandshake(pair.client.takeOutput())
        #expect(pair.sessions.outcome.result == .refused(.expired))
        #expect(listener.domain.store.counts.expired == 1 && listener.domain.store.counts.entries == entries - 1)
        #expect(try MemoryPair.outcome(listener, carrier.client(resuming: session)).result == .refused(.notFound))
    }

    @Test(arguments: [SessionCarrier.stateless, .stateful])
    func `a single-use session that comes again is spent`(_ carrier: SessionCarrier) throws {
        var settings = MemoryServer.settings(mode: carrier.mode)
        settings.sessions.isSingleUse = true
        let listener = try MemoryServer.context(settings)
        let (_, session) = try MemoryPair.outcome(listener, carrier.client())
        #expect(try MemoryPair.outcome(listener, carrier.client(resuming: session)).result == .resumed)
        for _ in 0..<2 {
            #expect(try MemoryPair.outcome(listener, carrier.client(resuming: session)).result == .refused(.spent))
        }
    }

    @Test(arguments: [SessionCarrier.ticket, .stateless])
    func `a session is denied at every listener of its domain`(_ carrier: SessionCarrier) throws {
        let domain = MemoryServer.domain()
        let one = try MemoryServer.context(domain: domain)
        let other = try MemoryServer.context(domain: domain)
        let (_, session) = try MemoryPair.outcome(one, carrier.client())
        let (_, bystander) = try MemoryPair.outcome(one, carrier.client())
        #expect(try MemoryPair.outcome(other, carrier.client(resuming: session)).result == .resumed)
        _ = try MemoryPair.outcome(other, carrier.client(resuming: session), ending: .alertReceived(.badRecordMAC))
        for listener in [one, other] {
            #expect(try MemoryPair.outcome(listener, carrier.client(resuming: session)).result == .refused(.denied))
            #expect(try MemoryPair.outcome(listener, carrier.client(resuming: bystander)).result == .resumed)
        }
    }

    @Test func `hosts of one domain share its deny list, not their sessions`() throws {
        let domain = MemoryServer.domain()
        let hosts = [MemoryServer.host("a.test"), MemoryServer.host("b.test")]
        let listener = try MemoryServer.context(hosts: hosts, domain: domain)
        let carrier = SessionCarrier.stateless
        let (_, session) = try MemoryPair.outcome(listener, carrier.client("a.test"))
        let (_, neighbour) = try MemoryPair.outcome(
            listener, carrier.client("b.test"), ending: .alertReceived(.badRecordMAC))
        #expect(domain.denyList.count == 1)
        #expect(
            try MemoryPair.outcome(listener, carrier.client("b.test", resuming: neighbour)).result == .refused(.denied))
        #expect(try MemoryPair.outcome(listener, carrier.client("a.test", resuming: session)).result == .resumed)
    }

    @Test func `a TLS 1-2 session that is offered for TLS 1-3 is a mismatch`() throws {
        let listener = try MemoryServer.context()
        let (_, session) = try MemoryPair.outcome(listener, SessionCarrier.ticket.client())
        var options = SessionCarrier.ticket.client(resuming: session)
        options.maximumVersion = .tls1_3
        #expect(try MemoryPair.outcome(listener, options).result == .refused(.mismatch))
    }

    @Test func `a TLS 1-3 session that is offered to a TLS 1-2 listener is a mismatch, a random id is nothing`() throws
    {
        let domain = MemoryServer.domain()
        var old = TLSSettings.intermediate
        old.maximumVersion = .tls1_2
        let listener = try MemoryServer.context(MemoryServer.settings(old), domain: domain)
        let carrier = SessionCarrier.stateless
        let (_, session) = try MemoryPair.outcome(try MemoryServer.context(domain: domain), carrier.client())
        #expect(try MemoryPair.outcome(listener, carrier.client(resuming: session)).result == .refused(.mismatch))
        // libssl's clients send a random id whenever they would speak TLS 1.3.
        #expect(try MemoryPair.outcome(listener, carrier.client()).result == .notOffered)
    }

    @Test(arguments: [SessionCarrier.id, .ticket])
    func `a TLS 1-2 session whose cipher the host takes no longer is a mismatch`(_ carrier: SessionCarrier) throws {
        let domain = MemoryServer.domain()
        let (hard, soft) = ("ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-GCM-SHA256")
        func listener(_ ciphers: String) throws -> MemoryListener {
            var tls = TLSSettings.intermediate
            tls.ciphers = ciphers
            return try MemoryServer.context(MemoryServer.settings(tls), domain: domain)
        }
        var options = carrier.client()
        options.ciphers = "\(soft):\(hard)"
        let (_, session) = try MemoryPair.outcome(listener("\(soft):\(hard)"), options)
        options.resuming = session
        #expect(try MemoryPair.outcome(listener("\(hard):\(soft)"), options).result == .resumed)
        #expect(try MemoryPair.outcome(listener(hard), options).result == .refused(.mismatch))
    }

    @Test(arguments: [SessionCarrier.stateless, .stateful])
    func `a TLS 1-3 session of another digest is a mismatch`(_ carrier: SessionCarrier) throws {
        let listener = try MemoryServer.context(MemoryServer.settings(mode: carrier.mode))
        var options = carrier.client()
        options.ciphersuites = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"
        let (_, session) = try MemoryPair.outcome(listener, options)
        var settings = TLSSettings.intermediate
        settings.ciphersuites = "TLS_AES_128_GCM_SHA256"
        let other = try MemoryServer.context(
            MemoryServer.settings(settings, mode: carrier.mode), domain: listener.domain)
        options.resuming = session
        #expect(try MemoryPair.outcome(other, options).result == .refused(.mismatch))
        #expect(try MemoryPair.outcome(listener, options).result == .resumed)
    }
}

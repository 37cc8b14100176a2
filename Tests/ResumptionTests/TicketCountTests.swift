import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// How many TLS 1.3 tickets a handshake ends with.
@Suite struct TicketCountTests {
    private static let carriers: [(carrier: SessionCarrier, isSingleUse: Bool)] = [
        (.stateless, false), (.stateful, false), (.stateless, true),
    ]

    /// A listener with these counts; all of a domain resume each other's sessions.
    private func listener(
        _ carrier: SessionCarrier, full: Int, resumed: Int, isSingleUse: Bool = false, domain: SessionDomain,
        policy: ResumptionPolicy = ResumptionPolicy()
    ) throws -> MemoryListener {
        var settings = MemoryServer.settings(mode: carrier.mode, ticketsFull: full)
        settings.sessions.ticketsResumed = resumed
        settings.sessions.isSingleUse = isSingleUse
        return try MemoryServer.context(settings, domain: domain, policy: policy)
    }

    private func connect(
        _ listener: MemoryListener, _ carrier: SessionCarrier, resuming: MemoryClient.Session? = nil,
        wish: (full: UInt8, resumed: UInt8)? = nil
    ) throws -> (result: ResumptionOutcome.Result, sessions: [MemoryClient.Session]) {
        var options = carrier.client(resuming: resuming)
        options.ticketRequest = wish
        let pair = try MemoryPair.connected(listener, options)
        pair.server.sendCloseNotify()
        return (pair.sessions.outcome.result, pair.client.sessions)
    }

    @Test(arguments: carriers, [(0, 0), (0, 1), (1, 0), (1, 1), (0, 3), (3, 0), (2, 3), (3, 1), (16, 16)])
    func `full and resumed handshakes get what is set for each, whatever the other gets`(
        _ kind: (carrier: SessionCarrier, isSingleUse: Bool), _ counts: (full: Int, resumed: Int)
    ) throws {
        let domain = MemoryServer.domain()
        let generous = try listener(kind.carrier, full: 1, resumed: 1, isSingleUse: kind.isSingleUse, domain: domain)
        let session = try #require(try connect(generous, kind.carrier).sessions.last)
        let listener = try listener(
            kind.carrier, full: counts.full, resumed: counts.resumed, isSingleUse: kind.isSingleUse, domain: domain)
        let full = try connect(listener, kind.carrier)
        #expect(full.result == .notOffered && full.sessions.count == counts.full)
        let resumed = try connect(listener, kind.carrier, resuming: session)
        #expect(resumed.result == .resumed && resumed.sessions.count == counts.resumed)
        // Each of them is good for itself.
        for session in (full.sessions + resumed.sessions).prefix(4) {
            #expect(try connect(listener, kind.carrier, resuming: session).result == .resumed)
        }
    }

    @Test(arguments: carriers)
    func `a ticket_request gets what is set, and a few more where more are asked for`(
        _ kind: (carrier: SessionCarrier, isSingleUse: Bool)
    ) throws {
        let domain = MemoryServer.domain()
        let carrier = kind.carrier
        let listener = try listener(carrier, full: 1, resumed: 1, isSingleUse: kind.isSingleUse, domain: domain)
        for (wish, full, resumed) in [
            ((0, 0), 0, 0), ((1, 1), 1, 1), ((3, 0), 3, 0), ((0, 2), 0, 2), ((4, 2), 4, 2), ((5, 3), 4, 2),
            ((255, 255), 4, 2),
        ] as [((UInt8, UInt8), Int, Int)] {
            let session = try #require(try connect(listener, carrier).sessions.last)
            #expect(try connect(listener, carrier, wish: wish).sessions.count == full, "\(wish)")
            let again = try connect(listener, carrier, resuming: session, wish: wish)
            #expect(again.result == .resumed && again.sessions.count == resumed, "\(wish)")
        }
        let generous = try self.listener(carrier, full: 8, resumed: 6, isSingleUse: kind.isSingleUse, domain: domain)
        let full = try connect(generous, carrier, wish: (255, 255))
        #expect(full.sessions.count == 8)
        #expect(try connect(generous, carrier, resuming: full.sessions.last, wish: (255, 255)).sessions.count == 6)
    }

    @Test(arguments: [false, true])
    func `wishes that are stored count for their address, and within a lifetime there are so many`(
        isSingleUse: Bool
    ) throws {
        let domain = MemoryServer.domain()
        let carrier = isSingleUse ? SessionCarrier.stateless : .stateful
        let listener = try listener(carrier, full: 1, resumed: 1, isSingleUse: isSingleUse, domain: domain)
        let share = ResumptionLimits.wishShare
        var given = 0
        for _ in 0..<share { given += try connect(listener, carrier, wish: (16, 16)).sessions.count }
        // Every client gets the count that is set; of the rest, all share one part.
        #expect(given == share + share)
        #expect(domain.wishesNotGranted == 3 * share - share)
        listener.clock.advance(seconds: 7200)
        #expect(try connect(listener, carrier, wish: (16, 16)).sessions.count == 4)
    }

    @Test func `wishes that nobody stores have no share`() throws {
        let domain = MemoryServer.domain()
        let listener = try listener(.stateless, full: 1, resumed: 1, domain: domain)
        for _ in 0..<ResumptionLimits.wishShare {
            #expect(try connect(listener, .stateless, wish: (16, 16)).sessions.count == 4)
        }
        #expect(domain.wishesNotGranted == 0 && domain.store.counts.entries == 0)
    }

    @Test(arguments: carriers, [(0, 1), (1, 3), (3, 1), (3, 0), (2, 2)])
    func `a session that is good but fits no cipher counts as a full handshake`(
        _ kind: (carrier: SessionCarrier, isSingleUse: Bool), _ counts: (full: Int, resumed: Int)
    ) throws {
        let domain = MemoryServer.domain()
        var options = kind.carrier.client()
        options.ciphersuites = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"
        let generous = try listener(kind.carrier, full: 1, resumed: 1, isSingleUse: kind.isSingleUse, domain: domain)
        let first = try MemoryPair.connected(generous, options)
        var tls = TLSSettings.intermediate
        tls.ciphersuites = "TLS_AES_128_GCM_SHA256"
        var settings = MemoryServer.settings(tls, mode: kind.carrier.mode, ticketsFull: counts.full)
        settings.sessions.ticketsResumed = counts.resumed
        settings.sessions.isSingleUse = kind.isSingleUse
        options.resuming = first.client.sessions.last
        let pair = try MemoryPair(server: MemoryServer.context(settings, domain: domain), client: options)
        #expect(pair.handshake() == .done)
        #expect(pair.sessions.outcome.result == .refused(.mismatch))
        #expect(pair.client.sessions.count == counts.full)
    }

    @Test func `a ticket_request gets nothing where no tickets are given`() throws {
        let domain = MemoryServer.domain()
        let none = try listener(.stateless, full: 0, resumed: 0, domain: domain)
        #expect(try connect(none, .stateless, wish: (5, 5)).sessions.isEmpty)
        let off = try MemoryServer.context(MemoryServer.settings(mode: .off))
        #expect(try connect(off, .stateless, wish: (5, 5)).sessions.isEmpty)
    }

    @Test(arguments: carriers)
    func `no ticket is given that would not resume`(_ kind: (carrier: SessionCarrier, isSingleUse: Bool)) throws {
        let domain = MemoryServer.domain()
        let listener = try listener(
            kind.carrier, full: 2, resumed: 2, isSingleUse: kind.isSingleUse, domain: domain,
            policy: ResumptionPolicy(lifetime: .zero))
        #expect(try connect(listener, kind.carrier).sessions.isEmpty)
        #expect(domain.store.counts.entries == 0)
    }
}

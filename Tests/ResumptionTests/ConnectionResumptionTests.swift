import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@Suite struct ConnectionResumptionTests {
    /// A handshake that succeeds, ended in order.
    private func connect(
        _ listener: MemoryListener, _ options: MemoryClient.Options, ending: Ending = .clientCloseNotify
    ) throws -> (
        session: MemoryClient.Session?, sessions: ConnectionResumption, verdict: ConnectionResumption.AfterEnding
    ) {
        let pair = try MemoryPair.connected(listener, options)
        #expect(pair.client.wasResumed == (pair.sessions.outcome.result == .resumed))
        pair.server.sendCloseNotify()
        return (pair.client.sessions.last, pair.sessions, pair.sessions.connectionEnded(ending))
    }

    private func listener(
        _ carrier: SessionCarrier, hosts: [HostDefinition] = [MemoryServer.host("a.test", "b.test")],
        domain: SessionDomain = MemoryServer.domain(), policy: ResumptionPolicy = ResumptionPolicy()
    ) throws -> MemoryListener {
        try MemoryServer.context(
            MemoryServer.settings(mode: carrier.mode), hosts: hosts, domain: domain, policy: policy)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a lineage goes on through every resumption`(_ carrier: SessionCarrier) throws {
        let listener = try listener(carrier)
        var (session, first, _) = try connect(listener, carrier.client())
        let lineage = try #require(first.lineage)
        #expect(lineage.renewals == 0 && first.outcome.result == .notOffered)
        for round in 1...5 {
            listener.clock.advance(seconds: 10)
            let (next, sessions, _) = try connect(listener, carrier.client(resuming: session))
            #expect(sessions.outcome.result == .resumed)
            #expect(sessions.lineage?.id == lineage.id)
            #expect(sessions.lineage?.authenticatedAt == lineage.authenticatedAt)
            if carrier.version == .tls1_3 { #expect(sessions.lineage?.renewals == UInt32(round)) }
            session = next ?? session
        }
        #expect(try connect(listener, carrier.client()).sessions.lineage?.id != lineage.id)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a session lives as long as its lifetime, to the second`(_ carrier: SessionCarrier) throws {
        for (away, result) in [
            (59, ResumptionOutcome.Result.resumed),
            (60, .refused(.expired)), (61, .refused(.expired)),
        ] {
            let listener = try listener(carrier, policy: ResumptionPolicy(lifetime: .seconds(60)))
            let (session, _, _) = try connect(listener, carrier.client())
            listener.clock.advance(seconds: Int64(away))
            #expect(try connect(listener, carrier.client(resuming: session)).sessions.outcome.result == result)
        }
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a chain of resumptions ends with its age`(_ carrier: SessionCarrier) throws {
        let policy = ResumptionPolicy(lifetime: .seconds(60), maximumChainAge: .seconds(150))
        let listener = try listener(carrier, policy: policy)
        var (session, first, _) = try connect(listener, carrier.client())
        var resumed = 0
        for _ in 0..<10 {
            listener.clock.advance(seconds: 30)
            let (next, sessions, _) = try connect(listener, carrier.client(resuming: session))
            guard sessions.outcome.result == .resumed else { break }
            #expect(sessions.lineage?.id == first.lineage?.id)
            resumed += 1
            session = next ?? session
        }
        // TLS 1.2 sessions are not extended by use; TLS 1.3 ones are, up to the age of the chain.
        #expect(resumed == (carrier.version == .tls1_3 ? 4 : 1))
        first = try connect(listener, carrier.client()).sessions
        #expect(first.outcome.result == .notOffered)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `each reason not to resume is told apart`(_ carrier: SessionCarrier) throws {
        let hosts = [MemoryServer.host("a.test"), MemoryServer.host("b.test")]
        let domain = MemoryServer.domain()
        let listener = try listener(carrier, hosts: hosts, domain: domain)
        let (session, _, _) = try connect(listener, carrier.client())
        func result(
            _ session: MemoryClient.Session?, at listener: MemoryListener, _ name: String = "a.test"
        ) throws -> ResumptionOutcome.Result {
            try connect(listener, carrier.client(name, resuming: session)).sessions.outcome.result
        }

        #expect(try result(session, at: listener, "b.test") == .refused(.otherHost))
        let elsewhere = try self.listener(carrier, hosts: hosts)
        #expect(try result(session, at: elsewhere) == .refused(carrier.isStateful ? .notFound : .keyUnknown))
        if carrier == .ticket || carrier == .stateless {
            var damaged = try #require(session)
            damaged.damageTicket()
            #expect(try result(damaged, at: listener) == .refused(.forged))
        }
        let renamed = try MemoryServer.context(
            MemoryServer.settings(mode: carrier.mode, domain: "other"), hosts: hosts, domain: domain)
        #expect(try result(session, at: renamed) == .refused(.otherDomain))
        let off = try MemoryServer.context(MemoryServer.settings(mode: .off), hosts: hosts, domain: domain)
        #expect(try result(session, at: off) == .refused(.off))
        // None of it has spoilt the session where it belongs.
        #expect(try result(session, at: listener) == .resumed)
    }

    @Test(arguments: [SessionCarrier.ticket, .stateless])
    func `a ticket of another program with the same key is foreign`(_ carrier: SessionCarrier) throws {
        let listener = try listener(carrier)
        let pair = try MemoryPair(server: listener, client: carrier.client()) { kept in
            let other = ForwardingSessions(kept)
            other.remembers = { _ in [1] }
            return other
        }
        #expect(pair.handshake() == .done)
        pair.server.sendCloseNotify()
        pair.toClient()
        _ = try? pair.client.read()
        let session = try #require(pair.client.sessions.last)
        let outcome = try connect(listener, carrier.client(resuming: session)).sessions.outcome
        #expect(outcome.result == .refused(.foreign) && outcome.refused == nil)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `of a refused session its lineage is told, its host, and by how much it was late`(
        _ carrier: SessionCarrier
    ) throws {
        let hosts = [MemoryServer.host("a.test"), MemoryServer.host("b.test")]
        let settings = MemoryServer.settings(mode: carrier.mode)
        let listener = try listener(
            carrier, hosts: hosts, policy: ResumptionPolicy(lifetime: .seconds(600), maximumChainAge: .seconds(900)))
        listener.domain.serve(
            try HostContexts(hosts: hosts, settings: settings).terms.map { ServedHost($0, ResumptionPolicy()) })
        let (session, first, _) = try connect(listener, carrier.client())
        let other = try connect(listener, carrier.client("b.test", resuming: session)).sessions.outcome
        #expect(other.result == .refused(.otherHost) && other.refused?.hostID == "a.test")
        #expect(other.refused?.lineage.id == first.lineage?.id && other.refused?.late == nil)
        #expect(try connect(listener, carrier.client(resuming: session)).sessions.outcome.refused == nil, "resumed")
        listener.clock.advance(seconds: 607)
        let late = try connect(listener, carrier.client(resuming: session)).sessions.outcome
        #expect(late.result == .refused(.expired), "\(late)")
        #expect(late.refused?.late == .seconds(7) && late.refused?.lineage.id == first.lineage?.id)
    }

    @Test(arguments: [SessionCarrier.id, .ticket])
    func `a TLS 1-2 session is never resumed under another name`(_ carrier: SessionCarrier) throws {
        let listener = try listener(carrier)
        let (session, _, _) = try connect(listener, carrier.client("a.test"))
        for name in ["b.test", nil] {
            let outcome = try connect(listener, carrier.client(name, resuming: session)).sessions.outcome
            #expect(outcome.result == .refused(.otherName))
        }
        #expect(try connect(listener, carrier.client("A.TEST", resuming: session)).sessions.outcome.result == .resumed)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `an ending that drops takes the whole lineage along, and no other`(_ carrier: SessionCarrier) throws {
        let listener = try listener(carrier)
        let (old, _, _) = try connect(listener, carrier.client())
        let (other, _, _) = try connect(listener, carrier.client())
        let (new, _, verdict) = try connect(
            listener, carrier.client(resuming: old), ending: .alertReceived(.badRecordMAC))
        #expect(verdict == .dropped)
        for session in [old, new].compactMap(\.self) {
            let result = try connect(listener, carrier.client(resuming: session)).sessions.outcome.result
            #expect(result == .refused(.denied) || result == .refused(.notFound))
        }
        #expect(try connect(listener, carrier.client(resuming: other)).sessions.outcome.result == .resumed)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `every ending keeps but a fatal alert, and a listener may say otherwise`(_ carrier: SessionCarrier) throws {
        let endings: [Ending] = [
            .clientCloseNotify, .clientFIN, .clientReset, .upstreamEnd, .upstreamReset, .upstreamUnreachable,
            .timeoutIdle, .timeoutHalfClosed, .timeoutShutdown, .refused, .drain, .killed,
        ]
        let listener = try listener(carrier)
        for ending in endings {
            let (session, _, verdict) = try connect(listener, carrier.client(), ending: ending)
            #expect(verdict == .kept, "\(ending)")
            let again = try connect(listener, carrier.client(resuming: session))
            #expect(again.sessions.outcome.result == .resumed)
        }
        var verdicts = EndingVerdicts()
        #expect(verdicts.set("client_fin", .drop) && verdicts.set("fatal_alert", .keep) && !verdicts.set("fin", .drop))
        let strict = try self.listener(carrier, policy: ResumptionPolicy(verdicts: verdicts))
        #expect(try connect(strict, carrier.client(), ending: .clientFIN).verdict == .dropped)
        let alert = Ending.alertSent(.badRecordMAC)
        #expect(try connect(strict, carrier.client(), ending: alert).verdict == .kept)
    }

    @Test func `only an alert that tells of corruption drops, sent or received`() throws {
        let listener = try listener(.stateless)
        for code in UInt8.min...UInt8.max {
            let alert = TLSAlert(code: code)
            let drops = [10, 20, 21, 22, 30, 47, 50, 51].contains(code)
            for ending in [Ending.alertSent(alert), .alertReceived(alert)] {
                #expect((listener.policy.verdicts[ending] == .drop) == drops, "\(ending)")
            }
        }
        let carrier = SessionCarrier.stateless
        let (session, _, verdict) = try connect(listener, carrier.client(), ending: .alertReceived(.accessDenied))
        #expect(verdict == .kept)
        #expect(try connect(listener, carrier.client(resuming: session)).sessions.outcome.result == .resumed)
    }

    @Test func `strangers who fill the deny list end nobody else's sessions`() throws {
        let domain = MemoryServer.domain(denyList: 2)
        let listener = try listener(.stateless, domain: domain)
        let carrier = SessionCarrier.stateless
        let (bystander, _, _) = try connect(listener, carrier.client())
        let alert = Ending.alertReceived(.badRecordMAC)
        var verdicts: [ConnectionResumption.AfterEnding] = []
        for _ in 0..<3 {
            verdicts.append(try connect(listener, carrier.client(), ending: alert).verdict)
            listener.clock.advance(seconds: 10)
        }
        // The third is one too many of its address.
        #expect(verdicts == [.dropped, .notDenied, .notDenied])
        #expect(try connect(listener, carrier.client(resuming: bystander)).sessions.outcome.result == .resumed)
    }

    @Test func `a single-use session resumes once, also through a HelloRetryRequest`() throws {
        for groups in [nil, "X448:P-256"] {
            var settings = MemoryServer.settings()
            settings.sessions.isSingleUse = true
            let listener = try MemoryServer.context(settings)
            let carrier = SessionCarrier.stateless
            let (session, _, _) = try connect(listener, carrier.client())
            #expect(session?.ticketBytes == 32)
            var options = carrier.client(resuming: session)
            options.groups = groups
            #expect(try connect(listener, options).sessions.outcome.result == .resumed)
            #expect(try connect(listener, options).sessions.outcome.result != .resumed)
        }
    }

    @Test func `a client gets as many tickets as are set, full and resumed`() throws {
        for (full, resumed) in [(0, 0), (1, 0), (1, 1), (2, 3)] {
            var settings = MemoryServer.settings(ticketsFull: full)
            settings.sessions.ticketsResumed = resumed
            let listener = try MemoryServer.context(settings)
            let first = try MemoryPair.connected(listener, SessionCarrier.stateless.client())
            #expect(first.client.sessions.count == full)
            guard let session = first.client.sessions.last else { continue }
            let second = try MemoryPair(server: listener, client: SessionCarrier.stateless.client(resuming: session))
            #expect(second.handshake() == .done)
            #expect(second.sessions.outcome.result == .resumed)
            #expect(second.client.sessions.count == resumed)
        }
    }
}

import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// A session that is resumed against the policy goes no further, even if a callback let it through.
@Suite struct ResumptionAssertionTests {
    private func session(_ listener: MemoryListener, _ carrier: SessionCarrier) throws -> MemoryClient.Session {
        let pair = try MemoryPair.connected(listener, carrier.client())
        pair.server.sendCloseNotify()
        return try #require(pair.client.sessions.last)
    }

    /// A keeper that lets every session through.
    ///
    /// - Parameter isBlind: it does not look again before the ServerHello either.
    private func lenient(_ kept: ConnectionResumption, isBlind: Bool) -> ForwardingSessions {
        let sessions = ForwardingSessions(kept)
        sessions.resumesAll = true
        sessions.check = isBlind ? .inOrder : nil
        return sessions
    }

    /// A session whose chain is too old, about to be offered to a server that judges it good.
    private func tooOld(_ carrier: SessionCarrier, isBlind: Bool) throws -> MemoryPair {
        let listener = try MemoryServer.context(
            MemoryServer.settings(mode: carrier.mode), policy: ResumptionPolicy(maximumChainAge: .seconds(100)))
        let session = try session(listener, carrier)
        listener.clock.advance(seconds: 100)
        return try MemoryPair(server: listener, client: carrier.client(resuming: session)) {
            lenient($0, isBlind: isBlind)
        }
    }

    private func expectAccessDenied(_ pair: MemoryPair) {
        #expect(pair.clientFailure?.description.contains("access_denied") == true, "\(pair.clientFailure as Any)")
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a session that should have been refused gets access_denied for a ServerHello`(
        _ carrier: SessionCarrier
    ) throws {
        let pair = try tooOld(carrier, isBlind: false)
        guard case .failed(let fault) = pair.handshake() else { return #expect(Bool(false), "it was resumed") }
        #expect(fault.cause == .resumptionDefect && fault.alertSent == .accessDenied)
        expectAccessDenied(pair)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `what is resumed all the same ends when the handshake is done, in TLS 1-3 by access_denied`(
        _ carrier: SessionCarrier
    ) throws {
        let pair = try tooOld(carrier, isBlind: true)
        guard case .failed(let fault) = pair.handshake() else { return #expect(Bool(false), "it goes on") }
        #expect(fault.cause == .resumptionDefect)
        #expect(pair.client.sessions.isEmpty || carrier.version == .tls1_2)
        guard carrier.version == .tls1_3 else { return }
        #expect(fault.alertSent == .accessDenied)
        // 3.0.2, as a client, breaks off by itself before.
        if pair.clientFailure == nil || !LibraryVersion.is3_0(before: 13) { expectAccessDenied(pair) }
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a lineage that is denied while a handshake resumes it is not resumed`(_ carrier: SessionCarrier) throws {
        let listener = try MemoryServer.context(MemoryServer.settings(mode: carrier.mode))
        let session = try session(listener, carrier)
        let first = try MemoryPair(server: listener, client: carrier.client(resuming: session))
        let second = try MemoryPair(server: listener, client: carrier.client(resuming: session))
        try second.client.handshake()
        #expect(second.deliverInHandshake(second.client.takeOutput()) == .wantsInput)
        second.toClient()
        #expect(first.handshake() == .done)
        #expect(first.sessions.connectionEnded(.alertReceived(.badRecordMAC)) == .dropped)
        guard case .failed(let fault) = second.handshake() else { return #expect(Bool(false), "it was resumed") }
        #expect(fault.cause == .resumptionDenied)
        if carrier.version == .tls1_3 { expectAccessDenied(second) }
    }
}

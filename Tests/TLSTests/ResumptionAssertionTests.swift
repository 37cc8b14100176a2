import Resumption
import TLS
import TestSupport
import Testing
import Vocabulary

/// A keeper that lets every session through, as a defect in the judging would.
private final class LenientSessions: ConnectionSessions {
    private let kept: ConnectionResumption
    private let isBlind: Bool

    /// - Parameter isBlind: it does not look again before the ServerHello either.
    init(_ kept: ConnectionResumption, isBlind: Bool) {
        (self.kept, self.isBlind) = (kept, isBlind)
    }

    func begin(_ offer: SessionOffer, clients: ClientAuthentication?) -> Bool { kept.begin(offer, clients: clients) }
    func find(_ id: UnsafeRawBufferPointer, isTLS13: Bool, _ body: (UnsafeRawBufferPointer) -> Void) {
        kept.find(id, isTLS13: isTLS13, body)
    }
    func openingKey(named name: UnsafeRawBufferPointer) -> TicketKeyAnswer { kept.openingKey(named: name) }
    func ticketDidNotOpen() { kept.ticketDidNotOpen() }
    func judge(_ session: OpenedSession) -> SessionAnswer {
        _ = kept.judge(session)
        return .resume
    }
    var wantsRenewal: Bool { kept.wantsRenewal }
    func sealingKey() -> TicketSecrets? { kept.sealingKey() }
    func mark(_ session: NewSession) -> SessionMark? { kept.mark(session) }
    func store(_ id: UnsafeRawBufferPointer, _ der: UnsafeRawBufferPointer) { kept.store(id, der) }
    func checkResumption() -> ResumptionCheck { isBlind ? .inOrder : kept.checkResumption() }
    func handshakeIsDone(resumed: Bool) -> ResumptionCheck { kept.handshakeIsDone(resumed: resumed) }
}

/// A session that is resumed against the policy, whoever let it through, goes no further.
@Suite struct ResumptionAssertionTests {
    private let now = MemoryServer.now

    private func session(_ listener: MemoryListener, _ carrier: SessionCarrier) throws -> MemoryClient.Session {
        let pair = try MemoryPair(server: listener, client: carrier.client())
        try #require(pair.handshake() == .done)
        pair.server.sendCloseNotify()
        return try #require(pair.client.sessions.last)
    }

    private func expectAccessDenied(_ pair: MemoryPair) {
        #expect(pair.clientFailure?.description.contains("access denied") == true, "\(pair.clientFailure as Any)")
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a session that should have been refused gets access_denied for a ServerHello`(
        _ carrier: SessionCarrier
    ) throws {
        let listener = try MemoryServer.context(
            MemoryServer.settings(mode: carrier.mode), policy: ResumptionPolicy(maximumChainAge: .seconds(100)))
        let session = try session(listener, carrier)
        listener.clock.advance(seconds: 100)
        let pair = try MemoryPair(server: listener, client: carrier.client(resuming: session)) {
            LenientSessions($0, isBlind: false)
        }
        guard case .failed(let fault) = pair.handshake() else { return #expect(Bool(false), "it was resumed") }
        #expect(fault.cause == .resumptionDefect && fault.alertSent == .accessDenied)
        expectAccessDenied(pair)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `what is resumed all the same ends when the handshake is done, in TLS 1-3 by access_denied`(
        _ carrier: SessionCarrier
    ) throws {
        let listener = try MemoryServer.context(
            MemoryServer.settings(mode: carrier.mode), policy: ResumptionPolicy(maximumChainAge: .seconds(100)))
        let session = try session(listener, carrier)
        listener.clock.advance(seconds: 100)
        let pair = try MemoryPair(server: listener, client: carrier.client(resuming: session)) {
            LenientSessions($0, isBlind: true)
        }
        guard case .failed(let fault) = pair.handshake() else { return #expect(Bool(false), "it goes on") }
        #expect(fault.cause == .resumptionDefect)
        #expect(pair.client.sessions.isEmpty || carrier.version == .tls1_2)
        guard carrier.version == .tls1_3 else { return }
        #expect(fault.alertSent == .accessDenied)
        expectAccessDenied(pair)
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
        #expect(first.sessions.connectionEnded(.alertReceived(.internalError)) == .dropped)
        guard case .failed(let fault) = second.handshake() else { return #expect(Bool(false), "it was resumed") }
        #expect(fault.cause == .resumptionDenied)
        if carrier.version == .tls1_3 { expectAccessDenied(second) }
    }
}

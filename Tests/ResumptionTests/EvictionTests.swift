import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Ids and tickets are public on the wire: a client that has seen one, and knows no secret, cannot end the session.
@Suite struct EvictionTests {
    /// The victim's listener, its session, and how the victim fares afterwards.
    private struct Scene {
        let listener: MemoryListener
        let carrier: SessionCarrier
        let session: MemoryClient.Session

        init(_ carrier: SessionCarrier, isSingleUse: Bool = false) throws {
            var settings = MemoryServer.settings(mode: carrier.mode)
            settings.sessions.isSingleUse = isSingleUse
            (listener, self.carrier) = (try MemoryServer.context(settings), carrier)
            let pair = try MemoryPair.connected(listener, carrier.client())
            pair.server.sendCloseNotify()
            session = try #require(pair.client.sessions.last)
        }

        /// The attacker, who has the session but not its secret, at the start of a handshake.
        func attacker() throws -> MemoryPair {
            var stolen = session
            stolen.damageSecret()
            return try MemoryPair(server: listener, client: carrier.client(resuming: stolen))
        }

        func victimResumes() throws -> Bool {
            let pair = try MemoryPair(server: listener, client: carrier.client(resuming: session))
            try #require(pair.handshake() == .done)
            pair.server.sendCloseNotify()
            return pair.client.wasResumed && pair.sessions.outcome.result == .resumed
        }
    }

    @Test(arguments: SessionCarrier.allCases, [false, true])
    func `a client without the secret is refused, and the victim still resumes`(
        _ carrier: SessionCarrier, isSingleUse: Bool
    ) throws {
        let scene = try Scene(carrier, isSingleUse: isSingleUse)
        for _ in 0..<3 {
            let pair = try scene.attacker()
            let progress = pair.handshake()
            #expect(progress != .done)
            // In TLS 1.2 it is the client that finds out first, and says so.
            #expect(pair.clientFailure != nil || pair.server.summary.resumed == .no)
            guard case .failed(let fault) = progress else { return #expect(Bool(false), "\(progress)") }
            let ending = fault.alertSent.map(Ending.alertSent) ?? .alertReceived(.handshakeFailure)
            #expect(pair.sessions.connectionEnded(ending) == .kept)
            #expect(scene.listener.domain.denyList.count == 0)
        }
        #expect(try scene.victimResumes())
    }

    /// Alerts in the clear: before the handshake is done TLS 1.2 and 1.3 take them so.
    @Test(arguments: SessionCarrier.allCases, [false, true])
    func `a fatal alert behind somebody else's ticket or id does not end the session`(
        _ carrier: SessionCarrier, isSingleUse: Bool
    ) throws {
        for alert in [TLSAlert.internalError, .handshakeFailure, .accessDenied] {
            let scene = try Scene(carrier, isSingleUse: isSingleUse)
            // A recording of the victim's own ClientHello, which the victim then had to give up.
            let recorded = try MemoryPair(server: scene.listener, client: carrier.client(resuming: scene.session))
            try recorded.client.handshake()
            let hello = recorded.client.takeOutput()
            let pair = try MemoryPair(server: scene.listener)
            #expect(pair.deliverInHandshake(hello) == .wantsInput)
            guard case .failed(let fault) = pair.deliverInHandshake([21, 3, 3, 0, 2, 2, alert.code]) else {
                return #expect(Bool(false), "the alert was not heard")
            }
            #expect(fault.cause == .alertReceived(alert))
            #expect(pair.sessions.connectionEnded(.alertReceived(alert)) == .kept)
            #expect(try scene.victimResumes())
        }
    }

    @Test(arguments: [SessionCarrier.stateless, .stateful])
    func `what a failed handshake gave back is for a single use still`(_ carrier: SessionCarrier) throws {
        let scene = try Scene(carrier, isSingleUse: true)
        let pair = try scene.attacker()
        _ = pair.handshake()
        // While the attacker's handshake lasts there is nothing to give back, and so nothing to be taken twice.
        _ = pair.sessions.connectionEnded(.alertSent(.handshakeFailure))
        #expect(try scene.victimResumes())
        #expect(try !scene.victimResumes())
    }

    /// The identity is on the wire for all to see; a suite of the other digest keeps libssl from the binder.
    @Test(arguments: [SessionCarrier.stateless, .stateful], ["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"])
    func `a hello with a seen identity, and silence, keeps a single-use session from nobody`(
        _ carrier: SessionCarrier, suite: String
    ) throws {
        let scene = try Scene(carrier, isSingleUse: true)
        let silent = try (0..<8).map { _ in
            let pair = try MemoryPair(server: scene.listener)
            var hello = MemoryHello.offering([scene.session.ticket])
            hello.ciphers = [suite.contains("256") ? 0x1302 : 0x1301]
            _ = pair.deliverInHandshake(hello.records)
            return pair
        }
        #expect(try scene.victimResumes())
        #expect(try !scene.victimResumes())
        withExtendedLifetime(silent) {}
    }

    @Test(arguments: [SessionCarrier.stateless, .stateful])
    func `a handshake that fails gives a proved session back at once, and one that lasts keeps it`(
        _ carrier: SessionCarrier
    ) throws {
        let scene = try Scene(carrier, isSingleUse: true)
        let owner = try MemoryPair(server: scene.listener, client: carrier.client(resuming: scene.session))
        try owner.client.handshake()
        #expect(owner.deliverInHandshake(owner.client.takeOutput()) == .wantsInput)
        #expect(try !scene.victimResumes())
        owner.sessions.handshakeHasFailed()
        #expect(try scene.victimResumes())
    }
}

import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Sessions and the certificates that clients show: CVE-2025-23419 and its kin.
@Suite struct ClientCertificateTests {
    private let root: CertificateAuthority
    private let made: SelfSigned.Made

    init() throws {
        root = try CertificateAuthority(
            name: "Clients", validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil)
        made = try SelfSigned.make(
            names: ["alice.clients.test"], validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil,
            serial: 0xA1, issuedBy: root, forClient: true)
    }

    private func demand(
        _ mode: ClientAuthentication.Mode = .require, names: [String] = [], revocations: [UInt8]? = nil,
        depth: Int? = nil
    ) throws -> ClientAuthentication {
        try ClientAuthentication(
            mode: mode, authoritiesPEM: root.certificatePEM, revocationPEM: revocations, depth: depth,
            names: names.compactMap { CertificateName($0) })
    }

    private func listener(
        _ carrier: SessionCarrier, _ hosts: [HostDefinition], domain: SessionDomain = MemoryServer.domain()
    ) throws -> MemoryListener {
        try MemoryServer.context(
            MemoryServer.settings(mode: carrier.mode), hosts: hosts, domain: domain,
            policy: ResumptionPolicy(maximumChainAge: .seconds(1_000_000_000)))
    }

    private func client(
        _ carrier: SessionCarrier, _ name: String = "a.test", shows: Bool = true, resuming: MemoryClient.Session? = nil
    ) -> MemoryClient.Options {
        var options = carrier.client(name, resuming: resuming)
        options.certificate = shows ? made : nil
        return options
    }

    /// What came of the offer, or why the handshake failed.
    private enum Came: Equatable {
        case through(ResumptionOutcome.Result)
        case failed(HandshakeFailure)
    }

    private func connect(
        _ listener: MemoryListener, _ options: MemoryClient.Options
    ) throws -> (came: Came, session: MemoryClient.Session?) {
        let pair = try MemoryPair(server: listener, client: options)
        let progress = pair.handshake()
        if case .failed(let fault) = progress { return (.failed(fault.cause), nil) }
        try #require(progress == .done)
        pair.server.sendCloseNotify()
        pair.toClient()
        _ = try? pair.client.read()
        return (.through(pair.sessions.outcome.result), pair.client.sessions.last)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a client that showed its certificate resumes without showing it again`(_ carrier: SessionCarrier) throws {
        let listener = try listener(carrier, [MemoryServer.host("a.test", clients: demand())])
        var (came, session) = try connect(listener, client(carrier))
        #expect(came == .through(.notOffered))
        for _ in 0..<3 {
            let (next, renewed) = try connect(listener, client(carrier, shows: false, resuming: session))
            #expect(next == .through(.resumed))
            session = renewed ?? session
        }
        (came, _) = try connect(listener, client(carrier, shows: false))
        #expect(came == .failed(.certificateRequired))
    }

    @Test(arguments: SessionCarrier.allCases, [ClientAuthentication.Mode.request, .require])
    func `a session of a host that asks for nothing opens no host that does`(
        _ carrier: SessionCarrier, _ mode: ClientAuthentication.Mode
    ) throws {
        let listener = try listener(
            carrier, [MemoryServer.host("a.test"), MemoryServer.host("b.test", clients: demand(mode))])
        let (_, session) = try connect(listener, client(carrier, "a.test", shows: false))
        let (without, _) = try connect(listener, client(carrier, "b.test", shows: false, resuming: session))
        #expect(without == (mode == .require ? .failed(.certificateRequired) : .through(.refused(.otherHost))))
        let (with, _) = try connect(listener, client(carrier, "b.test", resuming: session))
        #expect(with == .through(.refused(.otherHost)))
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a policy that a reload changes ends its sessions, and an unrelated reload ends none`(
        _ carrier: SessionCarrier
    ) throws {
        let domain = MemoryServer.domain()
        let before = try listener(carrier, [MemoryServer.host("a.test")], domain: domain)
        let (_, session) = try connect(before, client(carrier))
        let unrelated = try listener(
            carrier,
            [
                MemoryServer.host(
                    "a.test", "c.test", certificates: [MemoryServer.certificate(names: ["a.test"], kind: .rsa2048)])
            ], domain: domain)
        #expect(try connect(unrelated, client(carrier, resuming: session)).came == .through(.resumed))
        let tight = try listener(carrier, [MemoryServer.host("a.test", clients: demand())], domain: domain)
        #expect(try connect(tight, client(carrier, resuming: session)).came == .through(.refused(.policyChanged)))
        let (_, second) = try connect(tight, client(carrier))
        for stricter in try [demand(names: ["*.clients.test"]), demand(depth: 1), demand(.request)] {
            let changed = try listener(carrier, [MemoryServer.host("a.test", clients: stricter)], domain: domain)
            #expect(try connect(changed, client(carrier, resuming: second)).came == .through(.refused(.policyChanged)))
        }
        #expect(try connect(tight, client(carrier, resuming: second)).came == .through(.resumed))
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a certificate that is revoked or expires does not live on in a session`(_ carrier: SessionCarrier) throws {
        let domain = MemoryServer.domain()
        let host = try MemoryServer.host("a.test", clients: demand())
        let listener = try listener(carrier, [host], domain: domain)
        let (_, session) = try connect(listener, client(carrier))
        let revoked = try MemoryServer.host(
            "a.test", clients: demand(revocations: TestRevocations(of: root).list(["A1"])))
        let strict = try self.listener(carrier, [revoked], domain: domain)
        let pair = try MemoryPair(server: strict, client: client(carrier, resuming: session))
        guard case .failed(let fault) = pair.handshake() else { return #expect(Bool(false), "it lives on") }
        #expect(fault.cause == .certificateRevoked)
        #expect(pair.sessions.outcome.result == .refused(.certificateRevoked))

        let short = try SelfSigned.make(
            names: ["bob.clients.test"], validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil,
            issuedBy: root, forClient: true)
        var options = client(carrier)
        options.certificate = short
        let (_, second) = try connect(listener, options)
        listener.clock.now = MemoryServer.validUntil
        #expect(try connect(listener, client(carrier, resuming: second)).came != .through(.resumed))
    }

    @Test func `a wrong, missing or nameless certificate is refused where one is required`() throws {
        let carrier = SessionCarrier.stateless
        let stranger = try SelfSigned.make(
            names: ["alice.clients.test"], validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil,
            forClient: true)
        for (names, admits) in [
            ([], true), (["alice.clients.test"], true), (["*.clients.test"], true), (["bob.clients.test"], false),
            (["*.test"], false), (["alice@clients.test"], false),
        ] {
            for mode in [ClientAuthentication.Mode.request, .require] {
                let listener = try listener(
                    carrier, [MemoryServer.host("a.test", clients: demand(mode, names: names))])
                let (own, _) = try connect(listener, client(carrier))
                #expect(own == (admits ? .through(.notOffered) : .failed(.otherCertificateName)), "\(names)")
                let (none, _) = try connect(listener, client(carrier, shows: false))
                #expect(none == (mode == .request ? .through(.notOffered) : .failed(.certificateRequired)))
                var options = client(carrier)
                options.certificate = stranger
                #expect(try connect(listener, options).came == .failed(.unknownAuthority))
            }
        }
    }

    @Test func `files that are no authorities or no revocation lists say so`() throws {
        #expect(throws: ClientAuthenticationError.self) {
            try ClientAuthentication(mode: .require, authoritiesPEM: Array("x".utf8))
        }
        #expect(
            throws: ClientAuthenticationError.revocationForm(
                .stranger(label: "CERTIFICATE", line: 1, wanted: .revocations))
        ) {
            try ClientAuthentication(
                mode: .require, authoritiesPEM: root.certificatePEM, revocationPEM: root.certificatePEM)
        }
        #expect(throws: ClientAuthenticationError.noRevocationList) {
            try ClientAuthentication(
                mode: .require, authoritiesPEM: root.certificatePEM, revocationPEM: Array("x".utf8))
        }
        var damaged = try TestRevocations(of: root).list(["A1"])
        damaged.replaceSubrange(60..<64, with: Array("!!!!".utf8))
        #expect(throws: ClientAuthenticationError.self) { try demand(revocations: damaged) }
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a client whose connections all end by alerts ends all of its own sessions, and nobody else's`(
        _ carrier: SessionCarrier
    ) throws {
        let domain = MemoryServer.domain(denyList: 2)
        let listener = try listener(carrier, [MemoryServer.host("a.test", clients: demand())], domain: domain)
        let bob = try SelfSigned.make(
            names: ["bob.clients.test"], validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil,
            serial: 0xB0, issuedBy: root, forClient: true)
        var options = client(carrier)
        options.certificate = bob
        let bystander = try connect(listener, options).session
        var fallen: [MemoryClient.Session?] = []
        for _ in 0..<5 {
            let pair = try MemoryPair.connected(listener, client(carrier))
            #expect(pair.sessions.connectionEnded(.alertReceived(.badRecordMAC)) == .dropped)
            fallen.append(pair.client.sessions.last)
            pair.server.markShutdown()
        }
        for session in fallen {
            let (came, _) = try connect(listener, client(carrier, resuming: session))
            #expect(came == .through(.refused(carrier.isStateful ? .notFound : .denied)), "\(came)")
        }
        options = client(carrier, resuming: bystander)
        options.certificate = bob
        #expect(try connect(listener, options).came == .through(.resumed))
    }
}

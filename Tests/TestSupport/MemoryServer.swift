package import RepriseResumption
package import RepriseTLS
package import RepriseVocabulary

/// Ready-made certificates and contexts for handshakes in memory.
package enum MemoryServer {
    /// A moment that the made certificates begin before and end after, whenever the tests run (libssl's clients look
    /// at the wall clock).
    package static let validFrom = WallTime(secondsSinceEpoch: 1_577_836_800)
    package static let validUntil = WallTime(secondsSinceEpoch: 4_102_444_800)
    /// A moment between the two.
    package static let now = WallTime(secondsSinceEpoch: 1_795_392_000)

    /// Made once for a process and kind: RSA keys are slow to make.
    package static let ecdsa = certificate(names: ["a.test"], kind: .ecdsaP256)
    package static let rsa = certificate(names: ["a.test"], kind: .rsa2048)

    /// A self-signed certificate for the names.
    package static func certificate(names: [String], kind: SelfSigned.KeyKind = .ecdsaP256) -> ServerCertificate {
        do {
            let made = try SelfSigned.make(names: names, kind: kind, validFrom: validFrom, validUntil: validUntil)
            return try ServerCertificate(chainPEM: made.chainPEM, keyPEM: made.keyPEM)
        } catch {
            preconditionFailure("no certificate for \(names): \(error)")
        }
    }

    /// A host for the names, known by the first, with an ECDSA certificate for them.
    package static func host(
        _ names: String..., certificates: [ServerCertificate]? = nil, clients: ClientAuthentication? = nil
    ) -> HostDefinition {
        HostDefinition(
            id: names.first ?? "default", names: names.compactMap { NamePattern($0) },
            certificates: certificates ?? [certificate(names: names)], clients: clients)
    }

    /// A listener's settings.
    package static func settings(
        _ tls: TLSSettings = .intermediate, mode: SessionMode = .both, alpn: [String] = [],
        rejectsUnknownNames: Bool = false, ticketsFull: Int = 1, domain: String = "test"
    ) -> ListenerTLSSettings {
        ListenerTLSSettings(
            tls: tls, alpn: alpn, rejectsUnknownNames: rejectsUnknownNames,
            sessions: SessionSettings(
                mode: mode, ticketsFull: ticketsFull, ticketsResumed: 1, isSingleUse: false, domain: domain))
    }

    /// A listener's context over the hosts; by default one host, `a.test`, with an ECDSA certificate.
    package static func context(
        _ settings: ListenerTLSSettings = settings(), hosts: [HostDefinition] = [defaultHost],
        domain: SessionDomain = domain(), policy: ResumptionPolicy = ResumptionPolicy()
    ) throws -> MemoryListener {
        var policy = policy
        policy.isOn = settings.sessions.mode != .off
        policy.isSingleUse = settings.sessions.isSingleUse
        domain.allow(chainAge: policy.maximumChainAge)
        return try MemoryListener(
            context: ServerContext(hosts: HostContexts(hosts: hosts, settings: settings), settings: settings),
            domain: domain, policy: policy)
    }

    /// A new session domain.
    package static func domain(
        denyList: Int = 1000, storeBytes: Int = 1 << 20, remote: (any SessionStore)? = nil
    ) -> SessionDomain {
        do {
            return try SessionDomain(
                name: "test", store: LocalSessionStore(budget: storeBytes),
                keys: TicketKeyRing(TicketRotation(rotate: .seconds(3600), ticketLifetime: .seconds(7200)), at: now),
                denyList: DenyList(capacity: denyList), remote: remote)
        } catch {
            preconditionFailure("no session domain: \(error)")
        }
    }

    private static let defaultHost = HostDefinition(
        id: "a.test", names: [NamePattern("a.test")].compactMap(\.self), certificates: [ecdsa])
}

extension ResumptionPolicy {
    /// The policy of a test that only some of it matters to.
    package init(
        isOn: Bool = true, lifetime: Duration = .seconds(7200), maximumChainAge: Duration = .seconds(86_400),
        isSingleUse: Bool = false
    ) {
        self.init(
            isOn: isOn, lifetime: lifetime, maximumChainAge: maximumChainAge, isSingleUse: isSingleUse,
            verdicts: EndingVerdicts())
    }

    /// The same, with what endings mean.
    package init(lifetime: Duration = .seconds(7200), verdicts: EndingVerdicts) {
        self.init(lifetime: lifetime)
        self.verdicts = verdicts
    }
}

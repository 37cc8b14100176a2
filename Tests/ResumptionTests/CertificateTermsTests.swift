import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// What a listener's settings demand of clients' certificates is part of the policy that sessions are bound to.
@Suite struct CertificateTermsTests {
    private let root: CertificateAuthority
    private let shown: SelfSigned.Made

    init() throws {
        root = try CertificateAuthority(
            name: "Clients", validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil)
        shown = try SelfSigned.make(
            names: ["alice.clients.test"], kind: .rsa2048, validFrom: MemoryServer.validFrom,
            validUntil: MemoryServer.validUntil, issuedBy: root, forClient: true)
    }

    /// Settings that take everything that these tests take away.
    private static let before: TLSSettings = {
        var settings = TLSSettings.intermediate
        settings.ciphers += ":@SECLEVEL=1"
        settings.groups = "X25519:prime256v1:secp384r1"
        settings.signatureAlgorithms =
            "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:rsa_pss_rsae_sha256:rsa_pkcs1_sha256"
        return settings
    }()

    private static func settings(_ change: (inout TLSSettings) -> Void) -> TLSSettings {
        var settings = before
        change(&settings)
        return settings
    }

    private static let stricter = [
        ("security level", settings { $0.ciphers = $0.ciphers.replacing("@SECLEVEL=1", with: "@SECLEVEL=2") }),
        (
            "signature algorithms",
            settings { $0.signatureAlgorithms = "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384" }
        ),
        ("curves", settings { $0.groups = "X25519:prime256v1" }),
    ]

    private static let unrelated = [
        ("suites", settings { $0.ciphersuites = $0.ciphersuites.replacing(":TLS_CHACHA20_POLY1305_SHA256", with: "") }),
        ("ciphers", settings { $0.ciphers = "@SECLEVEL=1:" + $0.ciphers.replacing(":@SECLEVEL=1", with: "") }),
        ("order of groups", settings { $0.groups = "secp384r1:X25519:prime256v1" }),
        ("groups for key exchange alone", settings { $0.groups += ":X448" }),
        (
            "the same algorithms in other words",
            settings { $0.signatureAlgorithms = "RSA+SHA256:RSA-PSS+SHA256:ECDSA+SHA256:ECDSA+SHA384" }
        ),
    ]

    /// What comes of a session when the settings and the demands change.
    private func outcome(
        _ carrier: SessionCarrier, _ settings: TLSSettings, from demands: ClientAuthentication?,
        to newDemands: ClientAuthentication?
    ) throws -> (resumption: ResumptionOutcome.Result, isLetIn: Bool) {
        let domain = MemoryServer.domain()
        func listener(_ tls: TLSSettings, _ clients: ClientAuthentication?) throws -> MemoryListener {
            try MemoryServer.context(
                MemoryServer.settings(tls, mode: carrier.mode), hosts: [MemoryServer.host("a.test", clients: clients)],
                domain: domain, policy: ResumptionPolicy(maximumChainAge: .seconds(1_000_000_000)))
        }
        var options = carrier.client()
        options.certificate = shown
        let first = try MemoryPair(server: listener(Self.before, demands), client: options)
        try #require(first.handshake() == .done)
        first.server.sendCloseNotify()
        first.toClient()
        _ = try? first.client.read()
        options.resuming = first.client.sessions.last
        let second = try MemoryPair(server: listener(settings, newDemands), client: options)
        let isLetIn = second.handshake() == .done
        return (second.sessions.outcome.result, isLetIn)
    }

    private func demand(depth: Int? = nil, authorities: Int = 1, names: [String] = []) throws -> ClientAuthentication {
        try ClientAuthentication(
            mode: .require, authoritiesPEM: Array(repeatElement(root.certificatePEM, count: authorities).joined()),
            depth: depth, names: names.compactMap { CertificateName($0) })
    }

    @Test(arguments: SessionCarrier.allCases)
    func `settings that take fewer certificates end the sessions of hosts that ask for one`(
        _ carrier: SessionCarrier
    ) throws {
        let demands = try demand()
        for (what, settings) in Self.stricter {
            let came = try outcome(carrier, settings, from: demands, to: demands)
            #expect(came.resumption == .refused(.policyChanged), "\(what)")
            if what == "signature algorithms" { #expect(!came.isLetIn, "an RSA key can sign by none of them") }
        }
    }

    @Test(arguments: SessionCarrier.allCases)
    func `settings that ask the same of certificates end no session, nor do any where none is asked for`(
        _ carrier: SessionCarrier
    ) throws {
        let demands = try demand()
        for (what, settings) in Self.unrelated {
            #expect(
                try outcome(carrier, settings, from: demands, to: demands) == (.resumed, true), "\(what)")
        }
        for (what, settings) in Self.stricter + Self.unrelated {
            #expect(try outcome(carrier, settings, from: nil, to: nil) == (.resumed, true), "\(what)")
        }
    }

    @Test func `the same demands in other words end no session`() throws {
        let name = "alice.clients.test"
        let same = try (from: demand(names: [name]), to: demand(depth: 100, authorities: 2, names: [name, name]))
        #expect(try outcome(.stateless, Self.before, from: same.from, to: same.to) == (.resumed, true))
    }
}

import Foundation
import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Names in clients' certificates and in revocation lists, in spellings that are the same and in some that are not.
@Suite struct ClientNameTests {
    /// X509v3 Subject Alternative Name, as libcrypto numbers it.
    private static let alternativeName: Int32 = 85

    private let openssl: OpenSSLCommand
    private let root: CertificateAuthority

    init() throws {
        openssl = try OpenSSLCommand()
        root = try CertificateAuthority(
            name: "Client Root", validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil)
        try openssl.write(root.certificatePEM, to: "ca.pem")
        try openssl.write(root.keyPEM.withBytes { Array($0) }, to: "ca.key")
    }

    private func listener(
        _ carrier: SessionCarrier = .stateless, names: [String] = [], revocations: [UInt8]? = nil,
        domain: SessionDomain = MemoryServer.domain(), policy: ResumptionPolicy = ResumptionPolicy()
    ) throws -> MemoryListener {
        let clients = try ClientAuthentication(
            mode: .require, authoritiesPEM: root.certificatePEM, revocationPEM: revocations,
            names: names.compactMap { CertificateName($0) })
        return try MemoryServer.context(
            MemoryServer.settings(mode: carrier.mode), hosts: [MemoryServer.host("a.test", clients: clients)],
            domain: domain, policy: policy)
    }

    private func certificate(
        _ names: [String] = ["alice.clients.test"], serial: UInt64 = 0xA1, mail: String? = nil
    ) throws -> SelfSigned.Made {
        try SelfSigned.make(
            names: names, validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil, serial: serial,
            issuedBy: root, forClient: true,
            extraExtensions: mail.map { [(Self.alternativeName, "email:\($0)")] } ?? [])
    }

    private func connect(
        _ listener: MemoryListener, _ certificate: SelfSigned.Made?, by carrier: SessionCarrier = .stateless,
        resuming: MemoryClient.Session? = nil
    ) throws -> (pair: MemoryPair, progress: HandshakeProgress) {
        var options = carrier.client(resuming: resuming)
        options.certificate = certificate
        let pair = try MemoryPair(server: listener, client: options)
        let progress = pair.handshake()
        if progress == .done { pair.server.sendCloseNotify() }
        return (pair, progress)
    }

    /// A list by the root's key that revokes one serial number, under a spelling of the root's name.
    private func revocations(of serial: String, issuer: String, form: String) throws -> [UInt8] {
        let request = """
            [req]\nprompt=no\nstring_mask=\(form)\ndistinguished_name=name\n[name]\nCN="\(issuer)"
            """
        try openssl.write(Array(request.utf8), to: "alias.cnf")
        try openssl.run("req -new -x509 -config alias.cnf -key ca.key -days 9000 -out alias.pem")
        try openssl.write(
            Array("R\t400101000000Z\t240101000000Z\t\(serial)\tunknown\t/CN=alice.clients.test\n".utf8), to: "index")
        try openssl.write([], to: "index.attr")
        try openssl.write(
            Array("[ca]\ndefault_ca=x\n[x]\ndatabase=index\ndefault_md=sha256\n".utf8), to: "ca.cnf")
        try openssl.run(
            "ca -gencrl -config ca.cnf -cert alias.pem -keyfile ca.key -out crl.pem -crl_lastupdate 20200102000000Z "
                + "-crl_nextupdate 20990101000000Z")
        return try openssl.read("crl.pem")
    }

    @Test(arguments: [
        ("Client Root", "utf8only"), ("CLIENT ROOT", "utf8only"), ("client   root", "utf8only"),
        (" Client Root ", "utf8only"), ("Client Root", "default"), ("CLIENT  root", "default"),
    ])
    func `a list revokes remembered certificates in whatever spelling it has the issuer's name`(
        _ issuer: String, _ form: String
    ) throws {
        let domain = MemoryServer.domain()
        let list = try revocations(of: "A1", issuer: issuer, form: form)
        for carrier in SessionCarrier.allCases {
            let open = try listener(carrier, domain: domain)
            let strict = try listener(carrier, revocations: list, domain: domain)
            for (serial, isRevoked) in [(UInt64(0xA1), true), (0xA2, false)] {
                let own = try certificate(serial: serial)
                let (first, _) = try connect(open, own, by: carrier)
                let session = try #require(first.client.sessions.last)
                let (pair, progress) = try connect(strict, own, by: carrier, resuming: session)
                #expect((progress == .done) == !isRevoked, "\(carrier) \(issuer)")
                let result = pair.sessions.outcome.result
                #expect(result == (isRevoked ? .refused(.certificateRevoked) : .resumed), "\(carrier) \(issuer)")
            }
        }
    }

    @Test func `a list under another name is a fault, though a known key has signed it`() throws {
        let list = try revocations(of: "A1", issuer: "Client Boot", form: "utf8only")
        #expect(
            throws: ClientAuthenticationError.foreignRevocationList(
                list: 1, issuer: "CN=Client Boot", hasNamesake: false)
        ) {
            try listener(revocations: list)
        }
    }

    @Test func `a mail address admits by the subjectAltName`() throws {
        let listener = try listener(names: ["alice@clients.test"])
        let alice = try certificate([], mail: "alice@clients.test")
        #expect(try connect(listener, alice).progress == .done)
        for other in ["bob@clients.test", "alice@clients.test.example", "alice@clients", "malice@clients.test"] {
            #expect(try connect(listener, try certificate([], mail: other)).progress != .done, "\(other)")
        }
    }

    @Test func `a mail address in the subject alone admits nobody`() throws {
        let listener = try listener(names: ["alice@clients.test"])
        try openssl.run(
            "req -new -newkey rsa:2048 -nodes -keyout c.key -out c.csr -subj /emailAddress=alice@clients.test/CN=alice")
        try openssl.run("x509 -req -in c.csr -CA ca.pem -CAkey ca.key -days 9000 -out c.pem")
        let key = try openssl.read("c.key").withUnsafeBytes { Secret(copying: $0) }
        let made = SelfSigned.Made(chainPEM: try openssl.read("c.pem"), keyPEM: key)
        #expect(try connect(try self.listener(), made).progress == .done, "it is a good certificate")
        guard case .failed(let fault) = try connect(listener, made).progress else {
            return #expect(Bool(false), "the subject counted")
        }
        #expect(fault.cause == .otherCertificateName)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a certificate that has expired since is told as that`(_ carrier: SessionCarrier) throws {
        let domain = MemoryServer.domain()
        // A key without an end: that of the ring would be over long before.
        domain.keys.replace(with: [try #require(try foreignKey(1))], at: MemoryServer.now)
        let ages = Duration.seconds(200 * 365 * 86_400)
        let listener = try listener(
            carrier, domain: domain, policy: ResumptionPolicy(lifetime: ages, maximumChainAge: ages))
        let own = try certificate()
        let (first, _) = try connect(listener, own, by: carrier)
        let session = try #require(first.client.sessions.last)
        listener.clock.now = WallTime(secondsSinceEpoch: MemoryServer.validUntil.secondsSinceEpoch - 1)
        #expect(try connect(listener, nil, by: carrier, resuming: session).pair.sessions.outcome.result == .resumed)
        listener.clock.now = MemoryServer.validUntil
        let (pair, _) = try connect(listener, own, by: carrier, resuming: session)
        #expect(pair.sessions.outcome.result == .refused(.certificateExpired))
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a chain too long to remember gets nothing that would resume`(_ carrier: SessionCarrier) throws {
        var authority = root
        for number in 0..<ResumptionLimits.rememberedCertificates {
            authority = try CertificateAuthority(
                name: "Between \(number)", validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil,
                issuedBy: authority)
        }
        let own = try SelfSigned.make(
            names: ["alice.clients.test"], validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil,
            issuedBy: authority, forClient: true)
        let listener = try listener(carrier)
        let (pair, progress) = try connect(listener, own, by: carrier)
        #expect(progress == .done)
        #expect(pair.client.sessions.allSatisfy { $0.ticketBytes == 0 })
        if carrier.version == .tls1_3 { #expect(pair.client.sessions.isEmpty) }
        #expect(listener.domain.store.counts.entries == 0)
    }
}

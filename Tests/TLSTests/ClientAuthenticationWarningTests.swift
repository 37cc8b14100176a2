import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Whom the demands on clients' certificates will refuse is told before they refuse anyone.
@Suite struct ClientAuthenticationWarningTests {
    private let root: CertificateAuthority
    private let until = MemoryServer.validUntil

    init() throws {
        root = try CertificateAuthority(
            name: "Root", validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil)
    }

    private func warnings(
        _ authorities: [UInt8], _ lists: [UInt8]? = nil, at now: WallTime = MemoryServer.now
    ) throws -> [ClientAuthenticationWarning] {
        try ClientAuthentication(mode: .require, authoritiesPEM: authorities, revocationPEM: lists).warnings(at: now)
    }

    private func time(_ days: Int64, after time: WallTime) -> WallTime {
        WallTime(secondsSinceEpoch: time.secondsSinceEpoch + days * 86_400)
    }

    @Test func `authorities whose time is over, to come, or nearly over`() throws {
        let file = root.certificatePEM
        #expect(try warnings(file).isEmpty)
        #expect(
            try warnings(file, at: time(1, after: until))
                == [.authorityExpired(1, subject: "CN=Root", since: until)])
        #expect(
            try warnings(file, at: time(-5, after: until)) == [.authorityExpiresSoon(1, subject: "CN=Root", days: 5)])
        let from = MemoryServer.validFrom
        #expect(
            try warnings(file, at: time(-1, after: from)) == [.authorityNotYetValid(1, subject: "CN=Root", until: from)]
        )
    }

    @Test func `a certificate that is no authority's`() throws {
        let leaf = try SelfSigned.make(
            names: ["alice.test"], validFrom: MemoryServer.validFrom, validUntil: until, forClient: true)
        let found = try warnings(root.certificatePEM + leaf.chainPEM)
        guard case .noAuthority(2, _) = found.first, found.count == 1 else {
            return #expect(Bool(false), "\(found)")
        }
        #expect(
            "\(found[0])".contains("is that of no authority: it admits the client that shows this very certificate"))
    }

    @Test func `lists that are missing, old, or to come`() throws {
        let middle = try CertificateAuthority(
            name: "Middle", validFrom: MemoryServer.validFrom, validUntil: until, issuedBy: root)
        let file = root.certificatePEM + middle.certificatePEM
        let (roots, middles) = (TestRevocations(of: root), TestRevocations(of: middle))
        #expect(try warnings(file, roots.list([]) + middles.list([])).isEmpty)
        #expect(try warnings(file, roots.list([])) == [.listMissing(issuer: "CN=Middle")])
        let old = try warnings(file, roots.list([]) + middles.list([], ends: "20210101000000Z"))
        guard case .listExpired("CN=Middle", let since) = old.first, old.count == 1 else {
            return #expect(Bool(false), "\(old)")
        }
        #expect(since.description.hasPrefix("2021-01-01"))
        let early = try warnings(file, roots.list([], begins: "20980101000000Z") + middles.list([]))
        guard case .listNotYetValid("CN=Root", _) = early.first, early.count == 1 else {
            return #expect(Bool(false), "\(early)")
        }
        let lacking = try ClientAuthentication(mode: .require, authoritiesPEM: file, revocationPEM: roots.list([]))
        #expect(lacking.nextUpdate(at: MemoryServer.now) == WallTime(secondsSinceEpoch: 0))
        let users = try roots.list(
            [], extensions: ["issuingDistributionPoint=critical,@idp", "[idp]", "onlyuser=TRUE"])
        #expect(try warnings(file, users + middles.list([])) == [.listMissing(issuer: "CN=Root")])
        let demands = try ClientAuthentication(
            mode: .require, authoritiesPEM: file,
            revocationPEM: roots.list([], ends: "20850101000000Z") + middles.list([], ends: "20800101000000Z"))
        #expect(demands.nextUpdate(at: MemoryServer.now)?.description.hasPrefix("2080-01-01") == true)
        #expect(demands.firstExpiry == until)
    }

    @Test func `more authorities than a message can name are trusted, and none is named`() throws {
        let long = String(repeating: "long-", count: 11)
        let many = try (0..<1100).flatMap { number in
            try CertificateAuthority(
                name: "\(long)\(number)", validFrom: MemoryServer.validFrom, validUntil: until
            ).certificatePEM
        }
        #expect(try warnings(many) == [.namesDoNotFit(authorities: 1100)])
        let bob = try SelfSigned.make(
            names: ["bob.test"], validFrom: MemoryServer.validFrom, validUntil: until, issuedBy: root, forClient: true)
        for (file, sends) in [(many + root.certificatePEM, true), (root.certificatePEM, false)] {
            let demands = try ClientAuthentication(mode: .require, authoritiesPEM: file, sendsNames: sends)
            #expect(demands.warnings(at: MemoryServer.now).isEmpty == !sends)
            let listener = try MemoryServer.context(hosts: [MemoryServer.host("a.test", clients: demands)])
            for version in [TLSVersion.tls1_2, .tls1_3] {
                var options = MemoryClient.Options(serverName: "a.test")
                (options.certificate, options.maximumVersion) = (bob, version)
                let pair = try MemoryPair(server: listener, client: options)
                #expect(pair.handshake() == .done)
                pair.server.sendCloseNotify()
            }
        }
    }

    @Test func `the system's bundle fits, and one certificate more than the limit does not`() throws {
        let one = root.certificatePEM
        let fits = [UInt8]((0..<TLSLimits.authorities).map { _ in one }.joined())
        #expect(try warnings(fits).isEmpty)
        #expect(throws: ClientAuthenticationError.authorities(.tooManyCertificates(4097, most: 4096))) {
            try warnings(fits + one)
        }
    }
}

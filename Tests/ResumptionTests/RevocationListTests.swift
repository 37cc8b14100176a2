import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// What a revocation list must be for its word to count, at a full handshake and at a resumption alike.
@Suite struct RevocationListTests {
    private let root: CertificateAuthority
    private let namesake: CertificateAuthority
    private let revoked: SelfSigned.Made
    private let unrevoked: SelfSigned.Made

    /// The only distribution point that the clients' certificates name.
    private static let point = "URI:http://lists.test/1"

    init() throws {
        (root, namesake) = try (Self.authority("Clients"), Self.authority("Clients"))
        revoked = try Self.client(0xA1, of: root)
        unrevoked = try Self.client(0xB0, of: root)
    }

    private static func authority(
        _ name: String, issuedBy issuer: CertificateAuthority? = nil
    ) throws -> CertificateAuthority {
        try CertificateAuthority(
            name: name, validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil, issuedBy: issuer)
    }

    private static func client(_ serial: UInt64, of authority: CertificateAuthority) throws -> SelfSigned.Made {
        let cRLDistributionPoints: Int32 = 103
        return try SelfSigned.make(
            names: ["alice.clients.test"], validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil,
            serial: serial, issuedBy: authority, forClient: true, extraExtensions: [(cRLDistributionPoints, point)])
    }

    /// A file of lists, each of which the authority has signed.
    struct File: Sendable, CustomTestStringConvertible {
        struct List: Sendable {
            var serials = ["A1"]
            var extensions: [String] = []
            var begins = "20200102000000Z"
            var ends = "20990101000000Z"
        }

        let testDescription: String
        let lists: [List]
        /// Who is not revoked is let in.
        var covers = false
        /// Who is revoked is told so, and not that nothing is known.
        var revokes = false
    }

    private static func scope(_ line: String, _ serials: [String] = ["A1"]) -> File.List {
        File.List(
            serials: serials, extensions: ["issuingDistributionPoint=critical,@scope", "[scope]", line])
    }

    private static let delta = File.List(extensions: ["2.5.29.20=ASN1:INTEGER:2", "2.5.29.27=critical,ASN1:INTEGER:1"])
    private static let none = File.List(serials: [])

    static let files = [
        File(testDescription: "current", lists: [File.List()], covers: true, revokes: true),
        File(testDescription: "begins later", lists: [File.List(begins: "20980101000000Z")]),
        File(testDescription: "is over", lists: [File.List(ends: "20200103000000Z")]),
        File(
            testDescription: "current beside one that begins later",
            lists: [
                none, File.List(begins: "20980101000000Z"),
            ], covers: true),
        File(
            testDescription: "a newer one lets go",
            lists: [File.List(), File.List(serials: [], begins: "20210101000000Z")],
            covers: true),
        File(
            testDescription: "a newer one revokes", lists: [File.List(begins: "20210101000000Z"), none], covers: true,
            revokes: true),
        File(
            testDescription: "two as new, the first revokes", lists: [File.List(), none], covers: true, revokes: true),
        File(testDescription: "two as new, the last revokes", lists: [none, File.List()], covers: true, revokes: true),
        File(
            testDescription: "a newer one is over, and an older one is not",
            lists: [none, File.List(begins: "20210101000000Z", ends: "20210103000000Z")]),
        File(
            testDescription: "a newer one of another scope",
            lists: [scope("onlyuser=TRUE"), File.List(serials: [], begins: "20210101000000Z")], covers: true,
            revokes: true),
        File(testDescription: "for authorities only", lists: [scope("onlyCA=TRUE")]),
        File(testDescription: "for others only", lists: [scope("onlyuser=TRUE")], revokes: true),
        File(
            testDescription: "one for each", lists: [scope("onlyuser=TRUE"), scope("onlyCA=TRUE", [])], covers: true,
            revokes: true),
        File(testDescription: "for attributes only", lists: [scope("onlyAA=TRUE")]),
        File(testDescription: "for some reasons", lists: [scope("onlysomereasons=keyCompromise")], revokes: true),
        File(
            testDescription: "for some reasons beside a whole one",
            lists: [scope("onlysomereasons=keyCompromise"), none],
            covers: true, revokes: true),
        File(testDescription: "indirect", lists: [scope("indirectCRL=TRUE")]),
        File(testDescription: "for another point", lists: [scope("fullname=URI:http://lists.test/2")]),
        File(
            testDescription: "for the point", lists: [scope("fullname=\(point)"), scope("onlyCA=TRUE", [])],
            covers: true,
            revokes: true),
        File(testDescription: "delta", lists: [delta], revokes: true),
        File(testDescription: "delta beside a whole one", lists: [delta, none], covers: true, revokes: true),
        File(
            testDescription: "unknown critical extension",
            lists: [File.List(extensions: ["1.2.3.4=critical,ASN1:NULL"])]),
        File(
            testDescription: "unknown extension", lists: [File.List(extensions: ["1.2.3.4=ASN1:NULL"])], covers: true,
            revokes: true),
    ]

    /// What came of a client with its certificate, and with its session.
    private func verdicts(
        on client: SelfSigned.Made, _ carrier: SessionCarrier, under clients: ClientAuthentication,
        before: ClientAuthentication? = nil
    ) throws -> (full: Bool, resumed: ResumptionOutcome.Result) {
        let domain = MemoryServer.domain()
        let policy = ResumptionPolicy(maximumChainAge: .seconds(1_000_000_000))
        func listener(_ clients: ClientAuthentication) throws -> MemoryListener {
            try MemoryServer.context(
                MemoryServer.settings(mode: carrier.mode), hosts: [MemoryServer.host("a.test", clients: clients)],
                domain: domain, policy: policy)
        }
        var options = carrier.client()
        options.certificate = client
        let lenient = try before ?? demand(root.certificatePEM)
        let first = try MemoryPair(server: listener(lenient), client: options)
        try #require(first.handshake() == .done)
        first.server.sendCloseNotify()
        first.toClient()
        _ = try? first.client.read()
        let now = try listener(clients)
        let full = try MemoryPair(server: now, client: options).handshake() == .done
        options.resuming = first.client.sessions.last
        let second = try MemoryPair(server: now, client: options)
        // With its certificate at hand, since a refused session falls back to a full handshake.
        let isThrough = second.handshake() == .done
        #expect(isThrough == full, "by its session: \(isThrough), by its certificate: \(full)")
        return (full, second.sessions.outcome.result)
    }

    private func lists(of file: File) throws -> [UInt8] {
        try file.lists.flatMap { list in
            try TestRevocations(of: root).list(
                list.serials, extensions: list.extensions, begins: list.begins, ends: list.ends)
        }
    }

    private func demand(_ authorities: [UInt8], _ lists: [UInt8]? = nil) throws -> ClientAuthentication {
        try ClientAuthentication(mode: .require, authoritiesPEM: authorities, revocationPEM: lists)
    }

    @Test(arguments: files)
    func `a session lets nobody in whom a full handshake refuses, and refuses nobody else`(_ file: File) throws {
        let strict = try demand(root.certificatePEM, lists(of: file))
        for carrier in SessionCarrier.allCases {
            let good = try verdicts(on: unrevoked, carrier, under: strict)
            #expect(good == (file.covers, file.covers ? .resumed : .refused(.revocationUnknown)), "\(carrier)")
            let bad = try verdicts(on: revoked, carrier, under: strict)
            let letsIn = file.covers && !file.revokes
            let reason: ResumptionRefusal = file.revokes ? .certificateRevoked : .revocationUnknown
            #expect(bad == (letsIn, letsIn ? .resumed : .refused(reason)), "\(carrier)")
        }
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a list counts from its thisUpdate on, and not from its nextUpdate on`(_ carrier: SessionCarrier) throws {
        // 100 and 300 seconds after the listener's clock.
        let list = try TestRevocations(of: root).list([], begins: "20261123000140Z", ends: "20261123000500Z")
        let domain = MemoryServer.domain()
        let listeners = try [nil, list].map { list in
            try MemoryServer.context(
                MemoryServer.settings(mode: carrier.mode),
                hosts: [MemoryServer.host("a.test", clients: demand(root.certificatePEM, list))], domain: domain,
                policy: ResumptionPolicy(maximumChainAge: .seconds(1_000_000_000)))
        }
        var options = carrier.client()
        options.certificate = unrevoked
        let first = try MemoryPair(server: listeners[0], client: options)
        try #require(first.handshake() == .done)
        first.server.sendCloseNotify()
        first.toClient()
        _ = try? first.client.read()
        options.resuming = first.client.sessions.last
        for (seconds, isCovered) in [(99, false), (1, true), (199, true), (1, false)] {
            listeners[1].clock.advance(seconds: Int64(seconds))
            let pair = try MemoryPair(server: listeners[1], client: options)
            pair.handshake()
            #expect(pair.sessions.outcome.result == (isCovered ? .resumed : .refused(.revocationUnknown)), "\(seconds)")
        }
    }

    @Test(arguments: files)
    func `nobody is let in whom libcrypto's own look at the lists refuses`(_ file: File) throws {
        let openssl = try OpenSSLCommand()
        try openssl.write(root.certificatePEM, to: "ca.pem")
        try openssl.write(lists(of: file), to: "lists.pem")
        for (client, isRevoked) in [(revoked, true), (unrevoked, false)] {
            try openssl.write(client.chainPEM, to: "client.pem")
            let isLetIn = file.covers && !(isRevoked && file.revokes)
            let verify = "verify -crl_check_all -CAfile ca.pem -CRLfile lists.pem client.pem"
            if isLetIn { #expect(throws: Never.self) { try openssl.run(verify) } }
        }
    }

    @Test(arguments: ["indented", "carriage returns", "zero", "label"])
    func `a list that cannot be read is a fault, and not left out`(how: String) throws {
        let good = try TestRevocations(of: root).list([])
        let text = String(
            decoding: try TestRevocations(of: root).list(["A1"], begins: "20210101000000Z"), as: UTF8.self)
        let odd =
            switch how {
            case "indented": text.split(separator: "\n").map { "  \($0)\n" }.joined()
            case "carriage returns": text.replacing("\n", with: "\r")
            case "zero": "\0" + text
            default: text.replacing("X509 CRL", with: "CRL")
            }
        for file in [good + Array(odd.utf8), Array(odd.utf8) + good] {
            #expect(throws: ClientAuthenticationError.self) { try demand(root.certificatePEM, file) }
        }
        #expect(throws: Never.self) {
            try demand(root.certificatePEM, good + Array("# a comment\n\n".utf8) + Array(text.utf8))
        }
    }

    @Test func `a list that no authority of the file has signed is a fault that names it`() throws {
        let own = try TestRevocations(of: root).list(["A1"])
        let strange = try TestRevocations(of: Self.authority("Strangers")).list([])
        #expect(
            throws: ClientAuthenticationError.foreignRevocationList(
                list: 2, issuer: "CN=Strangers", hasNamesake: false)
        ) {
            try demand(root.certificatePEM, own + strange)
        }
        let forged = try TestRevocations(of: namesake).list([])
        #expect(
            throws: ClientAuthenticationError.foreignRevocationList(list: 1, issuer: "CN=Clients", hasNamesake: true)
        ) {
            try demand(root.certificatePEM, forged)
        }
    }

    @Test(arguments: SessionCarrier.allCases)
    func `an intermediate authority's list counts once its certificate is in the file`(
        _ carrier: SessionCarrier
    ) throws {
        let between = try Self.authority("Between", issuedBy: root)
        let (good, bad) = try (Self.client(0xB1, of: between), Self.client(0xA1, of: between))
        let lists = try TestRevocations(of: root).list([]) + TestRevocations(of: between).list(["A1"])
        #expect(
            throws: ClientAuthenticationError.foreignRevocationList(list: 2, issuer: "CN=Between", hasNamesake: false)
        ) {
            try demand(root.certificatePEM, lists)
        }
        let both = root.certificatePEM + between.certificatePEM
        let (before, strict) = try (demand(both), demand(both, lists))
        #expect(try verdicts(on: good, carrier, under: strict, before: before) == (true, .resumed))
        #expect(
            try verdicts(on: bad, carrier, under: strict, before: before) == (false, .refused(.certificateRevoked)))
    }

    @Test(arguments: SessionCarrier.allCases)
    func `of two authorities with one name, each covers its own clients only`(_ carrier: SessionCarrier) throws {
        let both = root.certificatePEM + namesake.certificatePEM
        let before = try demand(both)
        let lists = try (
            own: TestRevocations(of: root).list(["A1"]), other: TestRevocations(of: namesake).list([])
        )
        let strange = try demand(both, lists.other)
        #expect(
            try verdicts(on: revoked, carrier, under: strange, before: before)
                == (false, .refused(.revocationUnknown)))
        let whole = try demand(both, lists.other + lists.own)
        #expect(
            try verdicts(on: revoked, carrier, under: whole, before: before) == (false, .refused(.certificateRevoked)))
        #expect(try verdicts(on: unrevoked, carrier, under: whole, before: before) == (true, .resumed))
        let another = try Self.client(0xA1, of: namesake)
        #expect(try verdicts(on: another, carrier, under: whole, before: before) == (true, .resumed))
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a certificate that changes an authority's keys is no anchor, and can be revoked`(
        _ carrier: SessionCarrier
    ) throws {
        let next = try Self.authority("Clients", issuedBy: root)
        let client = try Self.client(0xC1, of: next)
        let both = root.certificatePEM + next.certificatePEM
        let before = try demand(both)
        let serial = try ServerCertificate(chainPEM: next.certificatePEM, keyPEM: next.keyPEM).info.serial
        for (lists, expected) in try [
            (TestRevocations(of: root).list([]), (true, ResumptionOutcome.Result.resumed)),
            (
                TestRevocations(of: root).list([]) + TestRevocations(of: next).list([]),
                (true, ResumptionOutcome.Result.resumed)
            ),
            (TestRevocations(of: next).list([]), (false, .refused(.revocationUnknown))),
            (
                TestRevocations(of: root).list([serial]) + TestRevocations(of: next).list([]),
                (false, .refused(.certificateRevoked))
            ),
            (
                TestRevocations(of: root).list([]) + TestRevocations(of: next).list(["C1"]),
                (false, .refused(.certificateRevoked))
            ),
        ] {
            #expect(try verdicts(on: client, carrier, under: demand(both, lists), before: before) == expected)
        }
    }
}

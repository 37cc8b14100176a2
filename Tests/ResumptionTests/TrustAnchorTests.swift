import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// What a `ca` file may hold, with and without revocation lists.
@Suite struct TrustAnchorTests {
    private let root: CertificateAuthority
    private let middle: CertificateAuthority
    /// A client's certificate that the middle authority has signed, and one that nobody revokes.
    private let alice: SelfSigned.Made
    private let bob: SelfSigned.Made

    init() throws {
        root = try Self.authority("Root")
        middle = try Self.authority("Middle", issuedBy: root)
        alice = try Self.client("alice.clients.test", 0xA1, of: middle)
        bob = try Self.client("bob.clients.test", 0xB0, of: middle)
    }

    private static func authority(
        _ name: String, issuedBy issuer: CertificateAuthority? = nil
    ) throws -> CertificateAuthority {
        try CertificateAuthority(
            name: name, validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil, issuedBy: issuer)
    }

    private static func client(
        _ name: String, _ serial: UInt64, of authority: CertificateAuthority
    ) throws -> SelfSigned.Made {
        try SelfSigned.make(
            names: [name], validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil, serial: serial,
            issuedBy: authority, forClient: true)
    }

    @Test func `what a file says of an authority's uses is another trust`() throws {
        let openssl = try OpenSSLCommand()
        try openssl.write(root.certificatePEM, to: "ca.pem")
        try openssl.run("x509 -in ca.pem -trustout -addreject serverAuth -out less.pem")
        let less = try openssl.read("less.pem")
        let whole = try ServerTrust(authoritiesPEM: root.certificatePEM)
        #expect(try ServerTrust(authoritiesPEM: less).fingerprint != whole.fingerprint)
        #expect(try ServerTrust(authoritiesPEM: root.certificatePEM).fingerprint == whole.fingerprint)
        #expect(try ServerTrust(authoritiesPEM: root.certificatePEM, depth: 1).fingerprint != whole.fingerprint)
    }

    /// The serial number of a certificate as a list names it.
    private static func serial(_ pem: [UInt8]) throws -> String {
        let openssl = try OpenSSLCommand()
        try openssl.write(pem, to: "c.pem")
        try openssl.run("x509 -in c.pem -noout -serial -out serial")
        let text = String(decoding: try openssl.read("serial"), as: UTF8.self)
        return String(text.drop { $0 != "=" }.dropFirst().prefix { $0.isHexDigit })
    }

    /// The same name and key as the authority's, signed by another one.
    private static func crossSigned(_ authority: CertificateAuthority, by other: CertificateAuthority) throws -> [UInt8]
    {
        let openssl = try OpenSSLCommand()
        try openssl.write(authority.certificatePEM, to: "own.pem")
        try openssl.write(authority.keyPEM.withBytes { Array($0) }, to: "own.key")
        try openssl.write(other.certificatePEM, to: "ca.pem")
        try openssl.write(other.keyPEM.withBytes { Array($0) }, to: "ca.key")
        try openssl.write(
            Array("basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\n".utf8), to: "ext")
        try openssl.run("x509 -x509toreq -in own.pem -signkey own.key -out own.csr")
        try openssl.run(
            "x509 -req -in own.csr -CA ca.pem -CAkey ca.key -set_serial 77 -days 3650 -extfile ext -out x.pem")
        return try openssl.read("x.pem")
    }

    private func listener(
        _ carrier: SessionCarrier, _ authorities: [UInt8], _ lists: [UInt8]?, depth: Int?
    ) throws -> MemoryListener {
        let clients = try ClientAuthentication(
            mode: .require, authoritiesPEM: authorities, revocationPEM: lists, depth: depth)
        return try MemoryServer.context(
            MemoryServer.settings(mode: carrier.mode), hosts: [MemoryServer.host("a.test", clients: clients)],
            policy: ResumptionPolicy(maximumChainAge: .seconds(1_000_000_000)))
    }

    /// Why the client is refused; `nil` when it is let in, and comes back with each kind of session.
    private func refusal(
        _ client: SelfSigned.Made, _ authorities: [UInt8], _ lists: [UInt8]? = nil,
        _ carriers: [SessionCarrier] = SessionCarrier.allCases, depth: Int? = nil
    ) throws -> HandshakeFailure? {
        for carrier in carriers {
            let listener = try listener(carrier, authorities, lists, depth: depth)
            var options = carrier.client("a.test")
            options.certificate = client
            let pair = try MemoryPair(server: listener, client: options)
            guard case .done = pair.handshake() else {
                guard case .failed(let fault) = pair.server.handshake() else { return .internalError }
                return fault.cause
            }
            pair.server.sendCloseNotify()
            pair.toClient()
            _ = try? pair.client.read()
            let session = try #require(pair.client.sessions.last)
            let again = try MemoryPair(server: listener, client: carrier.client(resuming: session))
            #expect(again.handshake() == .done && again.client.wasResumed, "\(carrier)")
            again.server.sendCloseNotify()
        }
        return nil
    }

    private func lists(_ authority: CertificateAuthority, _ serials: [String] = []) throws -> [UInt8] {
        try TestRevocations(of: authority).list(serials)
    }

    @Test(arguments: [false, true]) func `a root, with the intermediate beside it or not`(hasBoth: Bool) throws {
        let file = hasBoth ? middle.certificatePEM + root.certificatePEM : root.certificatePEM
        #expect(try refusal(alice, file) == nil)
        #expect(try refusal(alice, file, lists(root)) == .crlMissing)
        guard hasBoth else { return }
        let both = try lists(root) + lists(middle)
        #expect(try refusal(alice, file, both) == nil)
        #expect(try refusal(alice, file, lists(middle)) == .crlMissing, "the root's own list is missing")
        #expect(try refusal(alice, file, lists(root) + lists(middle, ["A1"])) == .certificateRevoked)
        #expect(try refusal(bob, file, lists(root) + lists(middle, ["A1"])) == nil)
        let revoked = try lists(root, [Self.serial(middle.certificatePEM)]) + lists(middle)
        #expect(try refusal(alice, file, revoked) == .certificateRevoked, "a revoked intermediate")
    }

    @Test func `an intermediate alone is an anchor, and the lists count below it`() throws {
        let file = middle.certificatePEM
        #expect(try refusal(alice, file) == nil)
        #expect(try refusal(alice, file, lists(middle)) == nil)
        #expect(try refusal(alice, file, lists(middle, ["A1"])) == .certificateRevoked)
        #expect(try refusal(Self.client("c.test", 3, of: root), file) == .unknownAuthority)
    }

    @Test func `two intermediates without their root: the upper one is the anchor, and may revoke the lower one`()
        throws
    {
        let lower = try Self.authority("Lower", issuedBy: middle)
        let carol = try Self.client("carol.clients.test", 0xC0, of: lower)
        let file = lower.certificatePEM + middle.certificatePEM
        #expect(try refusal(carol, file) == nil)
        #expect(try refusal(alice, file) == nil)
        #expect(try refusal(carol, file, lists(middle) + lists(lower)) == nil)
        #expect(try refusal(carol, file, lists(lower)) == .crlMissing)
        let revoked = try lists(middle, [Self.serial(lower.certificatePEM)]) + lists(lower)
        #expect(try refusal(carol, file, revoked) == .certificateRevoked, "a revoked intermediate")
    }

    @Test func `a cross-signed copy of a root is an anchor, and changes nothing beside the root itself`() throws {
        let copy = try Self.crossSigned(root, by: Self.authority("Older"))
        for file in [copy, copy + root.certificatePEM] {
            #expect(try refusal(alice, file) == nil)
        }
        let file = copy + middle.certificatePEM
        #expect(try refusal(alice, file, lists(root) + lists(middle)) == nil)
        let revoked = try lists(root, [Self.serial(middle.certificatePEM)]) + lists(middle)
        #expect(try refusal(alice, file, revoked) == .certificateRevoked, "a revoked intermediate")
        let both = copy + root.certificatePEM + middle.certificatePEM
        #expect(try refusal(alice, both, revoked) == .certificateRevoked)
        #expect(try refusal(alice, both, lists(middle)) == .crlMissing, "the root's own list is missing")
    }

    @Test func `a client's own certificate admits that client alone`() throws {
        let leaf = try Self.first(of: alice.chainPEM)
        #expect(try refusal(alice, leaf) == nil)
        #expect(try refusal(bob, leaf) == .unknownAuthority)
        // Another authority's lists do not concern it.
        let other = try Self.authority("Other")
        #expect(try refusal(alice, leaf + other.certificatePEM, lists(other)) == nil)
        let dora = try Self.client("dora.clients.test", 0xD0, of: other)
        #expect(try refusal(dora, leaf + other.certificatePEM, lists(other)) == nil)
        #expect(try refusal(dora, leaf + other.certificatePEM, lists(other, ["D0"])) == .certificateRevoked)
    }

    @Test func `a client's own certificate that it has signed itself needs no list`() throws {
        let own = try SelfSigned.make(
            names: ["own.clients.test"], validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil,
            serial: 0xE0, forClient: true)
        #expect(try refusal(own, own.chainPEM) == nil)
        #expect(try refusal(own, own.chainPEM + root.certificatePEM, lists(root)) == nil)
        #expect(try refusal(own, root.certificatePEM) == .unknownAuthority)
    }

    @Test func `what a client shows above an anchor does not count as depth`() throws {
        let whole = SelfSigned.Made(chainPEM: alice.chainPEM + root.certificatePEM, keyPEM: alice.keyPEM)
        let leaf = try Self.first(of: alice.chainPEM)
        for (file, client) in [
            (middle.certificatePEM, alice), (middle.certificatePEM, whole), (leaf, alice), (leaf, whole),
        ] {
            #expect(try refusal(client, file, nil, [.ticket, .stateless], depth: 0) == nil)
        }
        #expect(try refusal(alice, root.certificatePEM, nil, [.ticket], depth: 0) != nil)
    }

    @Test func `what a root's list revokes does not come back by an anchor of another chain`() throws {
        let stranger = try Self.authority("Stranger", issuedBy: Self.authority("Absent"))
        let file = root.certificatePEM + middle.certificatePEM + stranger.certificatePEM
        let all = try lists(root, [Self.serial(middle.certificatePEM)]) + lists(middle) + lists(stranger)
        #expect(try refusal(alice, file, all) == .certificateRevoked)
        #expect(try refusal(Self.client("e.test", 5, of: stranger), file, all) == nil)
    }

    private static func first(of pem: [UInt8]) throws -> [UInt8] {
        let openssl = try OpenSSLCommand()
        try openssl.write(pem, to: "all.pem")
        try openssl.run("x509 -in all.pem -out one.pem")
        return try openssl.read("one.pem")
    }

    @Test func `each cause has its word`() throws {
        let short = SessionCarrier.ticket
        #expect(try refusal(alice, Self.authority("Stranger").certificatePEM, nil, [short]) == .unknownAuthority)
        let file = middle.certificatePEM
        let old = try TestRevocations(of: middle).list([], ends: "20210101000000Z")
        #expect(try refusal(alice, file, old, [short]) == .crlExpired)
        let future = try TestRevocations(of: middle).list([], begins: "20980101000000Z")
        #expect(try refusal(alice, file, future, [short]) == .crlExpired)
        let expired = try SelfSigned.make(
            names: ["old.test"], validFrom: MemoryServer.validFrom,
            validUntil: WallTime(secondsSinceEpoch: MemoryServer.validFrom.secondsSinceEpoch + 60), issuedBy: middle,
            forClient: true)
        #expect(try refusal(expired, file, nil, [short]) == .certificateExpired)
    }
}

import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Which OCSP response goes with which certificate, with an authority that the openssl command answers for.
@Suite struct StapleChoiceTests {
    private let openssl: OpenSSLCommand
    private let root: CertificateAuthority

    init() throws {
        openssl = try OpenSSLCommand()
        root = try CertificateAuthority(
            name: "Root", validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil)
        try openssl.write(root.certificatePEM, to: "ca.pem")
        try openssl.write(root.keyPEM.withBytes { [UInt8]($0) }, to: "ca.key")
        let index =
            "V\t400101000000Z\t\tA1\tunknown\t/CN=a\nV\t400101000000Z\t\tB2\tunknown\t/CN=b\n"
            + "R\t400101000000Z\t240101000000Z\tC3\tunknown\t/CN=c\n"
        try openssl.write(Array(index.utf8), to: "index.txt")
    }

    private func leaf(
        _ serial: UInt64, _ kind: SelfSigned.KeyKind = .ecdsaP256, names: [String] = ["a.test"], sendsRoot: Bool = true
    ) throws -> (certificate: ServerCertificate, pem: [UInt8]) {
        let made = try SelfSigned.make(
            names: names, kind: kind, validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil,
            serial: serial, issuedBy: root)
        let chain = made.chainPEM + (sendsRoot ? root.certificatePEM : [])
        return (try ServerCertificate(chainPEM: chain, keyPEM: made.keyPEM), made.chainPEM)
    }

    /// The authority's answer about certificates; `-nmin` or `-ndays` say how long it is good.
    private func response(about leaves: [[UInt8]], _ options: String = "-nmin 60") throws -> [UInt8] {
        var asked = ""
        for (index, pem) in leaves.enumerated() {
            try openssl.write(pem, to: "leaf\(index).pem")
            asked += " -cert leaf\(index).pem"
        }
        try openssl.run(
            "ocsp -index index.txt -CA ca.pem -rsigner ca.pem -rkey ca.key -issuer ca.pem -respout response.der"
                + " -noverify \(options)\(asked)")
        return try openssl.read("response.der")
    }

    private func stapled(
        _ context: MemoryListener, name: String = "a.test", _ configure: (inout MemoryClient.Options) -> Void = { _ in }
    ) throws -> [UInt8]? {
        var options = MemoryClient.Options(serverName: name)
        options.requestsStaple = true
        configure(&options)
        let pair = try MemoryPair.connected(context, options)
        return pair.client.staple
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `of two certificates of one host each has its own`(_ version: TLSVersion) throws {
        let (ecdsa, ecdsaPEM) = try leaf(0xA1)
        let (rsa, rsaPEM) = try leaf(0xB2, .rsa2048)
        let (first, second) = (try response(about: [ecdsaPEM]), try response(about: [rsaPEM]))
        try ecdsa.staple.replace(der: first)
        try rsa.staple.replace(der: second)
        let context = try MemoryServer.context(hosts: [MemoryServer.host("a.test", certificates: [ecdsa, rsa])])
        let asking = { (algorithms: String) in
            try stapled(context) {
                $0.maximumVersion = version
                $0.signatureAlgorithms = algorithms
            }
        }
        #expect(try asking("ecdsa_secp256r1_sha256") == first)
        #expect(try asking("rsa_pss_rsae_sha256") == second)
        rsa.staple.remove()
        #expect(try asking("ecdsa_secp256r1_sha256") == first)
        #expect(try asking("rsa_pss_rsae_sha256") == nil)
    }

    @Test func `of two hosts each has its own, and a host without one has none`() throws {
        let (a, aPEM) = try leaf(0xA1)
        let (b, bPEM) = try leaf(0xB2, names: ["b.test"])
        try a.staple.replace(der: response(about: [aPEM]))
        try b.staple.replace(der: response(about: [bPEM]))
        let context = try MemoryServer.context(hosts: [
            MemoryServer.host("c.test"), MemoryServer.host("a.test", certificates: [a]),
            MemoryServer.host("b.test", certificates: [b]),
        ])
        let (ofA, ofB) = (try stapled(context, name: "a.test"), try stapled(context, name: "b.test"))
        #expect(ofA != nil && ofB != nil && ofA != ofB)
        #expect(try stapled(context, name: "c.test") == nil)
    }

    @Test func `a response about many certificates serves each of them`() throws {
        let (a, aPEM) = try leaf(0xA1)
        let (b, bPEM) = try leaf(0xB2, names: ["b.test"])
        let both = try response(about: [aPEM, bPEM])
        try a.staple.replace(der: both)
        try b.staple.replace(der: both)
        #expect(a.staple.isPresent && b.staple.isPresent)
    }

    @Test func `a response that names no next one is stapled for as long as it is there`() throws {
        let (certificate, pem) = try leaf(0xA1)
        let endless = try response(about: [pem], "")
        try certificate.staple.replace(der: endless)
        #expect(certificate.staple.nextUpdate == nil)
        let context = try MemoryServer.context(hosts: [MemoryServer.host("a.test", certificates: [certificate])])
        #expect(try stapled(context) == endless)
    }

    @Test func `without the issuer in the chain the serial number decides`() throws {
        let (certificate, pem) = try leaf(0xA1, sendsRoot: false)
        let (_, otherPEM) = try leaf(0xB2)
        let other = try response(about: [otherPEM])
        #expect(throws: StapleError.aboutAnotherCertificate) { try certificate.staple.replace(der: other) }
        try certificate.staple.replace(der: response(about: [pem]))
        #expect(certificate.staple.isPresent)
    }

    @Test func `a resumed TLS 1 3 session is not given one, since it shows no certificate`() throws {
        let (certificate, pem) = try leaf(0xA1)
        try certificate.staple.replace(der: response(about: [pem]))
        let context = try MemoryServer.context(hosts: [MemoryServer.host("a.test", certificates: [certificate])])
        let first = try MemoryPair(server: context, client: .init(serverName: "a.test"))
        #expect(first.handshake() == .done)
        let session = try #require(first.client.sessions.last)
        #expect(try stapled(context) { $0.resuming = session } == nil)
    }
}

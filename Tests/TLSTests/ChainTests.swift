import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@Suite struct ChainTests {
    private let from = MemoryServer.validFrom
    private let until = MemoryServer.validUntil

    private func chain() throws -> (root: CertificateAuthority, middle: CertificateAuthority, leaf: SelfSigned.Made) {
        let root = try CertificateAuthority(name: "Root", validFrom: from, validUntil: until)
        let middle = try CertificateAuthority(name: "Middle", validFrom: from, validUntil: until, issuedBy: root)
        let leaf = try SelfSigned.make(names: ["a.test"], validFrom: from, validUntil: until, issuedBy: middle)
        return (root, middle, leaf)
    }

    private func warnings(
        _ chainPEM: [UInt8], _ keyPEM: Secret, at now: WallTime = MemoryServer.now
    ) throws
        -> [CertificateWarning]
    {
        try ServerCertificate(chainPEM: chainPEM, keyPEM: keyPEM).warnings(at: now)
    }

    private func certificates(_ pem: [UInt8]) -> [[UInt8]] {
        let marker = Array("-----BEGIN".utf8)
        let starts = pem.ranges(of: marker).map(\.lowerBound) + [pem.count]
        return zip(starts, starts.dropFirst()).map { Array(pem[$0..<$1]) }
    }

    @Test func `a whole chain has no warnings, and clients that know the root accept it`() throws {
        let (root, _, leaf) = try chain()
        #expect(try warnings(leaf.chainPEM, leaf.keyPEM).isEmpty)
        #expect(try warnings(leaf.chainPEM + root.certificatePEM, leaf.keyPEM).isEmpty)
        let certificate = try ServerCertificate(chainPEM: leaf.chainPEM, keyPEM: leaf.keyPEM)
        let context = try MemoryServer.context(hosts: [MemoryServer.host("a.test", certificates: [certificate])])
        var options = MemoryClient.Options(serverName: "a.test")
        options.trusts = root.certificatePEM
        let pair = try MemoryPair.connected(context, options)
        #expect(pair.client.serverChainLength == 2)
    }

    @Test func `a chain of strangers does not build`() throws {
        let (_, _, leaf) = try chain()
        let other = try CertificateAuthority(name: "Other", validFrom: from, validUntil: until)
        let found = try warnings(certificates(leaf.chainPEM)[0] + other.certificatePEM, leaf.keyPEM)
        guard case .chainDoesNotBuild(1, "CN=a.test", "CN=Other", _)? = found.first, found.count == 1 else {
            Issue.record("\(found)")
            return
        }
        #expect(found[0].description.contains("certificate 2 (CN=Other) did not sign certificate 1 (CN=a.test)"))
    }

    @Test func `an issuer of the right name and the wrong key does not build`() throws {
        let (_, _, leaf) = try chain()
        let impostor = try CertificateAuthority(name: "Middle", validFrom: from, validUntil: until)
        let found = try warnings(certificates(leaf.chainPEM)[0] + impostor.certificatePEM, leaf.keyPEM)
        guard case .chainDoesNotBuild(1, _, _, _)? = found.first else {
            Issue.record("\(found)")
            return
        }
    }

    @Test func `a shuffled chain is told to be one`() throws {
        let (root, _, leaf) = try chain()
        let parts = certificates(leaf.chainPEM)
        #expect(try warnings(parts[0] + root.certificatePEM + parts[1], leaf.keyPEM) == [.chainOutOfOrder])
    }

    @Test func `a leaf of a public authority without its intermediate is told so`() throws {
        let root = try CertificateAuthority(name: "Public", validFrom: from, validUntil: until)
        let leaf = try SelfSigned.make(
            names: ["a.test"], validFrom: from, validUntil: until, issuedBy: root,
            // authorityInfoAccess
            extraExtensions: [(177, "caIssuers;URI:http://ca.test/middle.der")])
        #expect(try warnings(leaf.chainPEM, leaf.keyPEM) == [.intermediateMissing(issuer: "CN=Public")])
        let private_ = try SelfSigned.make(names: ["a.test"], validFrom: from, validUntil: until, issuedBy: root)
        #expect(try warnings(private_.chainPEM, private_.keyPEM).isEmpty)
    }

    @Test func `time is looked at on both sides, for each certificate`() throws {
        let now = MemoryServer.now
        let at = { (days: Int64) in WallTime(secondsSinceEpoch: now.secondsSinceEpoch + days * 86_400) }
        let made = { (from: WallTime, until: WallTime) in
            try SelfSigned.make(names: ["a.test"], validFrom: from, validUntil: until)
        }
        let old = try made(at(-10), at(-1))
        #expect(
            try warnings(old.chainPEM, old.keyPEM) == [.expired(certificate: 1, subject: "CN=a.test", since: at(-1))])
        let future = try made(at(1), at(100))
        #expect(
            try warnings(future.chainPEM, future.keyPEM)
                == [.notYetValid(certificate: 1, subject: "CN=a.test", until: at(1))])
        for (days, warned) in [(13, true), (14, false)] {
            let soon = try made(at(-1), at(Int64(days)))
            let expected: [CertificateWarning] =
                warned ? [.expiresSoon(certificate: 1, subject: "CN=a.test", days: days)] : []
            #expect(try warnings(soon.chainPEM, soon.keyPEM) == expected)
        }
        let issuer = try CertificateAuthority(name: "Short", validFrom: at(-10), validUntil: at(-2))
        let leaf = try SelfSigned.make(names: ["a.test"], validFrom: from, validUntil: until, issuedBy: issuer)
        #expect(
            try warnings(leaf.chainPEM + issuer.certificatePEM, leaf.keyPEM)
                == [.expired(certificate: 2, subject: "CN=Short", since: at(-2))])
    }

    @Test func `a small key and a certificate without names are warned of`() throws {
        let weak = try SelfSigned.make(names: ["a.test"], kind: .rsa1024, validFrom: from, validUntil: until)
        #expect(try warnings(weak.chainPEM, weak.keyPEM) == [.keyTooSmall(.rsa(bits: 1024))])
        let nameless = try SelfSigned.make(names: [], validFrom: from, validUntil: until)
        #expect(try warnings(nameless.chainPEM, nameless.keyPEM) == [.noNames])
    }
}

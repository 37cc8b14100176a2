import Foundation
import Glibc
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@Suite struct StapleTests {
    private let root: CertificateAuthority
    private let leaf: SelfSigned.Made
    private let other: SelfSigned.Made
    private let certificate: ServerCertificate

    init() throws {
        let (from, until) = (MemoryServer.validFrom, MemoryServer.validUntil)
        root = try CertificateAuthority(name: "Root", validFrom: from, validUntil: until)
        leaf = try SelfSigned.make(names: ["a.test"], validFrom: from, validUntil: until, serial: 0xA1, issuedBy: root)
        other = try SelfSigned.make(names: ["b.test"], validFrom: from, validUntil: until, serial: 0xB2, issuedBy: root)
        certificate = try ServerCertificate(chainPEM: leaf.chainPEM + root.certificatePEM, keyPEM: leaf.keyPEM)
    }

    /// An OCSP response by the openssl command, good for an hour.
    ///
    /// - Parameter signer: who signs it in the issuer's stead.
    private func response(
        for made: SelfSigned.Made, by issuer: CertificateAuthority, index: String = Self.goodIndex,
        signer: SelfSigned.Made? = nil
    ) throws -> [UInt8] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("staple-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(issuer.certificatePEM).write(to: folder.appendingPathComponent("ca.pem"))
        try issuer.keyPEM.withBytes { try Data($0).write(to: folder.appendingPathComponent("ca.key")) }
        try Data(made.chainPEM).write(to: folder.appendingPathComponent("leaf.pem"))
        try Data(signer?.chainPEM ?? issuer.certificatePEM).write(to: folder.appendingPathComponent("signer.pem"))
        try (signer?.keyPEM ?? issuer.keyPEM).withBytes {
            try Data($0).write(to: folder.appendingPathComponent("signer.key"))
        }
        try Data(index.utf8).write(to: folder.appendingPathComponent("index.txt"))
        let path = { (name: String) in folder.appendingPathComponent(name).path }
        try run([
            "openssl", "ocsp", "-index", path("index.txt"), "-CA", path("ca.pem"), "-rsigner", path("signer.pem"),
            "-rkey",
            path("signer.key"), "-issuer", path("ca.pem"), "-cert", path("leaf.pem"), "-nmin", "60", "-respout",
            path("response.der"), "-noverify",
        ])
        return try [UInt8](Data(contentsOf: folder.appendingPathComponent("response.der")))
    }

    private static let goodIndex =
        "V\t400101000000Z\t\tA1\tunknown\t/CN=a.test\nV\t400101000000Z\t\tB2\tunknown\t/CN=b.test\n"

    private func run(_ command: [String]) throws {
        try #require(try ChildProcess(command).waitForStatus() == 0, "\(command) failed")
    }

    private func stapled(
        by given: ServerCertificate? = nil, asking: Bool = true, _ version: TLSVersion = .tls1_3
    ) throws -> [UInt8]? {
        let host = MemoryServer.host("a.test", certificates: [given ?? certificate])
        let context = try MemoryServer.context(hosts: [host])
        var options = MemoryClient.Options(serverName: "a.test")
        options.requestsStaple = asking
        options.maximumVersion = version
        let pair = try MemoryPair.connected(context, options)
        return pair.client.staple
    }

    @Test func `a client that asks gets the staple, also one put there while running`() throws {
        #expect(!certificate.staple.isPresent)
        #expect(try stapled() == nil)
        let response = try response(for: leaf, by: root)
        try certificate.staple.replace(der: response)
        #expect(certificate.staple.isPresent && certificate.staple.nextUpdate != nil)
        for version in [TLSVersion.tls1_2, .tls1_3] {
            #expect(try stapled(version) == response)
            #expect(try stapled(asking: false, version) == nil)
        }
        certificate.staple.remove()
        #expect(try stapled() == nil)
    }

    private func stapled(_ version: TLSVersion) throws -> [UInt8]? { try stapled(asking: true, version) }

    @Test func `a bad response is refused, and the old one stays`() throws {
        let good = try response(for: leaf, by: root)
        try certificate.staple.replace(der: good)
        let staple = certificate.staple
        #expect(throws: StapleError.empty) { try staple.replace(der: []) }
        #expect(throws: StapleError.notOCSP) { try staple.replace(der: Array("not DER".utf8)) }
        #expect(throws: StapleError.notOCSP) { try staple.replace(der: good + [0]) }
        #expect(throws: StapleError.notOCSP) { try staple.replace(der: good.dropLast()) }
        #expect(throws: StapleError.tooLarge(bytes: 65_537)) {
            try staple.replace(der: .init(repeating: 0, count: 65_537))
        }
        // OCSPResponse { responseStatus tryLater }
        #expect(throws: StapleError.unsuccessful(status: "trylater")) {
            try staple.replace(der: [0x30, 3, 0x0a, 1, 3])
        }
        let stranger = try response(for: other, by: root)
        #expect(throws: StapleError.aboutAnotherCertificate) { try staple.replace(der: stranger) }
        #expect(try stapled() == good)
        #expect(ErrorQueue.drain().isEmpty)
    }

    @Test func `a response of the right number by the wrong issuer is refused`() throws {
        let impostor = try CertificateAuthority(
            name: "Root", validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil)
        let twin = try SelfSigned.make(
            names: ["a.test"], validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil, serial: 0xA1,
            issuedBy: impostor)
        let response = try response(for: twin, by: impostor)
        #expect(throws: StapleError.aboutAnotherCertificate) { try certificate.staple.replace(der: response) }
    }

    @Test func `an expired response is not stapled`() throws {
        var response = try response(for: leaf, by: root)
        // nextUpdate: [0] EXPLICIT GeneralizedTime of 15 digits (RFC 6960 §4.2.1). The signature breaks, which nothing notices
        // where the chain has no issuer.
        let place = try #require(response.ranges(of: [0xa0, 0x11, 0x18, 0x0f]).last).upperBound
        response.replaceSubrange(place..<(place + 4), with: Array("2001".utf8))
        let alone = try ServerCertificate(chainPEM: leaf.chainPEM, keyPEM: leaf.keyPEM)
        try alone.staple.replace(der: response)
        #expect(alone.staple.isPresent)
        #expect(try stapled(by: alone) == nil)
        guard case .stapleExpired(let since?) = alone.staple.warning(at: WallTime(secondsSinceEpoch: Int64(time(nil))))
        else {
            return #expect(Bool(false), "no warning")
        }
        #expect(since.description.hasPrefix("2001-"))
        #expect(throws: StapleError.self, "its signature is broken") { try certificate.staple.replace(der: response) }
    }

    @Test func `a response that says anything but good is refused, and one of a stranger's signature`() throws {
        let staple = certificate.staple
        let revoked = try response(
            for: leaf, by: root, index: "R\t400101000000Z\t240101000000Z\tA1\tunknown\t/CN=a.test\n")
        guard let error = #expect(throws: StapleError.self, performing: { try staple.replace(der: revoked) }),
            case .revoked(let since?) = error
        else { return #expect(Bool(false), "not told as revoked") }
        #expect(since.description.hasPrefix("2024-01-01"))
        let unknown = try response(for: leaf, by: root, index: "V\t400101000000Z\t\tCC\tunknown\t/CN=c.test\n")
        #expect(throws: StapleError.unknownToResponder) { try staple.replace(der: unknown) }
        // Of the same issuer and number, signed by a certificate of that issuer that is no responder's.
        let stranger = try response(for: leaf, by: root, signer: other)
        #expect {
            try staple.replace(der: stranger)
        } throws: {
            if case StapleError.badSignature = $0 { true } else { false }
        }
        #expect(!staple.isPresent)
    }

    @Test func `a certificate that demands a staple is warned of while it has none`() throws {
        let must = try mustStaple()
        let now = WallTime(secondsSinceEpoch: Int64(time(nil)))
        #expect(must.warnings(at: now).contains(.stapleRequired))
        #expect(!certificate.warnings(at: now).contains(.stapleRequired))
    }

    private func mustStaple() throws -> ServerCertificate {
        let openssl = try OpenSSLCommand()
        try openssl.run(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -out c.pem -subj /CN=a.test "
                + "-addext subjectAltName=DNS:a.test -addext tlsfeature=status_request -days 30")
        let key = try openssl.read("k.pem").withUnsafeBytes { Secret(copying: $0) }
        return try ServerCertificate(chainPEM: openssl.read("c.pem"), keyPEM: key)
    }

    @Test func `a response given with the certificate is stapled`() throws {
        let response = try response(for: leaf, by: root)
        let ready = try ServerCertificate(chainPEM: leaf.chainPEM, keyPEM: leaf.keyPEM, ocspResponse: response)
        #expect(ready.staple.isPresent)
        #expect(throws: CertificateError.staple(.notOCSP)) {
            try ServerCertificate(chainPEM: leaf.chainPEM, keyPEM: leaf.keyPEM, ocspResponse: [1])
        }
    }
}

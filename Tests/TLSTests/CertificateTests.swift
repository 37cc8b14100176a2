import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@Suite struct CertificateTests {
    private let from = MemoryServer.validFrom
    private let until = MemoryServer.validUntil

    private func made(
        _ names: [String] = ["a.test"], kind: SelfSigned.KeyKind = .ecdsaP256, from: WallTime? = nil,
        until: WallTime? = nil, issuedBy issuer: CertificateAuthority? = nil, passphrase: String? = nil
    ) throws -> SelfSigned.Made {
        try SelfSigned.make(
            names: names, kind: kind, validFrom: from ?? self.from, validUntil: until ?? self.until, issuedBy: issuer,
            passphrase: passphrase.map(secret))
    }

    private func secret(_ text: String) -> Secret {
        Array(text.utf8).withUnsafeBytes { Secret(copying: $0) }
    }

    private func bytes(_ secret: Secret) -> [UInt8] {
        secret.withBytes { [UInt8]($0) }
    }

    private func error(_ chain: [UInt8], _ key: Secret, passphrase: Secret? = nil) -> CertificateError? {
        do throws(CertificateError) {
            _ = try ServerCertificate(chainPEM: chain, keyPEM: key, passphrase: passphrase)
            return nil
        } catch {
            #expect(ErrorQueue.drain().isEmpty)
            return error
        }
    }

    @Test func `what a certificate says of itself is read`() throws {
        let made = try SelfSigned.make(
            names: ["a.test", "*.b.test", "127.0.0.1", "::1"], validFrom: from, validUntil: until, serial: 0xab12)
        let info = try ServerCertificate(chainPEM: made.chainPEM, keyPEM: made.keyPEM).info
        #expect(info.subject == "CN=a.test")
        #expect(info.issuer == "CN=a.test")
        #expect(info.dnsNames == ["a.test", "*.b.test"])
        #expect(info.addresses.map(\.description) == ["127.0.0.1", "::1"])
        #expect(info.notBefore == from && info.notAfter == until)
        #expect(info.keyKind == .ecdsa(curve: "P-256"))
        #expect(info.serial == "AB12")
        #expect(info.fingerprint.count == 64)
    }

    @Test(arguments: [
        (SelfSigned.KeyKind.ecdsaP256, "ECDSA P-256"), (.ecdsaP384, "ECDSA P-384"), (.rsa2048, "RSA 2048"),
        (.ed25519, "Ed25519"),
    ])
    func `every kind of key that can serve does serve`(_ kind: SelfSigned.KeyKind, _ name: String) throws {
        let certificate = MemoryServer.certificate(names: ["a.test"], kind: kind)
        #expect(certificate.info.keyKind.description == name)
        let context = try MemoryServer.context(hosts: [MemoryServer.host("a.test", certificates: [certificate])])
        #expect(try MemoryPair(server: context, client: .init(serverName: "a.test")).handshake() == .done)
    }

    @Test func `a key that cannot serve is refused by its name`() throws {
        let made = try made(kind: .ecdsaSecp256k1)
        #expect(error(made.chainPEM, made.keyPEM) == .unsupportedKey("EC on the curve secp256k1"))
    }

    @Test func `names are covered by subjectAltName alone, a star by one label`() throws {
        let certificate = MemoryServer.certificate(names: ["a.test", "*.b.test"])
        let covered = { (name: String) in ServerName(name).map(certificate.covers) }
        #expect(covered("a.test") == true && covered("x.b.test") == true)
        #expect(covered("b.test") == false && covered("x.y.b.test") == false && covered("c.test") == false)
        #expect(NamePattern("*.b.test").map { certificate.covers($0) } == true)
        #expect(NamePattern("*.c.test").map { certificate.covers($0) } == false)
    }

    @Test func `files that are no certificate or no key are told apart`() throws {
        let made = try made()
        let noise = Array("certainly not PEM\n".utf8)
        #expect(error([], made.keyPEM) == .emptyFile(.chain))
        #expect(error(Array("\n \n".utf8), made.keyPEM) == .emptyFile(.chain))
        #expect(error(noise, made.keyPEM) == .notPEM(.chain))
        #expect(error(made.chainPEM, secret("")) == .emptyFile(.key))
        #expect(error(made.chainPEM, secret("noise")) == .notPEM(.key))
        #expect(
            error([UInt8](repeating: 0x41, count: (1 << 20) + 1), made.keyPEM)
                == .tooLarge(.chain, bytes: (1 << 20) + 1))
    }

    @Test func `chain and key swapped are told so`() throws {
        let made = try made()
        let swapped = made.chainPEM.withUnsafeBytes { Secret(copying: $0) }
        #expect(error(bytes(made.keyPEM), made.keyPEM) == .noCertificateInFile(found: ["PRIVATE KEY"]))
        #expect(error(made.chainPEM, swapped) == .noKeyInFile(found: ["CERTIFICATE"]))
        #expect(CertificateError.noCertificateInFile(found: ["PRIVATE KEY"]).description.contains("swapped"))
    }

    @Test func `one file may hold both`() throws {
        let made = try made()
        let both = made.chainPEM + bytes(made.keyPEM)
        #expect(error(both, both.withUnsafeBytes { Secret(copying: $0) }) == nil)
    }

    @Test func `damage is located`() throws {
        let (first, second) = (try made(), try made(["b.test"]))
        var damaged = second.chainPEM
        damaged.replaceSubrange(60..<64, with: Array("####".utf8))
        guard case .chainHasGarbage(certificate: 2, _)? = error(first.chainPEM + damaged, first.keyPEM) else {
            Issue.record("garbage behind the first certificate went unnoticed")
            return
        }
        #expect(
            error(Array(first.chainPEM.dropLast(60)), first.keyPEM)
                == .form(.chain, .unended(label: "CERTIFICATE", line: 1)))
        guard case .keyIsDamaged? = error(first.chainPEM, secret(damagedKey)) else {
            Issue.record("a damaged key went unnoticed")
            return
        }
    }

    private let damagedKey = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"

    @Test func `a key of another certificate is refused, and its place in the chain told`() throws {
        let (first, second) = (try made(), try made(["b.test"]))
        #expect(
            error(first.chainPEM, second.keyPEM) == .keyDoesNotMatch(subject: "CN=a.test", matching: nil))
        #expect(
            error(first.chainPEM + second.chainPEM, second.keyPEM)
                == .keyDoesNotMatch(subject: "CN=a.test", matching: 2))
    }

    @Test func `an encrypted key wants its passphrase, and never asks a terminal`() throws {
        let made = try made(passphrase: "right horse")
        #expect(error(made.chainPEM, made.keyPEM) == .keyEncrypted)
        #expect(error(made.chainPEM, made.keyPEM, passphrase: secret("wrong")) == .wrongPassphrase)
        #expect(error(made.chainPEM, made.keyPEM, passphrase: secret("")) == .wrongPassphrase)
        #expect(
            error(made.chainPEM, made.keyPEM, passphrase: secret(String(repeating: "x", count: 5000)))
                == .wrongPassphrase)
        #expect(error(made.chainPEM, made.keyPEM, passphrase: secret("right horse")) == nil)
        // A passphrase that is not needed does no harm.
        let open = try self.made()
        #expect(error(open.chainPEM, open.keyPEM, passphrase: secret("whatever")) == nil)
    }

    @Test func `no error holds the key or the passphrase`() throws {
        let made = try made(passphrase: "right horse")
        let text = String(describing: error(made.chainPEM, made.keyPEM, passphrase: secret("wrong pony")) as Any)
        #expect(!text.contains("pony"))
        #expect(!text.contains(String(decoding: bytes(made.keyPEM).dropFirst(40).prefix(20), as: UTF8.self)))
    }
}

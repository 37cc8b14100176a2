import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Files as the openssl command and editors make them, not as our own maker does.
@Suite struct CertificateFileTests {
    private let openssl: OpenSSLCommand

    init() throws {
        openssl = try OpenSSLCommand()
    }

    private func secret(_ bytes: [UInt8]) -> Secret {
        bytes.withUnsafeBytes { Secret(copying: $0) }
    }

    private func secret(_ text: String) -> Secret { secret(Array(text.utf8)) }

    /// What loading comes to, and whether what was loaded serves.
    private func error(_ chain: [UInt8], _ key: [UInt8], passphrase: String? = nil) throws -> CertificateError? {
        let certificate: ServerCertificate
        do throws(CertificateError) {
            certificate = try ServerCertificate(
                chainPEM: chain, keyPEM: secret(key), passphrase: passphrase.map { secret($0) })
        } catch {
            return error
        }
        let context = try MemoryServer.context(hosts: [MemoryServer.host("a.test", certificates: [certificate])])
        let pair = try MemoryPair(server: context, client: .init(serverName: "a.test"))
        #expect(pair.handshake() == .done)
        return nil
    }

    private func makeECDSA() throws {
        try openssl.run("ecparam -name prime256v1 -genkey -out ec.key")
        try openssl.run("req -x509 -key ec.key -out ec.pem -subj /CN=a.test -addext subjectAltName=DNS:a.test -days 5")
    }

    private func makeRSA() throws {
        try openssl.run("genrsa -traditional -out rsa.key 2048")
        try openssl.run(
            "req -x509 -key rsa.key -out rsa.pem -subj /CN=a.test -addext subjectAltName=DNS:a.test -days 5")
    }

    @Test func `a key with its EC PARAMETERS in front is read`() throws {
        try makeECDSA()
        let key = try openssl.read("ec.key")
        #expect(String(decoding: key, as: UTF8.self).hasPrefix("-----BEGIN EC PARAMETERS-----"))
        #expect(try error(openssl.read("ec.pem"), key) == nil)
    }

    @Test func `every PEM form of an RSA key is read`() throws {
        try makeRSA()
        let chain = try openssl.read("rsa.pem")
        let traditional = try openssl.read("rsa.key")
        #expect(String(decoding: traditional, as: UTF8.self).hasPrefix("-----BEGIN RSA PRIVATE KEY-----"))
        #expect(try error(chain, traditional) == nil)
        try openssl.run("pkcs8 -topk8 -nocrypt -in rsa.key -out rsa8.key")
        #expect(try error(chain, openssl.read("rsa8.key")) == nil)
    }

    @Test(arguments: [
        "pkcs8 -topk8 -in rsa.key -out locked.key -passout pass:right",
        "pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA1 -in rsa.key -out locked.key -passout pass:right",
        "pkcs8 -topk8 -scrypt -in rsa.key -out locked.key -passout pass:right",
        "rsa -traditional -aes128 -in rsa.key -out locked.key -passout pass:right",
    ])
    func `every encrypted form is opened by its passphrase and by no other`(_ command: String) throws {
        try makeRSA()
        try openssl.run(command)
        let chain = try openssl.read("rsa.pem")
        let key = try openssl.read("locked.key")
        #expect(String(decoding: key, as: UTF8.self).contains("ENCRYPTED"))
        #expect(try error(chain, key) == .keyEncrypted)
        #expect(try error(chain, key, passphrase: "wrong") == .wrongPassphrase)
        #expect(try error(chain, key, passphrase: "right") == nil)
        #expect(ErrorQueue.drain().isEmpty)
    }

    @Test func `text around the blocks and lines of another system do no harm`() throws {
        try makeECDSA()
        try openssl.run("x509 -in ec.pem -text -out text.pem")
        let key = try openssl.read("ec.key")
        #expect(try error(openssl.read("text.pem"), key) == nil)
        let windows = { (bytes: [UInt8]) in bytes.flatMap { $0 == 10 ? [13, 10] : [$0] } }
        #expect(try error(windows(openssl.read("ec.pem")), windows(key)) == nil)
        #expect(try error(Array(openssl.read("ec.pem").dropLast()), Array(key.dropLast())) == nil)
        let marked: [UInt8] = [0xef, 0xbb, 0xbf]
        #expect(try error(marked + Array("# ours\n".utf8) + openssl.read("ec.pem"), key) == nil)
    }

    @Test func `files in DER and PKCS 12 form are told not to be PEM`() throws {
        try makeECDSA()
        let (chain, key) = (try openssl.read("ec.pem"), try openssl.read("ec.key"))
        try openssl.run("x509 -in ec.pem -outform DER -out chain.der")
        try openssl.run("pkey -in ec.key -outform DER -out key.der")
        try openssl.run("pkcs12 -export -in ec.pem -inkey ec.key -out both.p12 -passout pass:x")
        #expect(try error(openssl.read("chain.der"), key) == .form(.chain, .format(.derCertificate)))
        #expect(try error(chain, openssl.read("key.der")) == .form(.key, .format(.derKey)))
        #expect(try error(openssl.read("both.p12"), key) == .form(.chain, .format(.pkcs12)))
    }

    @Test func `a certificate request and a public key are named as what they are`() throws {
        try makeECDSA()
        let (chain, key) = (try openssl.read("ec.pem"), try openssl.read("ec.key"))
        try openssl.run("req -new -key ec.key -subj /CN=a.test -out request.pem")
        try openssl.run("pkey -in ec.key -pubout -out public.pem")
        #expect(
            try error(openssl.read("request.pem"), key)
                == .form(.chain, .stranger(label: "CERTIFICATE REQUEST", line: 1, wanted: .chain)))
        #expect(try error(chain, openssl.read("public.pem")) == .form(.key, .format(.publicKey)))
    }
}

import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// What editors, mail programs and shells make of PEM files: a block that is not read is never missing without a word.
@Suite struct PEMFormTests {
    private let openssl: OpenSSLCommand

    init() throws {
        openssl = try OpenSSLCommand()
        try openssl.run(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout a.key -out a.pem -subj /CN=a.test -days 5"
        )
        try openssl.run(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout b.key -out b.pem -subj /CN=b.test -days 5"
        )
    }

    private func chain(_ bytes: [UInt8]) throws -> CertificateError? {
        let key = try openssl.read("a.key").withUnsafeBytes { Secret(copying: $0) }
        do throws(CertificateError) {
            _ = try ServerCertificate(chainPEM: bytes, keyPEM: key)
            return nil
        } catch {
            return error
        }
    }

    private func key(_ bytes: [UInt8]) throws -> CertificateError? {
        let chain = try openssl.read("a.pem")
        do throws(CertificateError) {
            _ = try ServerCertificate(chainPEM: chain, keyPEM: bytes.withUnsafeBytes { Secret(copying: $0) })
            return nil
        } catch {
            return error
        }
    }

    private func authorities(_ bytes: [UInt8], _ revocations: [UInt8]? = nil) -> ClientAuthenticationError? {
        do throws(ClientAuthenticationError) {
            _ = try ClientAuthentication(mode: .require, authoritiesPEM: bytes, revocationPEM: revocations)
            return nil
        } catch {
            return error
        }
    }

    private func indent(_ text: String) -> String { text.split(separator: "\n").map { "  \($0)\n" }.joined() }

    static let mistakes: [PEMFault.Mistake] = [
        .indented, .quoted, .goesOn, .writtenLineEnds, .byteOrderMark, .textBefore, .otherDashes, .noDashes,
        .joined,
    ]

    private func mistaken(_ text: String, _ mistake: PEMFault.Mistake) -> [String] {
        switch mistake {
        case .indented: [indent(text), "\t" + text]
        case .quoted: ["\"" + text.dropLast() + "\"\n", "  '" + text]
        case .goesOn:
            [text.replacing("\n", with: ""), text.replacing("\n", with: "\r"), text.replacing("\n", with: " ")]
        case .writtenLineEnds: [text.replacing("\n", with: "\\n")]
        case .byteOrderMark: ["\u{FEFF}" + text]
        case .textBefore: ["# " + text, "chain: " + text, "\0" + text]
        case .otherDashes:
            [
                text.replacing("-----", with: "\u{2013}\u{2013}\u{2013}\u{2013}\u{2013}"),
                text.replacing("-----", with: "\u{2014}"), text.replacing("-----", with: "----"),
                text.replacing("-----BEGIN CERTIFICATE-----", with: "----- BEGIN CERTIFICATE -----"),
                text.replacing("-----BEGIN CERTIFICATE-----", with: "-----begin certificate-----"),
                text.replacing("-----BEGIN CERTIFICATE-----", with: "-----BEGIN-----"),
                text.replacing("-----BEGIN CERTIFICATE-----", with: "-----BEGIN CERTIFICATE----"),
                text.replacing("-----BEGIN CERTIFICATE-----", with: "-----BEGIN  CERTIFICATE-----"),
                "-" + text, text.replacing("-----", with: "------"), text.replacing("-----", with: "====="),
                text.replacing("-----", with: "*****"),
            ]
        case .noDashes: [text.replacing("-----", with: "")]
        case .joined: ["-----END CERTIFICATE-----" + text]
        }
    }

    @Test(arguments: mistakes)
    func `a beginning that is none is a fault with its line, wherever it stands`(mistake: PEMFault.Mistake) throws {
        let good = try openssl.read("a.pem")
        let lines = good.count { $0 == 10 }
        for odd in mistaken(String(decoding: try openssl.read("b.pem"), as: UTF8.self), mistake) {
            let odd = Array(odd.utf8)
            #expect(try chain(good + odd) == .form(.chain, .misshapen(line: lines + 1, mistake)))
            #expect(
                authorities(good + odd) == .authorities(.form(.authorities, .misshapen(line: lines + 1, mistake))))
            #expect(try chain(odd + good) == .form(.chain, .misshapen(line: 1, mistake)))
        }
    }

    @Test func `a block without its end, and an end without its block, are told`() throws {
        let good = try openssl.read("a.pem")
        let lines = good.count { $0 == 10 }
        let text = String(decoding: good, as: UTF8.self)
        let unended = PEMFault.unended(label: "CERTIFICATE", line: 1)
        for end in ["", "-----END X509 CRL-----\n", "–––––END CERTIFICATE–––––\n"] {
            let odd = Array(text.replacing("-----END CERTIFICATE-----\n", with: end).utf8)
            #expect(try chain(odd + good) == .form(.chain, unended), "\(end)")
        }
        let headless = Array(text.replacing("-----BEGIN CERTIFICATE-----\n", with: "").utf8)
        #expect(try chain(good + headless) == .form(.chain, .headless(line: lines + 1)))
        let bare = text.split(separator: "\n").dropFirst().dropLast().joined(separator: "\n")
        #expect(try chain(good + Array(bare.utf8)) == .form(.chain, .headless(line: lines + 1)))
        let short = Array("-----END CERTIFICATE-----\n".utf8)
        #expect(try chain(good + short) == .form(.chain, .endAlone(line: lines + 1)))
        #expect(try chain(short + good) == .form(.chain, .endAlone(line: 1)))
    }

    @Test func `what is no text is told, wherever it was put`() throws {
        let good = try openssl.read("a.pem")
        let lines = good.count { $0 == 10 }
        try openssl.run("x509 -in b.pem -outform DER -out b.der")
        let utf16 = try openssl.read("b.pem").flatMap { [$0, 0] as [UInt8] }
        for odd in [try openssl.read("b.der"), utf16, [0xFF, 0xFE] + utf16] {
            guard case .form(.chain, .binary(let line))? = try chain(good + odd) else {
                Issue.record("it was left out in silence")
                continue
            }
            #expect(line > lines)
        }
        let base64 = Array(Base64.encode(try openssl.read("b.pem")).utf8)
        #expect(try chain(good + base64) == .form(.chain, .headless(line: lines + 1)))
    }

    @Test func `what stands between dashes is shown only when it can be a label`() throws {
        let key = String(decoding: try openssl.read("a.key"), as: UTF8.self).split(separator: "\n")
        let body = key.dropFirst().dropLast().joined()
        for odd in [
            "-----BEGIN PRIVATE KEY \(body) END PRIVATE KEY-----", "-----BEGIN \(body)-----", "-----END \(body)-----",
        ] {
            for fault in [try self.key(Array(odd.utf8)), try chain(Array(odd.utf8))] {
                #expect(fault != nil)
                #expect(fault?.description.contains(body.prefix(12)) == false, "\(fault as Any)")
            }
        }
    }

    @Test func `a label that does not belong there is told, and keys beside a chain do`() throws {
        let (good, key) = (try openssl.read("a.pem"), try openssl.read("a.key"))
        let lines = good.count { $0 == 10 }
        try openssl.run("dhparam -dsaparam -out dh.pem 512")
        #expect(try chain(key + openssl.read("dh.pem") + good + openssl.read("b.pem")) == nil)
        #expect(
            authorities(good + key)
                == .authorities(
                    .form(.authorities, .stranger(label: "PRIVATE KEY", line: lines + 1, wanted: .authorities))))
        try openssl.run("pkey -in a.key -pubout -out public.pem")
        try openssl.run("req -new -key a.key -subj /CN=a.test -out request.pem")
        try openssl.run("crl2pkcs7 -nocrl -certfile a.pem -out p7.pem")
        for (file, label, word) in [
            ("public.pem", "PUBLIC KEY", "a public key"), ("request.pem", "CERTIFICATE REQUEST", "signing request"),
            ("p7.pem", "PKCS7", "openssl pkcs7 -in FILE -print_certs"),
        ] {
            let fault = try chain(good + openssl.read(file))
            #expect(fault == .form(.chain, .stranger(label: label, line: lines + 1, wanted: .chain)))
            #expect(fault?.description.contains(word) == true, "\(fault as Any)")
        }
    }

    @Test func `no block of a key's file is passed over`() throws {
        let (good, key, other) = (try openssl.read("a.pem"), try openssl.read("a.key"), try openssl.read("b.key"))
        let lines = key.count { $0 == 10 }
        try openssl.run("ecparam -name prime256v1 -out parameters.pem")
        #expect(try self.key(openssl.read("parameters.pem") + good + key + openssl.read("b.pem")) == nil)
        #expect(try self.key(key + other) == .form(.key, .secondKey(line: lines + 1)))
        #expect(try self.key(key + key) == .form(.key, .secondKey(line: lines + 1)))
        for label in ["OPENSSH PRIVATE KEY", "NONSENSE PRIVATE KEY", "X509 CRL", "NONSENSE PARAMETERS", "PUBLIC KEY"] {
            let odd = Array("-----BEGIN \(label)-----\nAAAA\n-----END \(label)-----\n".utf8)
            #expect(try self.key(key + odd) == .form(.key, .stranger(label: label, line: lines + 1, wanted: .key)))
            guard label != "X509 CRL" else { continue }
            let chainLines = good.count { $0 == 10 }
            #expect(
                try chain(good + odd)
                    == .form(.chain, .stranger(label: label, line: chainLines + 1, wanted: .chain)))
        }
        let broken = Array("-----BEGIN CERTIFICATE-----\n(gap)\n-----END CERTIFICATE-----\n".utf8)
        #expect(try self.key(key + broken) == .form(.key, .unread(line: lines + 1)))
        #expect(try self.key(broken + key) == .form(.key, .unread(line: 1)))
        let openSSH = Array("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n".utf8)
        #expect(try self.key(openSSH) == .form(.key, .format(.openSSHKey)))
        #expect(ErrorQueue.drain().isEmpty)
    }

    @Test func `a passphrase that protects nothing is a warning`() throws {
        let (chain, key) = (try openssl.read("a.pem"), try openssl.read("a.key"))
        try openssl.run("pkey -in a.key -aes256 -passout pass:x -out closed.key")
        let passphrase = "x".utf8.withContiguousStorageIfAvailable { Secret(copying: UnsafeRawBufferPointer($0)) }
        for (key, isIdle) in [(key, true), (try openssl.read("closed.key"), false)] {
            let certificate = try ServerCertificate(
                chainPEM: chain, keyPEM: key.withUnsafeBytes { Secret(copying: $0) }, passphrase: passphrase)
            #expect(certificate.warnings(at: WallTime(secondsSinceEpoch: 0)).contains(.passphraseUnused) == isIdle)
        }
    }

    @Test func `comments and what the openssl command prints around blocks do no harm`() throws {
        try openssl.run("x509 -in a.pem -text -out text.pem")
        let text = Array(
            """
            Our own chain -- it begins here
            The beginning.
            --- begin leaf certificate ---
            # begin certificate of example
            Begin certificate chain:
            # sha256 of it, alone in a line:
            e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
            --------------------------------------------------------------------
            subject=CN = a.test

            """.utf8)
        #expect(try chain(text + openssl.read("text.pem") + text + openssl.read("b.pem") + text) == nil)
        #expect(try authorities(text + openssl.read("text.pem") + text + openssl.read("b.pem")) == nil)
    }

    @Test func `other formats are named, with the command that makes PEM of them`() throws {
        func words(_ fault: (some Error & CustomStringConvertible)?, _ expected: String) {
            #expect(fault?.description.contains(expected) == true, "\(expected): \(fault as Any)")
        }
        let (good, key) = (try openssl.read("a.pem"), try openssl.read("a.key"))
        let utf16 = { (bytes: [UInt8]) -> [UInt8] in [0xFF, 0xFE] + bytes.flatMap { [$0, 0] as [UInt8] } }
        let utf32 = { (bytes: [UInt8]) -> [UInt8] in bytes.flatMap { [$0, 0, 0, 0] as [UInt8] } }
        let base64 = { (bytes: [UInt8]) in Array(Base64.encode(bytes).utf8) }
        for (name, command) in [
            ("chain.der", "x509 -in a.pem -outform DER"), ("key.der", "pkey -in a.key -outform DER"),
            ("a.p12", "pkcs12 -export -in a.pem -inkey a.key -passout pass:x"),
            ("a.p7b", "crl2pkcs7 -nocrl -certfile a.pem -outform DER"),
            ("request.der", "req -new -key a.key -subj /CN=a -outform DER"),
            ("public.der", "pkey -in a.key -pubout -outform DER"),
        ] { try openssl.run("\(command) -out \(name)") }
        words(try chain(utf16(good)), "iconv -f UTF-16")
        words(try self.key(utf16(key)), "iconv -f UTF-16")
        words(try chain(utf32(good)), "iconv -f UTF-32LE")
        words(try chain([0xFF, 0xFE, 0, 0] + utf32(good)), "iconv -f UTF-32 -t")
        words(try self.key([0, 0, 0] + utf32(key).dropLast(3)), "iconv -f UTF-32BE")
        words(try chain(base64(good)), "base64 -di FILE")
        words(try self.key(base64(key)), "base64 -di FILE")
        words(try chain(base64(openssl.read("chain.der"))), "without BEGIN and END lines")
        words(try chain(openssl.read("chain.der")), "openssl x509 -inform DER")
        words(try self.key(openssl.read("key.der")), "openssl pkey -inform DER")
        words(try chain(openssl.read("a.p12")), "openssl pkcs12 -in FILE")
        words(try self.key(openssl.read("a.p12")), "openssl pkcs12 -in FILE")
        words(try chain(openssl.read("a.p7b")), "openssl pkcs7 -inform DER")
        words(try chain(openssl.read("request.der")), "signing request")
        words(try self.key(openssl.read("public.der")), "the private key is wanted")
        words(try self.key(Array("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI me@here\n".utf8)), "OpenSSH's format")
        try openssl.run("ecparam -name prime256v1 -out parameters.pem")
        words(try self.key(openssl.read("parameters.pem")), "openssl genpkey -paramfile")
        words(authorities(try openssl.read("a.p7b")), "openssl pkcs7 -inform DER")
        words(authorities(good, try openssl.read("chain.der")), "a certificate in DER")
        words(authorities(good, utf16(good)), "iconv -f UTF-16")
        #expect(ErrorQueue.drain().isEmpty)
    }
}

/// Base64 as base64(1) writes it, in lines of 76 characters.
private enum Base64 {
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let number = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for index in 0..<4 {
                text.append(index > group.count ? UInt8(ascii: "=") : letters[number >> (18 - 6 * index) & 63])
            }
            if text.count % 77 == 76 { text.append(10) }
        }
        return String(decoding: text, as: UTF8.self) + "\n"
    }
}

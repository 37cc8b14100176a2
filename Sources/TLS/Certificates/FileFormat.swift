import CRepriseOpenSSL

/// The format of a file that is not the PEM file it should be, with the command that converts it.
package enum FileFormat: Sendable, Hashable {
    case utf16(isBigEndian: Bool?), utf32(isBigEndian: Bool?), base64OfPEM, bareBase64, gzip
    case pkcs12, pkcs7(isDER: Bool), javaKeyStore
    case derCertificate, derRevocationList, derKey, derEncryptedKey, derRequest, derPublicKey
    case request, publicKey, privateKey, revocationList, certificate, openSSHKey, openSSHPublicKey, puttyKey, parameters

    /// The format that a PEM label names; `nil` for other labels.
    init?(label: String) {
        switch label {
        case "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST": self = .request
        case "PUBLIC KEY", "RSA PUBLIC KEY", "SSH2 PUBLIC KEY": self = .publicKey
        case "PKCS7", "CMS", "PKCS #7 SIGNED DATA": self = .pkcs7(isDER: false)
        case "OPENSSH PRIVATE KEY": self = .openSSHKey
        case "X509 CRL": self = .revocationList
        case "EC PARAMETERS", "DH PARAMETERS", "X9.42 DH PARAMETERS", "DSA PARAMETERS": self = .parameters
        case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE": self = .certificate
        default:
            guard label.hasSuffix("PRIVATE KEY") else { return nil }
            self = .privateKey
        }
    }

    /// The format of bytes without any PEM block; `nil` for an unknown one.
    init?(of bytes: UnsafeRawBufferPointer) {
        let start = bytes.prefix(64)
        let text = bytes.drop { $0 <= 0x20 }
        if let isBigEndian = Self.utf32(Array(start)) {
            // Before UTF-16, whose mark is the beginning of this one's.
            self = .utf32(isBigEndian: isBigEndian)
        } else if let isBigEndian = Self.utf16(Array(start)) {
            self = .utf16(isBigEndian: isBigEndian)
        } else if start.starts(with: [0x1F, 0x8B]) {
            self = .gzip
        } else if start.starts(with: [0xFE, 0xED, 0xFE, 0xED]) {
            self = .javaKeyStore
        } else if text.starts(with: Array("PuTTY-User-Key-File".utf8)) {
            self = .puttyKey
        } else if ["ssh-", "ecdsa-sha2-", "sk-"].contains(where: { text.starts(with: Array($0.utf8)) }) {
            self = .openSSHPublicKey
        } else if text.starts(with: Array("LS0tLS1CRUdJTi".utf8)) {
            self = .base64OfPEM
        } else if start.first == 0x30 {
            guard let format = Self.der(bytes) else { return nil }
            self = format
        } else if text.starts(with: Array("MI".utf8)), text.allSatisfy(Self.isBase64) {
            self = .bareBase64
        } else {
            return nil
        }
    }

    /// Recognizes UTF-16 by its mark, which tells iconv the byte order (`.some(nil)`), or by the zeros between letters.
    private static func utf16(_ start: [UInt8]) -> Bool?? {
        if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) { return .some(nil) }
        guard start.count >= 8 else { return nil }
        let zeros = (0..<8).map { start[$0] == 0 }
        if zeros == (0..<8).map({ $0 % 2 == 1 }) { return false }
        return zeros == (0..<8).map({ $0 % 2 == 0 }) ? true : nil
    }

    /// The same for UTF-32.
    private static func utf32(_ start: [UInt8]) -> Bool?? {
        if start.starts(with: [0xFF, 0xFE, 0, 0]) || start.starts(with: [0, 0, 0xFE, 0xFF]) { return .some(nil) }
        guard start.count >= 8 else { return nil }
        let zeros = (0..<8).map { start[$0] == 0 }
        if zeros == (0..<8).map({ $0 % 4 != 0 }) { return false }
        return zeros == (0..<8).map({ $0 % 4 != 3 }) ? true : nil
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2F, 0x3D, 0x0A, 0x0D, 0x20: true
        default: false
        }
    }

    /// What libcrypto can read in DER.
    private static func der(_ bytes: UnsafeRawBufferPointer) -> FileFormat? {
        defer { ErrorQueue.clear() }
        func reads<Parsed>(
            _ parse: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> Parsed?, _ free: (Parsed) -> Void
        ) -> Bool {
            var start = bytes.baseAddress.map { UnsafePointer($0.assumingMemoryBound(to: UInt8.self)) }
            let parsed = parse(&start, bytes.count)
            guard let parsed else { return false }
            free(parsed)
            return true
        }
        if reads({ d2i_X509(nil, $0, $1) }, X509_free) { return .derCertificate }
        if reads({ d2i_X509_CRL(nil, $0, $1) }, X509_CRL_free) { return .derRevocationList }
        if reads({ d2i_X509_REQ(nil, $0, $1) }, X509_REQ_free) { return .derRequest }
        if reads({ d2i_PKCS12(nil, $0, $1) }, PKCS12_free) { return .pkcs12 }
        if reads({ d2i_PKCS7(nil, $0, $1) }, PKCS7_free) { return .pkcs7(isDER: true) }
        if reads({ d2i_PUBKEY(nil, $0, $1) }, EVP_PKEY_free) { return .derPublicKey }
        if reads({ d2i_AutoPrivateKey(nil, $0, $1) }, EVP_PKEY_free) { return .derKey }
        if reads({ d2i_X509_SIG(nil, $0, $1) }, X509_SIG_free) { return .derEncryptedKey }
        return nil
    }
}

extension FileFormat: CustomStringConvertible {
    /// A noun, and the command that converts it to PEM.
    package var description: String {
        switch self {
        case .utf16(let isBigEndian): Self.words("UTF-16", isBigEndian)
        case .utf32(let isBigEndian): Self.words("UTF-32", isBigEndian)
        case .gzip: "compressed: 'gzip -dc FILE' gives what is in it"
        case .base64OfPEM: "the base64 of a PEM file: 'base64 -di FILE' gives the file itself"
        case .bareBase64:
            "base64 without BEGIN and END lines: 'base64 -di FILE | openssl x509 -inform DER' makes PEM of a certificate, "
                + "'… | openssl pkey -inform DER' of a key"
        case .pkcs12:
            "PKCS#12: 'openssl pkcs12 -in FILE -nodes' makes PEM of the certificates and the key in it (an old one needs -legacy)"
        case .pkcs7(let isDER):
            "PKCS#7: 'openssl pkcs7 \(isDER ? "-inform DER " : "")-in FILE -print_certs' makes PEM of the certificates in it"
        case .javaKeyStore:
            "a Java key store: 'keytool -importkeystore -srckeystore FILE -destkeystore OUT -deststoretype PKCS12' and "
                + "'openssl pkcs12 -in OUT -nodes' make PEM of it"
        case .derCertificate: "a certificate in DER: 'openssl x509 -inform DER -in FILE' makes PEM of it"
        case .derRevocationList: "a revocation list in DER: 'openssl crl -inform DER -in FILE' makes PEM of it"
        case .derKey: "a private key in DER: 'openssl pkey -inform DER -in FILE' makes PEM of it"
        case .derEncryptedKey: "an encrypted private key in DER: 'openssl pkcs8 -inform DER -in FILE' makes PEM of it"
        case .derRequest, .request:
            "a certificate signing request (CSR): the certificate is wanted that an authority makes of it "
                + "('openssl x509 -req -in FILE -CA CA.pem -CAkey CA.key')"
        case .derPublicKey, .publicKey:
            "a public key: the private key is wanted that it was made of ('openssl pkey -in KEY -pubout' shows whose it is)"
        case .privateKey: "a private key"
        case .revocationList: "a revocation list, which goes into crl"
        case .certificate: "a certificate"
        case .openSSHKey:
            "a key in OpenSSH's own format: 'ssh-keygen -p -m PEM -f COPY' rewrites a copy of it as PEM, if it is RSA or ECDSA"
        case .openSSHPublicKey: "a public key in OpenSSH's format: the private key is wanted that it was made of"
        case .parameters:
            "parameters without a key: 'openssl genpkey -paramfile FILE' makes a key of a curve's or of DSA's"
        case .puttyKey:
            "a key in PuTTY's format: 'puttygen FILE -O private-openssh -o OUT' and 'ssh-keygen -p -m PEM -f OUT'"
                + " make PEM of it"
        }
    }
    private static func words(_ encoding: String, _ isBigEndian: Bool?) -> String {
        let order = isBigEndian.map { $0 ? "BE" : "LE" } ?? ""
        return "in \(encoding): 'iconv -f \(encoding)\(order) -t US-ASCII FILE' makes ASCII of it"
    }
}

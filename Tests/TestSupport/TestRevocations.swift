import Foundation
package import RepriseTLS
import RepriseVocabulary

/// Revocation lists of an authority, made by the openssl command.
package struct TestRevocations {
    private let authority: CertificateAuthority

    package init(of authority: CertificateAuthority) {
        self.authority = authority
    }

    /// A list in PEM.
    ///
    /// - Parameters:
    ///   - serials: what it revokes, in hexadecimal.
    ///   - extensions: lines of x509v3_config(5), more sections too.
    ///   - begins: in the form YYYYMMDDHHMMSSZ.
    ///   - ends: in the same form.
    package func list(
        _ serials: [String], extensions: [String] = [], begins: String = "20200102000000Z",
        ends: String = "20990101000000Z"
    ) throws -> [UInt8] {
        let openssl = try OpenSSLCommand()
        try openssl.write(authority.certificatePEM, to: "ca.pem")
        try openssl.write(authority.keyPEM.withBytes { Array($0) }, to: "ca.key")
        let index = serials.map { "R\t400101000000Z\t240101000000Z\t\($0)\tunknown\t/CN=alice.clients.test\n" }.joined()
        try openssl.write(Array(index.utf8), to: "index")
        try openssl.write([], to: "index.attr")
        let lines = ["[ca]", "default_ca=x", "[x]", "database=index", "default_md=sha256", "[extensions]"] + extensions
        try openssl.write(Array(lines.map { $0 + "\n" }.joined().utf8), to: "ca.cnf")
        try openssl.run(
            "ca -gencrl -config ca.cnf -cert ca.pem -keyfile ca.key -out crl.pem -crl_lastupdate \(begins) "
                + "-crl_nextupdate \(ends)" + (extensions.isEmpty ? "" : " -crlexts extensions"))
        return try openssl.read("crl.pem")
    }
}

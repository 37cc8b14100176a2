import Foundation
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary

/// `openssl s_server -www` with a certificate of an authority of its own, `ca.pem` in its folder.
final class TLSServer {
    let folder: URL
    var port: Int { server.port }
    private let server: ForeignServer

    init(_ names: [String], days: Int64 = 30, _ more: [String] = []) throws {
        server = try ForeignServer(
            ["sh", "DIR/configuration"],
            prepare: { folder in try TestAuthority(in: folder).make("server", for: names, days: days) }
        ) { folder, ports in
            "exec openssl s_server -accept 127.0.0.1:\(ports[0]) -www -quiet -cert \(folder)/server.pem "
                + "-key \(folder)/server.key \(more.joined(separator: " "))"
        }
        folder = server.folder
    }
}

/// An authority that signs certificates in a folder, in which `ca.pem` is its own.
struct TestAuthority {
    let folder: URL
    let root: CertificateAuthority
    private let from: WallTime
    private let now: Int64

    init(in folder: URL) throws {
        self.folder = folder
        now = Int64(Date.now.timeIntervalSince1970)
        from = WallTime(secondsSinceEpoch: now - 86_400 * 10)
        root = try CertificateAuthority(
            name: "Root", validFrom: from, validUntil: WallTime(secondsSinceEpoch: now + 86_400 * 90))
        try Data(root.certificatePEM).write(to: folder.appending(path: "ca.pem"))
    }

    /// Another authority: a root, or with `isBelow` one that the root has signed.
    func authority(_ name: String, isBelow: Bool = false) throws -> CertificateAuthority {
        try CertificateAuthority(
            name: name, validFrom: from, validUntil: WallTime(secondsSinceEpoch: now + 86_400 * 90),
            issuedBy: isBelow ? root : nil)
    }

    /// Makes `NAME.pem` and `NAME.key`.
    ///
    /// - Parameter issuer: another authority than the root.
    func make(
        _ name: String, for names: [String], days: Int64 = 30, serial: UInt64? = nil,
        issuedBy issuer: CertificateAuthority? = nil, forClient: Bool = false, passphrase: String? = nil,
        comment: String? = nil
    ) throws {
        // nsComment
        let extra = comment.map { [(number: Int32(78), text: $0)] } ?? []
        let secret = passphrase.map { text in Array(text.utf8).withUnsafeBytes { Secret(copying: $0) } }
        let made = try SelfSigned.make(
            names: names, validFrom: from, validUntil: WallTime(secondsSinceEpoch: now + days * 86_400),
            serial: serial, issuedBy: issuer ?? root, forClient: forClient, passphrase: secret, extraExtensions: extra)
        try Data(made.chainPEM).write(to: folder.appending(path: "\(name).pem"))
        try Data(made.keyPEM.withBytes { Array($0) }).write(to: folder.appending(path: "\(name).key"))
    }
}

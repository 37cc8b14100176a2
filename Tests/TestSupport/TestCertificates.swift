package import Foundation
package import RepriseTLS
import RepriseVocabulary

/// Certificate files for tests, made on the spot.
package struct TestCertificates {
    private let folder: URL

    /// Makes files in that folder.
    package init(in folder: URL) {
        self.folder = folder
    }

    /// Makes `NAME.pem` and `NAME.key` for host names, valid from an hour ago for so many days.
    package func make(
        _ name: String, for names: [String], kind: SelfSigned.KeyKind = .ecdsaP256, days: Int64 = 30,
        passphrase: String? = nil
    ) throws {
        let now = Int64(Date.now.timeIntervalSince1970)
        let secret = passphrase.map { text in Array(text.utf8).withUnsafeBytes { Secret(copying: $0) } }
        let made = try SelfSigned.make(
            names: names, kind: kind, validFrom: WallTime(secondsSinceEpoch: now - 3600 + min(0, days) * 86_400),
            validUntil: WallTime(secondsSinceEpoch: now + days * 86_400), passphrase: secret)
        try Data(made.chainPEM).write(to: folder.appending(path: "\(name).pem"))
        let key = folder.appending(path: "\(name).key")
        try made.keyPEM.withBytes { try Data($0).write(to: key) }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key.path)
    }
}

/// A configuration with one listener `web` and one upstream group `app`.
package struct TestConfiguration {
    package var top = ""
    package var listener = ""
    package var tls = ""
    package var hosts = "[{ names: [localhost], certificates: [{ chain: a.pem, key: a.key }] }]"
    package var servers: [String]
    /// More options of the upstream group `app`.
    package var group = ""
    /// The addresses of the listener `web`, as its list holds them.
    package var bind = "\"127.0.0.1:0\""

    package init(_ upstreams: TestUpstream...) {
        servers = upstreams.map { "\"127.0.0.1:\($0.port)\"" }
    }

    package var text: String {
        """
        \(top.contains("workers:") ? "" : "workers: 1")
        \(top)
        listeners:
          - name: web
            bind: [\(bind)]
            router: app
            \(listener)
            tls:
              \(tls)
              hosts: \(hosts)
        upstreams:
          - name: app
            \(group)
            servers: [\(servers.joined(separator: ", "))]
        """
    }

    /// Starts a Reprise with this configuration and a certificate `a` for localhost.
    package func start(
        folder: URL = RepriseProcess.temporaryFolder(), wrapper: [String] = [],
        program: String = RepriseProcess.program.path, log: String = "", waits: Bool = true
    ) throws -> RepriseProcess {
        if !FileManager.default.fileExists(atPath: folder.appending(path: "a.pem").path) {
            try TestCertificates(in: folder).make("a", for: ["localhost"])
        }
        return try RepriseProcess(text, folder: folder, wrapper: wrapper, program: program, log: log, waits: waits)
    }
}

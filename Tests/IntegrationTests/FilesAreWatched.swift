import Foundation
import Glibc
import RepriseTLS
import RepriseTestSupport
import Testing

/// Certificates, keys, authorities and revocation lists are read again when their files change.
@Suite(.waits) struct FilesAreWatched {
    private let folder = RepriseProcess.temporaryFolder()
    private var certificates: TestCertificates { TestCertificates(in: folder) }

    /// The serial number of the certificate that is served now.
    private func served(_ reprise: RepriseProcess) throws -> String {
        let result = try Shell.run(
            [
                "sh", "-c",
                "openssl s_client -connect 127.0.0.1:\(reprise.port()) </dev/null | openssl x509 -noout -serial",
            ])
        return result.output
    }

    private func metric(_ reprise: RepriseProcess, _ result: String) throws -> Double {
        try reprise.metric("reprise_certificate_reloads_total{result=\"\(result)\"}")
    }

    @Test func `a renewed certificate is served without a reload, and a key that does not match changes nothing`()
        throws
    {
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        let reprise = try configuration.start(folder: folder)
        let first = try served(reprise)
        #expect(first.hasPrefix("serial="), "\(reprise.log)")
        // The certificate of another key comes first, as a program that writes one file after the other has it.
        try certificates.make("b", for: ["localhost"])
        let (chain, key) = (folder.appending(path: "a.pem"), folder.appending(path: "a.key"))
        try Data(contentsOf: folder.appending(path: "b.pem")).write(to: chain)
        let refused = reprise.waitForLine { $0["message"] == "changed files not read again, the old ones stay in use" }
        #expect(refused?["files"]?.hasSuffix("a.pem") == true && refused?["reason"]?.contains("a.key") == true)
        #expect(try served(reprise) == first)
        // What is edited in the configuration meanwhile is nobody's business before a reload.
        let file = folder.appending(path: "reprise.yaml")
        try Data("nonsense".utf8).write(to: file)
        try Data(contentsOf: folder.appending(path: "b.key")).write(to: key)
        let applied = reprise.waitForLine { $0["message"] == "changed files read again" }
        #expect(applied?["files"]?.contains("a.key") == true, "\(reprise.log)")
        #expect(try served(reprise) != first)
        #expect(try metric(reprise, "refused") >= 1 && metric(reprise, "applied") == 1)
        #expect(try reprise.metric("reprise_configuration_reloads_total{result=\"applied\"}") == 0)
        let expiry = try reprise.metrics().split(separator: "\n").first {
            $0.hasPrefix("reprise_certificate_not_after_timestamp_seconds{")
        }
        #expect(expiry.flatMap { Double($0.split(separator: " ").last ?? "") } ?? 0 > Date.now.timeIntervalSince1970)
    }

    @Test func `whom a fresh list revokes is refused without a reload, and the log says who it was`() throws {
        let authority = try ClientAuthority("ours", in: folder)
        try authority.revoke([])
        try certificates.make("a", for: ["a.test"])
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        configuration.hosts = """
            [{ names: [a.test], certificates: [{ chain: a.pem, key: a.key }],
               client_auth: { mode: require, ca: ours.pem, crl: ours.crl } }]
            """
        let reprise = try configuration.start(folder: folder)
        func visit(showing certificate: SelfSigned.Made?) throws -> Bool {
            var options = MemoryClient.Options(serverName: "a.test")
            options.certificate = certificate
            let client = try? SocketClient.echoed(port: reprise.port(), options)
            return client.map { !$0.tls.sessions.isEmpty } ?? false
        }
        let alice = try authority.certificate(serial: 0xA1)
        #expect(try visit(showing: alice))
        let line = reprise.closedConnection(1)
        #expect(line["client_serial"] == "A1" && line["client_subject"]?.isEmpty == false, "\(line)")
        #expect(line["client_names"]?.isEmpty == false && line["cause"] == nil, "\(line)")
        try authority.revoke(["A1"])
        _ = reprise.waitForLine { $0["message"] == "changed files read again" }
        #expect(try !visit(showing: alice))
        let refused = reprise.closedConnection(2)
        #expect(refused["cause"] == "certificate_revoked" && refused["client_serial"] == "A1", "\(refused)")
        #expect(try !visit(showing: nil))
        let nobody = reprise.closedConnection(3)
        #expect(nobody["cause"] == "certificate_required" && nobody["client_serial"] == nil, "\(nobody)")
        let metrics = try reprise.metrics()
        #expect(metrics.contains("reprise_client_ca_not_after_timestamp_seconds{listener=\"web\",host=\"a.test\""))
        #expect(metrics.contains("reprise_client_crl_next_update_timestamp_seconds{listener=\"web\",host=\"a.test\""))
    }

    @Test func `what kept changed files from being used is tried again`() throws {
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.hosts =
            "[{ names: [localhost], certificates: [{ chain: a.pem, key: a.key, passphrase_file: p }] }]"
        try Data("unused".utf8).write(to: folder.appending(path: "p"))
        let reprise = try configuration.start(folder: folder)
        let first = try served(reprise)
        // What the certificate needs is away for a while, and comes back as it was.
        let (away, here) = (folder.appending(path: "p.away"), folder.appending(path: "p"))
        try FileManager.default.linkItem(at: here, to: away)
        try FileManager.default.removeItem(at: here)
        try certificates.make("a", for: ["localhost"])
        #expect(reprise.waitForLine { $0["message"]?.hasPrefix("changed files not read again") == true } != nil)
        #expect(try served(reprise) == first)
        try FileManager.default.moveItem(at: away, to: here)
        #expect(reprise.waitForLine(40) { $0["message"] == "changed files read again" } != nil, "\(reprise.log)")
        #expect(try served(reprise) != first)
    }

    @Test func `with watch off only a reload reads them`() throws {
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.top = "watch: off"
        let reprise = try configuration.start(folder: folder)
        let first = try served(reprise)
        try certificates.make("a", for: ["localhost"])
        reprise.signal(SIGHUP)
        #expect(reprise.waitForLine { $0["message"] == "configuration reloaded" } != nil)
        #expect(try served(reprise) != first)
        #expect(!reprise.log.contains("changed files"))
    }
}

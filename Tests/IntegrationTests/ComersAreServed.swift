import Foundation
import RepriseTestSupport
import Testing

/// The examples for those who come from other programs are good, and serve.
@Suite(.waits) struct ComersAreServed {
    private static let examples: [String] = {
        let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/coming-from.md")
        guard let text = try? String(contentsOf: page, encoding: .utf8) else { return [] }
        return text.components(separatedBy: "```yaml\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
    }()

    private func prepare(_ folder: URL) throws -> ClientAuthority {
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let authority = try ClientAuthority("clients", in: folder)
        try authority.revoke([])
        let made = try Shell.run(
            [
                "sh", "-ec",
                """
                cd \(folder.path)
                head -c 80 /dev/urandom > tickets.key
                serial=$(openssl x509 -in a.pem -noout -serial | cut -d= -f2)
                printf 'V\\t400101000000Z\\t\\t%s\\tunknown\\t/CN=localhost\\n' $serial > index
                openssl ocsp -index index -CA a.pem -rsigner a.pem -rkey a.key -issuer a.pem -cert a.pem -ndays 9 \
                    -respout a.ocsp -noverify
                """,
            ])
        #expect(made.status == 0, "\(made)")
        return authority
    }

    @Test func `there is one for each of the four`() {
        #expect(Self.examples.count == 4)
    }

    @Test(arguments: Self.examples) func `an example is good, without a warning, and completes a handshake`(
        example: String
    ) throws {
        let folder = RepriseProcess.temporaryFolder()
        let authority = try prepare(folder)
        let file = folder.appending(path: "x.yaml")
        try Data(example.utf8).write(to: file)
        let result = try Shell.run([RepriseProcess.program.path, "check", "-c", file.path])
        #expect(result.status == 0, "\(result)")
        // The authority of the tests lives a day.
        let warnings = result.errors.split(separator: "\n").filter { !$0.contains("clients.pem: certificate 1") }
        #expect(warnings.isEmpty, "\(warnings)")

        let upstreams = [TestUpstream.echo(), TestUpstream.echo()]
        var taken = 0
        let bound = example.replacing(#/127\.0\.0\.1:8[49][0-9]{2}\b/#, with: "127.0.0.1:0")
            .replacing(#/127\.0\.0\.1:8[01][0-9]{2}\b/#) { _ in
                taken += 1
                return "127.0.0.1:\(upstreams[(taken - 1) % 2].port)"
            }
            .replacing("names: [mail.clients.test]", with: "names: [alice.test]")
        let reprise = try RepriseProcess(bound, folder: folder)
        let listener = try #require(reprise.waitForLine { $0["message"] == "listening" }?["listener"])
        var options = MemoryClient.Options(serverName: "localhost")
        options.certificate = try authority.certificate()
        let client = try SocketClient.echoed(port: reprise.port(listener), options)
        #expect(client.tls.isHandshakeDone, "\(reprise.log)")
    }
}

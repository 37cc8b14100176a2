import Foundation
import RepriseTLS
import RepriseTestSupport
import Testing

@Suite(.waits) struct NamesChooseCertificates {
    private let upstream = TestUpstream.http("ok\n")

    private func start(_ tls: String = "") throws -> RepriseProcess {
        let folder = RepriseProcess.temporaryFolder()
        let certificates = TestCertificates(in: folder)
        try certificates.make("a", for: ["a.test"])
        try certificates.make("w", for: ["*.a.test"])
        try certificates.make("rsa", for: ["both.test"], kind: .rsa2048)
        try certificates.make("ec", for: ["both.test"])
        try certificates.make("exact", for: ["exact.a.test"])
        var configuration = TestConfiguration(upstream)
        configuration.tls = tls
        configuration.hosts = """
            [{ names: [a.test], certificates: [{ chain: a.pem, key: a.key }] },
                     { names: ["*.a.test"], certificates: [{ chain: w.pem, key: w.key }] },
                     { names: [exact.a.test], certificates: [{ chain: exact.pem, key: exact.key }] },
                     { names: [both.test], certificates: [{ chain: rsa.pem, key: rsa.key }, { chain: ec.pem, key: ec.key }] }]
            """
        return try configuration.start(folder: folder)
    }

    private func subject(_ reprise: RepriseProcess, _ name: String?, _ extra: [String] = []) throws -> String {
        let server = name.map { ["-servername", $0] } ?? ["-noservername"]
        let result = try Shell.run(
            ["openssl", "s_client", "-connect", "127.0.0.1:\(reprise.port())"] + server + extra)
        let line = result.output.split(separator: "\n").first { $0.hasPrefix("subject=") }
        // "CN = a.test" before OpenSSL 3.2.
        return line.map { String($0.dropFirst(8)).replacing(" = ", with: "=") } ?? result.errors
    }

    @Test func `the exact name comes before the wildcard, and the first host serves what nobody has`() throws {
        let reprise = try start()
        #expect(try subject(reprise, "a.test").contains("CN=a.test"))
        #expect(try subject(reprise, "A.TEST").contains("CN=a.test"))
        #expect(try subject(reprise, "b.a.test").contains("CN=*.a.test"))
        #expect(try subject(reprise, "exact.a.test").contains("CN=exact.a.test"))
        #expect(try subject(reprise, "x.b.a.test").contains("CN=a.test"))
        #expect(try subject(reprise, "other.test").contains("CN=a.test"))
        #expect(try subject(reprise, nil).contains("CN=a.test"))
    }

    @Test func `unknown names can be refused with unrecognized_name`() throws {
        let reprise = try start("unknown_names: reject")
        #expect(try subject(reprise, "other.test").contains("unrecognized name"))
        #expect(reprise.closedConnection()["cause"] == "unknown_name")
        #expect(reprise.closedConnection()["ending"] == "alert_sent(unrecognized_name)")
        #expect(try subject(reprise, "a.test").contains("CN=a.test"))
        #expect(try subject(reprise, nil).contains("CN=a.test"))
    }

    @Test func `ECDSA and RSA stand side by side, and the client's abilities choose`() throws {
        let reprise = try start()
        func kind(_ algorithms: String) throws -> String {
            let result = try Shell.run([
                "openssl", "s_client", "-connect", "127.0.0.1:\(reprise.port())", "-servername", "both.test",
                "-sigalgs",
                algorithms,
            ])
            let line = result.output.split(separator: "\n").first { $0.hasPrefix("Peer signature type: ") }
            return line.map { $0.dropFirst(21).lowercased() } ?? result.errors
        }
        // From OpenSSL 3.5 on the scheme's name in TLS, ecdsa_secp256r1_sha256 or rsa_pss_rsae_sha256.
        #expect(try kind("ECDSA+SHA256").hasPrefix("ecdsa"))
        #expect(try kind("RSA-PSS+SHA256").replacing("_", with: "-").hasPrefix("rsa-pss"))
    }

    @Test func `ALPN takes the server's first choice, and nothing in common ends the handshake`() throws {
        let reprise = try start("alpn: [h2, http/1.1]")
        func ask(_ protocols: String) throws -> String {
            let result = try Shell.run([
                "openssl", "s_client", "-connect", "127.0.0.1:\(reprise.port())", "-servername", "a.test", "-alpn",
                protocols,
            ])
            return result.output + result.errors
        }
        #expect(try ask("http/1.1,h2").contains("ALPN protocol: h2"))
        #expect(try ask("http/1.1").contains("ALPN protocol: http/1.1"))
        #expect(try ask("smtp").contains("no application protocol"))
        #expect(reprise.closedConnection(3)["cause"] == "no_shared_application_protocol")
    }

    @Test func `an OCSP response is stapled, and read again when its file changes`() throws {
        let folder = RepriseProcess.temporaryFolder()
        func run(_ command: String) throws {
            let result = try Shell.run(["sh", "-ec", "cd \(folder.path); \(command)"])
            #expect(result.status == 0, "\(result.errors)")
        }
        try run(
            """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=ca
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout a.key -out a.csr -subj /CN=localhost
            openssl x509 -req -in a.csr -CA ca.pem -CAkey ca.key -set_serial 77 -days 20 -out leaf.pem
            cat leaf.pem ca.pem > a.pem
            openssl ocsp -issuer ca.pem -cert leaf.pem -reqout q.der
            printf 'V\\t351231235959Z\\t\\t4D\\tunknown\\t/CN=localhost\\n' > index.txt
            respond() { openssl ocsp -index index.txt -rsigner ca.pem -rkey ca.key -CA ca.pem -reqin q.der -respout $1 -ndays $2; }
            respond a.ocsp 5; respond later.ocsp 9
            """)
        var configuration = TestConfiguration(upstream)
        configuration.hosts = "[{ names: [localhost], certificates: [{ chain: a.pem, key: a.key, ocsp: a.ocsp }] }]"
        let reprise = try configuration.start(folder: folder)
        func status() throws -> String {
            try Shell.run(["openssl", "s_client", "-connect", "127.0.0.1:\(reprise.port())", "-status"]).output
        }
        #expect(try status().contains("OCSP Response Status: successful"))
        let first = try status().split(separator: "\n").first { $0.contains("Next Update") }
        try run("cat later.ocsp > a.ocsp")
        #expect(reprise.waitForLine { $0["message"] == "OCSP response reloaded" } != nil)
        let second = try status().split(separator: "\n").first { $0.contains("Next Update") }
        #expect(first != nil && second != nil && first != second)
        try run("echo garbage > a.ocsp")
        #expect(reprise.waitForLine { $0["message"]?.hasPrefix("OCSP response not reloaded") == true } != nil)
        #expect(try status().split(separator: "\n").first { $0.contains("Next Update") } == second)
    }
}

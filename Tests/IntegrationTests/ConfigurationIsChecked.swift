import Foundation
import Glibc
import RepriseTLS
import RepriseTestSupport
import Testing

@Suite(.waits) struct ConfigurationIsChecked {
    private let folder = RepriseProcess.temporaryFolder()

    private func check(_ configuration: String) throws -> ShellResult {
        try Data(configuration.utf8).write(to: folder.appending(path: "x.yaml"))
        return try Shell.run([RepriseProcess.program.path, "check", "-c", folder.appending(path: "x.yaml").path])
    }

    private func check(certificate: String, host: String = "localhost", tls: String = "") throws -> ShellResult {
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.tls = tls
        configuration.hosts = "[{ names: [\(host)], certificates: [\(certificate)] }]"
        return try check(configuration.text)
    }

    @Test func `a good file is good`() throws {
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let result = try check(certificate: "{ chain: a.pem, key: a.key }")
        #expect(result.status == 0 && result.errors.isEmpty, "\(result)")
    }

    @Test func `what serves, but not everyone, is a warning`() throws {
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        try FileManager.default.copyItem(at: folder.appending(path: "a.key"), to: folder.appending(path: "open.key"))
        chmod(folder.appending(path: "open.key").path, 0o644)
        func warning(_ certificate: String, host: String = "localhost") throws -> String {
            let result = try check(certificate: certificate, host: host)
            #expect(result.status == 0, "\(result)")
            return result.errors
        }
        let staple = try warning("{ chain: a.pem, key: a.key, ocsp: a.pem }")
        #expect(staple.contains("a.pem: the OCSP response is not stapled: not an OCSP response in DER form"))
        let key = try warning("{ chain: a.pem, key: open.key }")
        #expect(key.contains("open.key: every user of this machine can read the private key (chmod o-r)"), "\(key)")
        let names = try warning("{ chain: a.pem, key: a.key }", host: "localhost, a.test, \"*.b.test\"")
        #expect(
            names.contains(
                "a.pem: no certificate of the host localhost covers a.test, *.b.test: clients that ask for that refuse it"
            ),
            "\(names)")
    }

    @Test func `a log that cannot be opened is a fault before it is opened`() throws {
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.top = "log: { output: /nonexistent/reprise.log }"
        let result = try check(configuration.text)
        #expect(
            result.status == 1 && result.errors.contains("log.output: cannot open the log: "), "\(result)")
        configuration.top = "log: { output: \(folder.path)/reprise.log }"
        #expect(try check(configuration.text).status == 0)
        #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "reprise.log").path))
    }

    @Test func `ten faults are ten lines with their places, and the exit code is 1`() throws {
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        try TestCertificates(in: folder).make("b", for: ["localhost"])
        let result = try check(
            """
            workers: 0
            log: { format: xml }
            drain_timeout: 5
            listeners:
              - name: web
                bind: ["127.0.0.1"]
                timeouts: { idel: 5m }
                limits: { per_client: many }
                tls:
                  groups: "X25519:nonsense"
                  hosts:
                    - names: [localhost]
                      certificates:
                        - { chain: missing.pem, key: a.key }
                        - { chain: a.pem, key: b.key }
                router: ap
            upstreams:
              - name: app
                servers: ["127.0.0.1:1"]
            """)
        #expect(result.status == 1)
        let faults = result.errors.split(separator: "\n").filter { !$0.hasPrefix("warning:") }
        #expect(faults.count == 10, "\(result.errors)")
        #expect(faults.allSatisfy { $0.contains("x.yaml:") && $0.firstRange(of: #/x\.yaml:\d+:\d+: /#) != nil })
        #expect(result.errors.contains("x.yaml:7:17: listeners[0].timeouts.idel: unknown key, did you mean \"idle\"?"))
        #expect(result.errors.contains("nonsense") && result.errors.contains("missing.pem: cannot be read"))
    }

    @Test func `certificate files that cannot serve say why`() throws {
        let certificates = TestCertificates(in: folder)
        try certificates.make("a", for: ["localhost"])
        try certificates.make("locked", for: ["localhost"], passphrase: "open sesame")
        try certificates.make("small", for: ["localhost"], kind: .rsa1024)
        try Data().write(to: folder.appending(path: "empty.pem"))
        try Data("open sesame\n".utf8).write(to: folder.appending(path: "right.pass"))
        try Data("wrong\n".utf8).write(to: folder.appending(path: "wrong.pass"))
        try FileManager.default.createDirectory(
            at: folder.appending(path: "folder.pem"), withIntermediateDirectories: true)
        func fault(_ certificate: String) throws -> String {
            let result = try check(certificate: certificate)
            #expect(result.status == 1, "\(certificate): \(result)")
            return result.errors
        }
        #expect(try fault("{ chain: empty.pem, key: a.key }").contains("the file is empty"))
        #expect(try fault("{ chain: folder.pem, key: a.key }").contains("it is a folder"))
        #expect(try fault("{ chain: a.key, key: a.pem }").contains("swapped"))
        #expect(try fault("{ chain: locked.pem, key: locked.key }").contains("no passphrase file is given"))
        #expect(
            try fault("{ chain: locked.pem, key: locked.key, passphrase_file: wrong.pass }").contains(
                "passphrase is wrong"))
        #expect(try fault("{ chain: small.pem, key: small.key }").contains("small"))
        let good = try check(certificate: "{ chain: locked.pem, key: locked.key, passphrase_file: right.pass }")
        #expect(good.status == 0, "\(good)")
    }

    @Test func `an expired certificate and one that expires soon are warnings`() throws {
        let certificates = TestCertificates(in: folder)
        try certificates.make("old", for: ["localhost"], days: -1)
        try certificates.make("soon", for: ["localhost"], days: 3)
        for (name, word) in [("old", "expired"), ("soon", "expires")] {
            let result = try check(certificate: "{ chain: \(name).pem, key: \(name).key }")
            #expect(
                result.status == 0 && result.errors.hasPrefix("warning: ") && result.errors.contains(word), "\(result)")
        }
    }

    @Test func `a file that is not there says so`() throws {
        let result = try Shell.run([RepriseProcess.program.path, "check", "-c", "/nonexistent.yaml"])
        #expect(
            result.status == 1 && result.errors.contains("/nonexistent.yaml: cannot be read: no such file"), "\(result)"
        )
    }

    @Test func `the schema command prints the schema, and versions are told`() throws {
        let schema = try Shell.run([RepriseProcess.program.path, "schema"]).output
        #expect((try? JSONSerialization.jsonObject(with: Data(schema.utf8))) != nil)
        let version = try Shell.run([RepriseProcess.program.path, "version"]).output
        #expect(version.hasPrefix("reprise ") && version.contains("OpenSSL ") && version.contains("libevent 2.1"))
        #expect(try Shell.run([RepriseProcess.program.path, "serve"]).status == 64)
    }

    @Test(arguments: ["schema", "version", "check -c \"$1\""])
    func `output that cannot be written is not success`(command: String) throws {
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        #expect(try check(certificate: "{ chain: a.pem, key: a.key }").status == 0)
        let file = folder.appending(path: "x.yaml").path
        let result = try Shell.run([
            "sh", "-c", "exec \"$0\" \(command) > /dev/full", RepriseProcess.program.path, file,
        ])
        #expect(result.status == 2 && result.errors.contains("cannot write to standard output: No space"), "\(result)")
    }

    @Test func `the demo serves at once and is well`() throws {
        let log = folder.appending(path: "demo.log")
        try Data().write(to: log)
        let errors = try FileHandle(forWritingTo: log)
        let demo = try ChildProcess(
            [RepriseProcess.program.path, "demo", "--bind", "127.0.0.1:0", "--admin", "127.0.0.1:0"],
            errors: .descriptor(errors.fileDescriptor))
        defer { demo.signal(SIGKILL) }
        func address(_ message: String) -> String? {
            // Not String(contentsOf:), which leaks a buffer while the file is empty.
            let bytes = (try? FileHandle(forReadingFrom: log).readToEnd()) ?? Data()
            let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.contains(message) }
            return line?.split(separator: "=").last.map(String.init)
        }
        #expect(eventually { address(" listening  listener") != nil })
        let url = "https://\(address(" listening  listener") ?? "")/"
        let admin = address("admin listening") ?? ""
        #expect(eventually { (try? Shell.run(["curl", "-sk", url]).output.contains("TLSv1.3")) == true })
        #expect(try Shell.run(["curl", "-sk", "-H", "Accept: text/html", url]).output.contains("<!DOCTYPE html>"))
        #expect(try Shell.run([RepriseProcess.program.path, "health", "--admin", admin]).status == 0)
    }
}

import Foundation
import Glibc
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// A session that one host gave is offered at another, and under another policy (CVE-2025-23419 and its kin).
@Suite(.waits) struct NoSessionCrossesPolicies {
    /// Where a session comes from, and where it is offered; all hosts are of one session domain.
    private static let crossings: [(from: String, to: String)] = [
        ("open.test", "other.test"), ("other.test", "open.test"), ("open.test", "staff.test"),
        ("open.test", "asks.test"), ("staff.test", "open.test"), ("staff.test", "asks.test"),
        ("asks.test", "staff.test"),
        ("staff.test", "partners.test"), ("partners.test", "staff.test"), ("staff.test", "depth.test"),
    ]

    private func configuration(_ carrier: SessionCarrier, in folder: URL) throws -> TestConfiguration {
        let certificates = TestCertificates(in: folder)
        for name in ["open", "other", "staff", "asks", "partners", "depth"] {
            try certificates.make(name, for: ["\(name).test", "alias.\(name).test"])
        }
        func host(_ name: String, _ more: String = "") -> String {
            "{ names: [\(name).test, alias.\(name).test], certificates: [{ chain: \(name).pem, key: \(name).key }]\(more) }"
        }
        func demand(_ mode: String, _ authority: String, _ more: String = "") -> String {
            ", client_auth: { mode: \(mode), ca: \(authority).pem\(more) }"
        }
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.top = "sessions: { mode: \(carrier.isStateful ? "stateful" : "stateless"), domain: all }"
        configuration.hosts =
            "["
            + [
                host("open"), host("other"), host("staff", demand("require", "staffca")),
                host("asks", demand("request", "staffca")), host("partners", demand("require", "partnerca")),
                host("depth", demand("require", "staffca", ", depth: 1")),
            ].joined(separator: ", ") + "]"
        return configuration
    }

    /// What a connection came to: `resumed`, `full`, or the failure of its handshake.
    private func connect(
        _ port: Int, _ options: MemoryClient.Options
    ) -> (came: String, sessions: [MemoryClient.Session]) {
        do {
            let client = try SocketClient(port: port, options)
            try client.tls.write([1])
            client.flush()
            // A TLS 1.3 client learns behind its handshake whether its certificate is liked.
            while client.takeIn() {
                if let bytes = try client.tls.read() {
                    if bytes.isEmpty { break }
                    return (client.tls.wasResumed ? "resumed" : "full", client.tls.sessions)
                }
            }
            return ("closed", [])
        } catch {
            return ("refused", [])
        }
    }

    @Test(arguments: SessionCarrier.allCases)
    func `no session crosses from one host or policy to another`(_ carrier: SessionCarrier) throws {
        let folder = RepriseProcess.temporaryFolder()
        let (staff, partners) = (try ClientIdentity("staffca", folder), try ClientIdentity("partnerca", folder))
        let reprise = try configuration(carrier, in: folder).start(folder: folder)
        func client(
            _ name: String, shows: Bool = true, _ session: MemoryClient.Session? = nil
        ) -> MemoryClient.Options {
            var options = carrier.client(name, resuming: session)
            if shows { options.certificate = name.hasSuffix("partners.test") ? partners.made : staff.made }
            return options
        }
        var table: [String] = []
        for (from, to) in Self.crossings {
            let session = connect(reprise.port(), client(from)).sessions.last
            try #require(session != nil, "\(from): \(reprise.log)")
            #expect(connect(reprise.port(), client(from, session)).came == "resumed", "\(from)")
            let crossed = connect(reprise.port(), client(to, session))
            table.append("\(from) → \(to): \(crossed.came)")
            #expect(crossed.came == "full", "\(from) → \(to)")
            // Without a certificate the session is all that could let the client in.
            guard ["staff.test", "partners.test", "depth.test"].contains(to) else { continue }
            let bare = connect(reprise.port(), client(to, shows: false, session))
            #expect(bare.came == "refused" || bare.came == "closed", "\(from) → \(to): \(bare.came)")
        }
        print("\(carrier.rawValue), session of one host offered at another:\n  " + table.joined(separator: "\n  "))
        let reasons = Set(reprise.lines.compactMap { $0["not_resumed"] })
        #expect(reasons == ["other_host"], "\(reasons)")
    }

    @Test(arguments: [SessionCarrier.id, .ticket])
    func `a TLS 1-2 session does not resume under another name of its own host`(_ carrier: SessionCarrier) throws {
        let folder = RepriseProcess.temporaryFolder()
        _ = (try ClientIdentity("staffca", folder), try ClientIdentity("partnerca", folder))
        let reprise = try configuration(carrier, in: folder).start(folder: folder)
        let session = connect(reprise.port(), carrier.client("open.test")).sessions.last
        #expect(connect(reprise.port(), carrier.client("OPEN.test", resuming: session)).came == "resumed")
        #expect(connect(reprise.port(), carrier.client("alias.open.test", resuming: session)).came == "full")
        #expect(reprise.waitForLine { $0["not_resumed"] == "other_name" } != nil, "\(reprise.log)")
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a reload that tightens a policy ends its sessions, another one ends none`(_ carrier: SessionCarrier) throws {
        let folder = RepriseProcess.temporaryFolder()
        let staff = try ClientIdentity("staffca", folder)
        _ = try ClientIdentity("partnerca", folder)
        let text = try configuration(carrier, in: folder).text
        let reprise = try RepriseProcess(text, folder: folder)
        func reload(_ changed: String) throws {
            let before = reprise.lines.count
            try reprise.rewrite(changed)
            reprise.signal(SIGHUP)
            #expect(
                eventually {
                    reprise.lines.dropFirst(before).contains { $0["message"] == "configuration reloaded" }
                }, "\(reprise.log)")
        }
        func client(_ name: String, _ session: MemoryClient.Session? = nil) -> MemoryClient.Options {
            var options = carrier.client(name, resuming: session)
            options.certificate = staff.made
            return options
        }
        let open = connect(reprise.port(), client("open.test")).sessions.last
        let asked = connect(reprise.port(), client("asks.test")).sessions.last
        // Another certificate, another name, other timeouts.
        try TestCertificates(in: folder).make("open", for: ["open.test", "more.open.test"])
        try reload(
            text.replacingOccurrences(of: "alias.open.test", with: "more.open.test").replacingOccurrences(
                of: "router: app", with: "router: app\n    timeouts: { idle: 7m }"))
        #expect(connect(reprise.port(), client("open.test", open)).came == "resumed")
        #expect(connect(reprise.port(), client("asks.test", asked)).came == "resumed")
        try reload(
            text.replacingOccurrences(of: "mode: request", with: "mode: require"))
        #expect(connect(reprise.port(), client("open.test", open)).came == "resumed")
        #expect(connect(reprise.port(), client("asks.test", asked)).came == "full")
        #expect(reprise.waitForLine { $0["not_resumed"] == "policy_changed" } != nil, "\(reprise.log)")
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a client's certificate that expires does not live on in a session`(_ carrier: SessionCarrier) throws {
        let folder = RepriseProcess.temporaryFolder()
        let (staff, _) = (try ClientIdentity("staffca", folder, seconds: 4), try ClientIdentity("partnerca", folder))
        let reprise = try configuration(carrier, in: folder).start(folder: folder)
        var options = carrier.client("staff.test")
        options.certificate = staff.made
        let session = try #require(connect(reprise.port(), options).sessions.last, "\(reprise.log)")
        options.resuming = session
        #expect(connect(reprise.port(), options).came == "resumed")
        #expect(eventually { Int64(Date.now.timeIntervalSince1970) > staff.notAfter })
        let late = connect(reprise.port(), options)
        #expect(late.came == "refused" || late.came == "closed", "\(late.came)")
        #expect(connect(reprise.port(), carrier.client("staff.test", resuming: session)).came != "resumed")
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a client's certificate that is revoked does not live on in a session`(_ carrier: SessionCarrier) throws {
        let folder = RepriseProcess.temporaryFolder()
        let (staff, _) = (try ClientIdentity("staffca", folder), try ClientIdentity("partnerca", folder))
        try staff.writeRevocations([], to: "staff.crl")
        let plain = try configuration(carrier, in: folder)
        let text = plain.text.replacingOccurrences(
            of: "mode: require, ca: staffca.pem }", with: "mode: require, ca: staffca.pem, crl: staff.crl }")
        let reprise = try RepriseProcess(text, folder: folder)
        var options = carrier.client("staff.test")
        options.certificate = staff.made
        let session = try #require(connect(reprise.port(), options).sessions.last, "\(reprise.log)")
        options.resuming = session
        #expect(connect(reprise.port(), options).came == "resumed")
        try staff.writeRevocations([staff.serial], to: "staff.crl")
        reprise.signal(SIGHUP)
        #expect(reprise.waitForLine { $0["message"] == "configuration reloaded" } != nil, "\(reprise.log)")
        let late = connect(reprise.port(), options)
        #expect(late.came == "refused" || late.came == "closed", "\(late.came)")
    }
}

/// A client with a certificate of its own authority.
private struct ClientIdentity {
    let made: SelfSigned.Made
    /// In seconds since 1970.
    let notAfter: Int64
    let serial = 0xA1
    private let folder: URL
    private let authority: CertificateAuthority

    /// Writes the authority's certificate to `NAME.pem`.
    init(_ name: String, _ folder: URL, seconds: Int64 = 86_400) throws {
        let now = Int64(Date.now.timeIntervalSince1970)
        notAfter = now + seconds
        self.folder = folder
        let begin = WallTime(secondsSinceEpoch: now - 3600)
        authority = try CertificateAuthority(
            name: name, validFrom: begin, validUntil: WallTime(secondsSinceEpoch: now + 86_400))
        try Data(authority.certificatePEM).write(to: folder.appending(path: "\(name).pem"))
        made = try SelfSigned.make(
            names: ["alice.\(name).test"], validFrom: begin, validUntil: WallTime(secondsSinceEpoch: notAfter),
            serial: 0xA1, issuedBy: authority, forClient: true)
    }

    /// Writes a revocation list of the authority's, made by the openssl command.
    func writeRevocations(_ serials: [Int], to name: String) throws {
        let openssl = try OpenSSLCommand()
        try openssl.write(authority.certificatePEM, to: "ca.pem")
        try openssl.write(authority.keyPEM.withBytes { Array($0) }, to: "ca.key")
        let entries = serials.map {
            "R\t400101000000Z\t240101000000Z\t\(String($0, radix: 16, uppercase: true))\tunknown\t/CN=alice\n"
        }
        try openssl.write(Array(entries.joined().utf8), to: "index")
        try openssl.write([], to: "index.attr")
        try openssl.write(
            Array("[ca]\ndefault_ca=x\n[x]\ndatabase=index\ndefault_md=sha256\ndefault_crl_days=9000\n".utf8),
            to: "ca.cnf")
        try openssl.run("ca -gencrl -config ca.cnf -cert ca.pem -keyfile ca.key -out crl.pem")
        try Data(openssl.read("crl.pem")).write(to: folder.appending(path: name))
    }
}

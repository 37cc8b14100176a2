import Foundation
import Glibc
import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import RepriseTLS

/// Servers are told who the client is, by the PROXY protocol before all else.
@Suite(.waits) struct ServersAreIntroduced {
    /// The first connection's bytes, up to a newline of the client's.
    private final class Introduced: @unchecked Sendable {
        // @unchecked: all of it is behind `lock`.
        private let lock = NSLock()
        private var all: [[UInt8]] = []

        var received: [[UInt8]] { lock.withLock { all } }

        func upstream() -> TestUpstream {
            TestUpstream { [self] peer in
                // One receive: the header and the client's first bytes come in one segment.
                guard case .bytes(let first) = peer.receive() else { return peer.close() }
                lock.withLock { all.append(first) }
                peer.send(Array("welcome\n".utf8))
                while case .bytes = peer.receive() {}
                peer.close()
            }
        }

        /// The header of the n-th connection, and what came with it.
        func header(_ number: Int = 1) -> (ProxyHeader, rest: [UInt8])? {
            guard eventually({ self.received.count >= number }) else { return nil }
            let bytes = received[number - 1]
            guard case .header(let header, let count) = ProxyHeader.read(bytes) else { return nil }
            return (header, Array(bytes.dropFirst(count)))
        }
    }

    private let introduced = Introduced()

    private func start(
        _ group: String, listener: String = "", hosts: String? = nil, bind: String = "\"127.0.0.1:0\"",
        server: String? = nil, folder: URL = RepriseProcess.temporaryFolder()
    ) throws -> RepriseProcess {
        let upstream = introduced.upstream()
        var configuration = TestConfiguration(upstream)
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        (configuration.listener, configuration.bind) = (listener, bind)
        if let hosts { configuration.hosts = hosts }
        if let server { configuration.servers = [server.replacing("PORT", with: "\(upstream.port)")] }
        configuration.group = group
        return try configuration.start(folder: folder)
    }

    /// Connects, says something, and has the answer to it.
    private func visit(
        _ reprise: RepriseProcess, _ options: MemoryClient.Options = .init(serverName: "localhost"),
        after preamble: [[UInt8]] = [], sending: [UInt8] = [7]
    ) throws -> (client: SocketClient, answer: [UInt8]) {
        let client = try SocketClient(port: reprise.port(), options, after: preamble, sending: sending)
        var answer: [UInt8] = []
        while !answer.contains(10) {
            if let bytes = try client.tls.read() { answer += bytes } else { try #require(client.takeIn()) }
        }
        return (client, answer)
    }

    @Test(arguments: ["v1", "v2"], [[7], []] as [[UInt8]])
    func `the header comes first, with the client's bytes in the same segment, or at once where it is silent`(
        version: String, sending: [UInt8]
    ) throws {
        let reprise = try start("send_proxy: \(version)")
        let client = try visit(reprise, sending: sending).client
        let (header, rest) = try #require(introduced.header())
        #expect(rest == sending || sending == [7] && rest.isEmpty == false)
        guard case .client(let told, let local) = header.origin else {
            Issue.record("\(header)")
            return
        }
        #expect(local == Endpoint(parsing: "127.0.0.1:\(reprise.port())"))
        client.reset()
        #expect(reprise.closedConnection()["client"] == told.description)
        #expect(header.tlvs.isEmpty)
    }

    @Test func `a socket for all addresses tells the one that the client has come to`() throws {
        let reprise = try start("send_proxy: v2", bind: "\"0.0.0.0:0\"")
        _ = try visit(reprise)
        guard case .client(_, let local)? = introduced.header()?.0.origin else {
            Issue.record("no header")
            return
        }
        #expect(local == Endpoint(parsing: "127.0.0.1:\(reprise.port())"))
    }

    @Test func `a server's own word comes before its group's`() throws {
        let reprise = try start("send_proxy: v1", server: "{ address: \"127.0.0.1:PORT\", send_proxy: v2 }")
        _ = try visit(reprise)
        #expect(introduced.received.first?.starts(with: [13, 10, 13, 10, 0]) == true)
    }

    @Test func `a route's word comes before the server's`() throws {
        let upstream = introduced.upstream()
        var configuration = TestConfiguration(upstream)
        configuration.top = """
            routers: [{ name: by-name, sni: { localhost: { to: app, send_proxy: v1 }, default: app } }]
            """
        let text = configuration.text.replacing("router: app", with: "router: by-name")
        let folder = RepriseProcess.temporaryFolder()
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let reprise = try RepriseProcess(text, folder: folder)
        _ = try visit(reprise)
        #expect(introduced.received.first?.starts(with: Array("PROXY TCP4 127.0.0.1 ".utf8)) == true)
        _ = try visit(reprise, .init(serverName: "other.test"))
        #expect(introduced.received.last == [7])
    }

    @Test func `every TLV says what the documents say`() throws {
        let folder = RepriseProcess.temporaryFolder()
        let (begin, end) = (WallTime(secondsSinceEpoch: 1_600_000_000), WallTime(secondsSinceEpoch: 4_000_000_000))
        let authority = try SelfSigned.make(
            names: ["client.test"], validFrom: begin, validUntil: end, forClient: true)
        try Data(authority.chainPEM).write(to: folder.appending(path: "clients.pem"))
        let reprise = try start(
            """
            send_proxy: v2
                proxy_tlvs: [alpn, authority, ssl, client_certificate, client_certificate_pem, unique_id, netns, crc32c, session, received]
            """,
            listener: "proxy_protocol: optional\n    trusted_proxies: [127.0.0.1]",
            hosts: """
                [{ names: [localhost], certificates: [{ chain: a.pem, key: a.key }],
                    client_auth: { mode: request, ca: clients.pem } }]
                """, folder: folder)
        try checkFull(reprise, authority)
        try checkResumed(reprise, authority)
        try checkReceived(reprise)
    }

    private func options(_ certificate: SelfSigned.Made) -> MemoryClient.Options {
        var options = MemoryClient.Options(serverName: "localhost")
        options.certificate = certificate
        return options
    }

    private func text(_ value: [UInt8]?) -> String? { value.map { String(decoding: $0, as: UTF8.self) } }

    private func checkFull(_ reprise: RepriseProcess, _ certificate: SelfSigned.Made) throws {
        let client = try visit(reprise, options(certificate)).client
        let (header, _) = try #require(introduced.header())
        client.reset()
        let line = reprise.closedConnection()
        #expect(header[.alpn] == nil && text(header[.authority]) == "localhost")
        let tls = try #require(header.tls)
        #expect(tls.isTLS && tls.hasCertificateOnConnection && tls.hasCertificateInSession && tls.verifyResult == 0)
        #expect(text(tls[.version]) == "TLSv1.3" && text(tls[.cipher]) == line["cipher"])
        #expect(text(tls[.group]) == line["group"] && text(tls[.commonName]) == "client.test")
        #expect(text(tls[.keyAlgorithm]) == "EC256" && text(tls[.signatureAlgorithm]) == "ecdsa-with-SHA256")
        let pem = try #require(text(header[.clientCertificatePEM]))
        #expect(pem == String(decoding: certificate.chainPEM, as: UTF8.self))
        let base64 = tls[.clientCertificate].map { Data($0).base64EncodedString() }
        #expect(base64 == pem.split(separator: "\n").dropFirst().dropLast().joined())
        #expect(text(header[.uniqueID])?.hasSuffix("-\(line["connection"] ?? "")") == true)
        #expect(header[.networkNamespace] == nil && header[.crc32c]?.count == 4)
        #expect(text(header[.lineage]) == line["lineage"] && text(header[.resumed]) == "no")
        #expect(header[.renewals] == [0, 0, 0, 0] && header[.reason] == nil)
    }

    private func checkResumed(_ reprise: RepriseProcess, _ certificate: SelfSigned.Made) throws {
        var options = options(certificate)
        options.resuming = try visit(reprise, options).client.tls.sessions.last
        let client = try visit(reprise, options).client
        #expect(client.tls.wasResumed)
        let (header, _) = try #require(introduced.header(3))
        let tls = try #require(header.tls)
        #expect(!tls.hasCertificateOnConnection && tls.hasCertificateInSession && tls.verifyResult == 0)
        #expect(text(tls[.commonName]) == "client.test" && tls[.clientCertificate] != nil)
        #expect(text(header[.authority]) == "localhost")
        #expect(text(header[.resumed]) == "psk" && header[.renewals] == [0, 0, 0, 1])
        #expect(header[.lineage] != nil && header[.reason] == nil)
    }

    private func checkReceived(_ reprise: RepriseProcess) throws {
        let (client, local) = try (
            #require(Endpoint(parsing: "192.0.2.1:51000")), #require(Endpoint(parsing: "192.0.2.2:443"))
        )
        let came = ProxyHeader(
            .client(client, to: local),
            tlvs: [
                ProxyTLV(.authority, "forged.test"), ProxyTLV(.uniqueID, "theirs"), ProxyTLV(.noop, "..."),
                ProxyTLV(.networkNamespace, "blue"), ProxyTLV(.init(rawValue: 0xea), [1, 2]),
                ProxyTLV(.lineage, "forged"), ProxyTLV(.clientCertificatePEM, "forged"),
            ])
        _ = try visit(reprise, after: [came.binary(summed: true)])
        let (header, _) = try #require(introduced.header(4))
        #expect(header.origin == came.origin)
        #expect(text(header[.authority]) == "localhost" && text(header[.uniqueID]) == "theirs")
        #expect(text(header[.networkNamespace]) == "blue" && header[.init(rawValue: 0xea)] == [1, 2])
        #expect(header[.noop] == nil && text(header[.lineage])?.count == 32)
        // Nobody has shown a certificate.
        #expect(header[.clientCertificatePEM] == nil && header.tls?.verifyResult == 1)
        #expect(header.tls?.hasCertificateInSession == false && header.tls?[.commonName] == nil)
    }

    @Test func `who is not known is told as that`() throws {
        let folder = RepriseProcess.temporaryFolder()
        let reprise = try start(
            "send_proxy: v1", listener: "proxy_protocol: required\n    trusted_proxies: [127.0.0.1]", folder: folder)
        _ = try visit(reprise, after: [ProxyHeader(.unknown).line])
        #expect(introduced.received.first?.starts(with: Array("PROXY UNKNOWN\r\n".utf8)) == true)
        // A balancer's own connection has the balancer's address.
        _ = try visit(reprise, after: [ProxyHeader(.local).binary(summed: false)])
        #expect(introduced.received.last?.starts(with: Array("PROXY TCP4 127.0.0.1 127.0.0.1".utf8)) == true)
    }

    @Test func `in version 2 who is not known comes as a connection of ours, which every server takes`() throws {
        let reprise = try start(
            "send_proxy: v2\n    proxy_tlvs: [authority]",
            listener: "proxy_protocol: required\n    trusted_proxies: [127.0.0.1]")
        _ = try visit(reprise, after: [ProxyHeader(.unknown).line])
        #expect(introduced.header()?.0.origin == .local)
    }

    @Test func `parts that a header has no room for are left out, and counted`() throws {
        let reprise = try start(
            "send_proxy: v2\n    proxy_tlvs: [authority, received]",
            listener: "proxy_protocol: required\n    trusted_proxies: [127.0.0.1]")
        let (client, local) = try (
            #require(Endpoint(parsing: "192.0.2.1:51000")), #require(Endpoint(parsing: "192.0.2.2:443"))
        )
        let most = ProxyHeader.maximumBytes - 16 - 12 - 2 * ProxyTLV.headBytes
        let came = ProxyHeader(
            .client(client, to: local),
            tlvs: [
                ProxyTLV(.init(rawValue: 0xea), [UInt8](repeating: 1, count: most - 2)),
                ProxyTLV(.init(rawValue: 0xeb), [1, 2]),
            ])
        #expect(came.binary(summed: false).count == ProxyHeader.maximumBytes)
        _ = try visit(reprise, after: [came.binary(summed: false)])
        let (header, _) = try #require(introduced.header())
        #expect(text(header[.authority]) == "localhost")
        #expect(header[.init(rawValue: 0xea)] == nil && header[.init(rawValue: 0xeb)] == [1, 2])
        #expect(try reprise.metric("reprise_proxy_tlvs_left_out_total{listener=\"web\"}") == 1)
    }

    @Test func `a certificate larger than any header is left out, and nothing else`() throws {
        let folder = RepriseProcess.temporaryFolder()
        let (begin, end) = (WallTime(secondsSinceEpoch: 1_600_000_000), WallTime(secondsSinceEpoch: 4_000_000_000))
        // nsComment takes any text.
        let large = try SelfSigned.make(
            names: ["client.test"], validFrom: begin, validUntil: end, forClient: true,
            extraExtensions: [(78, String(repeating: "x", count: 70_000))])
        try Data(large.chainPEM).write(to: folder.appending(path: "clients.pem"))
        let reprise = try start(
            "send_proxy: v2\n    proxy_tlvs: [authority, client_certificate, client_certificate_pem]",
            listener: "sessions: { mode: stateful }",
            hosts: """
                [{ names: [localhost], certificates: [{ chain: a.pem, key: a.key }],
                    client_auth: { mode: request, ca: clients.pem } }]
                """, folder: folder)
        _ = try visit(reprise, options(large))
        let (header, _) = try #require(introduced.header())
        #expect(text(header.tls?[.commonName]) == "client.test" && header.tls?[.clientCertificate] == nil)
        #expect(header[.clientCertificatePEM] == nil && text(header[.authority]) == "localhost")
        #expect(try reprise.metric("reprise_proxy_tlvs_left_out_total{listener=\"web\"}") == 2)
    }

    @Test func `the reader in the examples shows every TLV by its name, in Python and in C, on Unix sockets too`()
        throws
    {
        let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../conf/examples/proxy-protocol").standardized
        let folder = RepriseProcess.temporaryFolder()
        let built = try Shell.run([
            "cc", "-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-o", folder.path + "/reader",
            examples.path + "/reader.c",
        ])
        #expect(built.status == 0, "\(built.errors)")
        var shown: [[String: Any]] = []
        for (name, command) in [
            ("py", ["python3", examples.path + "/reader.py"]), ("c", [folder.path + "/reader"]),
        ] {
            let socket = folder.path + "/\(name).sock"
            let reader = try ChildProcess(command + [socket])
            defer { reader.signal(SIGKILL) }
            #expect(eventually { FileManager.default.fileExists(atPath: socket) })
            let reprise = try start(
                "send_proxy: v2\n    proxy_tlvs: [authority, ssl, crc32c, session]", server: "\"unix:\(socket)\"",
                folder: RepriseProcess.temporaryFolder())
            let answer = Data(try visit(reprise, sending: []).answer)
            shown.append(try #require(try JSONSerialization.jsonObject(with: answer) as? [String: Any]))
        }
        for json in shown {
            let tlvs = try #require(json["tlvs"] as? [String: Any])
            #expect(Set(tlvs.keys) == ["authority", "ssl", "crc32c", "lineage", "resumed", "renewals"], "\(tlvs)")
            #expect(tlvs["resumed"] as? String == "no" && tlvs["authority"] as? String == "localhost")
            let ssl = try #require(tlvs["ssl"] as? [String: Any])
            #expect(ssl["version"] as? String == "TLSv1.3" && ssl["verify"] as? Int == 1, "\(ssl)")
        }
    }
}

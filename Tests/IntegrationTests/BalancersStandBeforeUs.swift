import Foundation
import Glibc
import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import RepriseTLS

/// What other people's balancers send is what we read.
@Suite(.waits) struct BalancersStandBeforeUs {
    /// The balancers connect from this address, so that it is no client's.
    private static let balancer = "127.0.0.2"

    private func reprise(_ upstream: TestUpstream) throws -> RepriseProcess {
        try BetweenOthers.reprise(to: Int(upstream.port), "", trusted: Self.balancer)
    }

    /// What our log says of a client that comes by way of a balancer's port.
    private func visit(
        _ reprise: RepriseProcess, by port: Int, after preamble: [[UInt8]] = []
    ) throws -> [String: String] {
        let isVisit = { (line: [String: String]) in line["message"] == "connection closed" && line["cause"] != "probe" }
        let before = reprise.lines.filter(isVisit).count
        let client = try SocketClient.echoed(port: port, after: preamble)
        client.tls.sendCloseNotify()
        client.flush()
        while client.takeIn() {}
        var visits: [[String: String]] = []
        _ = eventually(within: 15) {
            visits = reprise.lines.filter(isVisit)
            return visits.count > before
        }
        return visits.count > before ? visits[before] : [:]
    }

    private func expectClient(_ line: [String: String], _ word: String) {
        #expect(line["client"]?.hasPrefix("127.0.0.1:") == true, "\(word): \(line)")
        #expect(line["proxy"]?.hasPrefix("\(Self.balancer):") == true, "\(word): \(line)")
        #expect(line["ending"] == "client_close_notify", "\(word): \(line)")
    }

    private static let ways = [
        "send-proxy", "send-proxy-v2", "send-proxy-v2-ssl", "send-proxy-v2-ssl-cn",
        "send-proxy-v2 proxy-v2-options ssl,cert-cn,ssl-cipher,cert-sig,cert-key,authority,crc32c,unique-id",
    ]

    /// A way in for each of `ways`, with more of its `bind` and of its server.
    private func haproxy(
        to port: Int, bind: String = "", server: String = "", clients: SelfSigned.Made? = nil
    ) throws -> ForeignServer {
        try .haproxy(
            ports: Self.ways.count,
            prepare: { folder in
                try TestCertificates(in: folder).make("a", for: ["localhost"])
                try ForeignServer.joinCertificate(in: folder)
                try clients.map { try Data($0.chainPEM).write(to: folder.appending(path: "clients.pem")) }
            }
        ) { folder, ports in
            zip(Self.ways, ports).map { way, own in
                """
                listen by\(own)
                    bind 127.0.0.1:\(own) \(bind.replacing("DIR", with: folder))
                    log-format "client=%ci:%cp"
                    unique-id-format front-%ci
                    server reprise 127.0.0.1:\(port) source \(Self.balancer) \(way) \(server)
                """
            }.joined(separator: "\n")
        }
    }

    @Test(.enabled(if: ForeignPrograms.haproxy, "HAProxy 2.4 or newer is not installed"))
    func `HAProxy passes TLS on, and says who the client is, in each way that it has`() throws {
        let reprise = try reprise(.echo())
        let haproxy = try haproxy(to: reprise.port())
        for (way, port) in zip(Self.ways, haproxy.ports) {
            let line = try visit(reprise, by: port)
            expectClient(line, way)
            // Its own log knows the client by the same address and port.
            let told = "client=\(line["client"] ?? "none")\n"
            #expect(eventually(within: 15) { haproxy.output.contains(told) }, "\(way): \(told)\(haproxy.output)")
        }
        let kind = "reprise_proxy_headers_received_total{listener=\"web\",kind=\"client\"}"
        #expect(try reprise.metric(kind) == Double(Self.ways.count))
    }

    @Test(.enabled(if: ForeignPrograms.haproxy, "HAProxy 2.4 or newer is not installed"))
    func `HAProxy ends TLS, says so, and begins its own towards us`() throws {
        let reprise = try reprise(.echo())
        let haproxy = try haproxy(
            to: reprise.port(), bind: "ssl crt DIR/both.pem", server: "ssl verify none sni str(localhost)")
        for (way, port) in zip(Self.ways, haproxy.ports) { expectClient(try visit(reprise, by: port), way) }
    }

    @Test(.enabled(if: ForeignPrograms.haproxy, "HAProxy 2.4 or newer is not installed"), arguments: ["v1", "v2"])
    func `HAProxy's checks are probes, and find us well`(version: String) throws {
        let reprise = try reprise(.echo())
        let way = version == "v1" ? "send-proxy" : "send-proxy-v2 proxy-v2-options crc32c,unique-id,ssl"
        let haproxy = try ForeignServer.haproxy { _, ports in
            """
            listen web
                bind 127.0.0.1:\(ports[0])
                default-server source \(Self.balancer) check check-send-proxy inter 50ms
                server reprise 127.0.0.1:\(reprise.port()) \(way)
            """
        }
        for number in 1...3 {
            let line = reprise.closedConnection(number)
            #expect(line["cause"] == "probe" && line["client"]?.hasPrefix("\(Self.balancer):") == true, "\(line)")
        }
        expectClient(try visit(reprise, by: haproxy.port), version)
        #expect(!haproxy.output.contains("DOWN"), "\(haproxy.output)")
        let failed = try reprise.metrics().split(separator: "\n").filter {
            $0.hasPrefix("reprise_handshakes_failed_total{") && !$0.hasSuffix(" 0")
        }
        #expect(failed.isEmpty, "\(failed)")
    }

    @Test(.enabled(if: ForeignPrograms.nginxStream, "nginx's stream module is not installed"))
    func `nginx passes TLS on, and says who the client is`() throws {
        let reprise = try reprise(.echo())
        let nginx = try ForeignServer.nginx(
            { ports in
                """
                stream {
                    server {
                        listen 127.0.0.1:\(ports[0]);
                        proxy_protocol on;
                        proxy_bind \(Self.balancer);
                        proxy_pass 127.0.0.1:\(reprise.port());
                    }
                }
                """
            }, load: ForeignPrograms.nginxStreamLine ?? "")
        expectClient(try visit(reprise, by: nginx.port), "nginx")
    }

    @Test(.enabled(if: ForeignPrograms.haproxy, "HAProxy 2.4 or newer is not installed"))
    func `from HAProxy to us to HAProxy the client stays the same, and so does the connection's id`() throws {
        let back = try ForeignServer.haproxySayingBack()
        let reprise = try BetweenOthers.reprise(
            to: back.port, "send_proxy: v2\n    proxy_tlvs: [authority, unique_id, crc32c, received]",
            trusted: Self.balancer)
        let front = try haproxy(to: reprise.port(), bind: "accept-proxy")
        let port = try #require(front.ports.last)
        let client = try SocketClient(
            port: port, after: [BetweenOthers.header], sending: Array("GET / HTTP/1.0\r\n\r\n".utf8))
        let told = "client=\(BetweenOthers.client) to=198.51.100.7:443 authority=localhost id=front-192.0.2.1\n"
        let answer = client.text()
        #expect(answer.hasSuffix(told), "\(answer)")
        client.tls.sendCloseNotify()
        client.flush()
        let line = reprise.closedConnection()
        #expect(line["client"] == BetweenOthers.client && line["proxy"]?.hasPrefix(Self.balancer) == true, "\(line)")
    }

    /// What a recorder behind a balancer has got from a client that said hello.
    private func header(_ behind: TestUpstream) throws -> (ProxyHeader, client: Endpoint, local: Endpoint) {
        #expect(eventually(within: 15) { !behind.recorded.isEmpty })
        guard case .bytes(let bytes)? = behind.recorded.first,
            case .header(let header, let count) = ProxyHeader.read(bytes),
            case .client(let client, let local) = header.origin
        else { throw NoHeader(recorded: behind.recorded) }
        #expect(String(decoding: bytes.dropFirst(count), as: UTF8.self) == "hello")
        return (header, client, local)
    }

    private struct NoHeader: Error { let recorded: [TestUpstream.Peer.Received] }

    @Test(.enabled(if: ForeignPrograms.haproxy, "HAProxy 2.4 or newer is not installed"))
    func `what HAProxy says of the TLS that it has ended is what we read`() throws {
        let behind = TestUpstream.recorder()
        let (begin, end) = (WallTime(secondsSinceEpoch: 1_600_000_000), WallTime(secondsSinceEpoch: 4_000_000_000))
        let certificate = try SelfSigned.make(
            names: ["client.test"], validFrom: begin, validUntil: end, forClient: true)
        let haproxy = try haproxy(
            to: Int(behind.port), bind: "ssl crt DIR/both.pem ca-file DIR/clients.pem verify optional alpn h2",
            clients: certificate)
        var options = MemoryClient.Options(serverName: "localhost")
        options.alpn = ["h2"]
        options.certificate = certificate
        let client = try SocketClient(
            port: #require(haproxy.ports.last), options, sending: Array("hello".utf8))
        client.tls.sendCloseNotify()
        client.flush()
        let (header, origin, _) = try header(behind)
        #expect(origin.description.hasPrefix("127.0.0.1:"))
        let text = { (bytes: [UInt8]?) in bytes.map { String(decoding: $0, as: UTF8.self) } }
        #expect(text(header[.authority]) == "localhost" && text(header[.uniqueID]) == "front-127.0.0.1", "\(header)")
        #expect(text(header[.alpn]) == "h2" && header[.crc32c]?.count == 4, "\(header)")
        let tls = try #require(header.tls)
        #expect(tls.isTLS && tls.hasCertificateOnConnection && tls.hasCertificateInSession && tls.verifyResult == 0)
        #expect(text(tls[.version]) == "TLSv1.3" && text(tls[.cipher]) == client.tls.cipher, "\(tls)")
        #expect(text(tls[.commonName]) == "client.test", "\(tls)")
        #expect(text(tls[.keyAlgorithm]) == "EC256" && text(tls[.signatureAlgorithm])?.isEmpty == false, "\(tls)")
    }

    @Test(
        .enabled(if: ForeignPrograms.hitch, "hitch is not installed"), arguments: ["write-proxy-v1", "write-proxy-v2"])
    func `what hitch says of the TLS that it has ended is what we read`(option: String) throws {
        let behind = TestUpstream.recorder()
        let hitch = try ForeignServer.hitch(to: Int(behind.port), "\(option) = on\nalpn-protos = \"h2, http/1.1\"")
        var options = MemoryClient.Options(serverName: "localhost")
        options.alpn = ["h2"]
        let client = try SocketClient(port: hitch.port, options, sending: Array("hello".utf8))
        client.tls.sendCloseNotify()
        client.flush()
        let (header, origin, local) = try header(behind)
        #expect(origin.description.hasPrefix("127.0.0.1:") && local.description == "127.0.0.1:\(hitch.port)")
        guard option == "write-proxy-v2" else { return #expect(header.tlvs.isEmpty) }
        #expect(header[.alpn] == Array("h2".utf8) && header[.authority] == Array("localhost".utf8), "\(header)")
        let tls = try #require(header.tls)
        #expect(tls.isTLS && !tls.hasCertificateOnConnection && !tls.hasCertificateInSession && tls.verifyResult == 1)
        #expect(tls[.version] == Array("TLSv1.3".utf8) && tls[.cipher] == Array(client.tls.cipher.utf8), "\(header)")
    }
}

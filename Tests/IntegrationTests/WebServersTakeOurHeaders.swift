import Foundation
import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import RepriseTLS

/// Other people's servers learn from our header who the client is.
@Suite(.waits) struct WebServersTakeOurHeaders {
    private static let told = "client=\(BetweenOthers.client) to=198.51.100.7:443"

    private func nginx(_ block: (_ port: Int) -> String, load: String = "") throws -> ForeignServer {
        try .nginx({ block($0[0]) }, load: load)
    }

    /// A client with IPv6 comes to a server that has IPv4, and nobody is turned away for being unknown.
    private func expectOthersServed(_ reprise: RepriseProcess, _ word: String) throws {
        let ipv6 = try BetweenOthers.answer(reprise, after: BetweenOthers.headerOfIPv6)
        #expect(ipv6.contains("client=2001:db8::1:51000 to=2001:db8::2:443"), "\(word): \(ipv6)")
        let unknown = try BetweenOthers.answer(reprise, after: BetweenOthers.unknown)
        #expect(unknown.hasPrefix("HTTP/1.1 200 OK") && unknown.contains("client=127.0.0.1:"), "\(word): \(unknown)")
    }

    private static let saysBack = """
        "client=$remote_addr:$remote_port to=$proxy_protocol_server_addr:$proxy_protocol_server_port\\n"
        """

    @Test(.enabled(if: ForeignPrograms.nginx, "nginx with its realip module is not installed"))
    func `nginx sees the client's address in version 1, in version 2, and with every TLV`() throws {
        let nginx = try nginx { port in
            """
            http {
                access_log off;
                # What comes first is read into this buffer; a header that does not fit is refused.
                client_header_buffer_size 16k;
                client_body_temp_path body;
                proxy_temp_path proxy;
                fastcgi_temp_path fastcgi;
                uwsgi_temp_path uwsgi;
                scgi_temp_path scgi;
                server {
                    listen 127.0.0.1:\(port) proxy_protocol;
                    set_real_ip_from 127.0.0.1;
                    real_ip_header proxy_protocol;
                    location / { return 200 \(Self.saysBack); }
                }
            }
            """
        }
        for group in ["send_proxy: v1", "send_proxy: v2", "send_proxy: v2\n    \(BetweenOthers.allTLVs)"] {
            let reprise = try BetweenOthers.reprise(to: nginx.port, group)
            let answer = try BetweenOthers.answer(reprise)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK") && answer.contains(Self.told), "\(group): \(answer)")
            try expectOthersServed(reprise, group)
        }
    }

    @Test(.enabled(if: ForeignPrograms.nginxStream, "nginx's stream module is not installed"))
    func `nginx's stream sees the address of a client that says nothing`() throws {
        let nginx = try nginx(
            { port in
                """
                stream {
                    server {
                        listen 127.0.0.1:\(port) proxy_protocol;
                        set_real_ip_from 127.0.0.1;
                        return \(Self.saysBack);
                    }
                }
                """
            }, load: ForeignPrograms.nginxStreamLine ?? "")
        for version in ["v1", "v2"] {
            let reprise = try BetweenOthers.reprise(to: nginx.port, "send_proxy: \(version)")
            let answer = try BetweenOthers.answer(reprise, to: "")
            #expect(answer == "\(Self.told)\n", "\(version)")
        }
    }

    @Test(.enabled(if: ForeignPrograms.haproxy, "HAProxy 2.4 or newer is not installed"))
    func `HAProxy sees the client's address, the name that it asked for, and our connection's id`() throws {
        let haproxy = try ForeignServer.haproxySayingBack()
        for group in ["send_proxy: v1", "send_proxy: v2"] {
            let reprise = try BetweenOthers.reprise(to: haproxy.port, group)
            let answer = try BetweenOthers.answer(reprise)
            #expect(answer.contains("\(Self.told) authority= id=\n"), "\(group): \(answer)")
            try expectOthersServed(reprise, group)
        }
        // It counts the CRC-32C over, and refuses a header with another one.
        let reprise = try BetweenOthers.reprise(to: haproxy.port, "send_proxy: v2\n    \(BetweenOthers.allTLVs)")
        let answer = try BetweenOthers.answer(reprise)
        #expect(answer.contains("\(Self.told) authority=localhost id="), "\(answer)")
        let connection = reprise.closedConnection()["connection"] ?? "none"
        #expect(answer.hasSuffix("-\(connection)\n"), "\(answer)")
        try expectOthersServed(reprise, "v2 with TLVs")
    }

    @Test(.enabled(if: ForeignPrograms.haproxy, "HAProxy 2.4 or newer is not installed"))
    func `HAProxy takes a header with the client's certificate in it, twice`() throws {
        let folder = RepriseProcess.temporaryFolder()
        // Thirty names make it some kilobytes long.
        let names = (0..<30).map { "client-with-a-rather-long-name-\($0).example.test" }
        let (begin, end) = (WallTime(secondsSinceEpoch: 1_600_000_000), WallTime(secondsSinceEpoch: 4_000_000_000))
        let certificate = try SelfSigned.make(names: names, validFrom: begin, validUntil: end, forClient: true)
        try Data(certificate.chainPEM).write(to: folder.appending(path: "clients.pem"))
        let haproxy = try ForeignServer.haproxySayingBack()
        let reprise = try BetweenOthers.reprise(
            to: haproxy.port, "send_proxy: v2\n    \(BetweenOthers.allTLVs)",
            hosts: """
                [{ names: [localhost], certificates: [{ chain: a.pem, key: a.key }],
                    client_auth: { mode: request, ca: clients.pem } }]
                """, folder: folder)
        var options = MemoryClient.Options(serverName: "localhost")
        options.certificate = certificate
        let answer = try BetweenOthers.answer(reprise, options)
        #expect(answer.contains("\(Self.told) authority=localhost id="), "\(answer)")
        #expect(try reprise.metric("reprise_proxy_tlvs_left_out_total{listener=\"web\"}") == 0)
    }

    @Test(.enabled(if: ForeignPrograms.hitch, "hitch is not installed"))
    func `hitch passes our header on as it came, and finds the client's TLS behind it`() throws {
        let behind = TestUpstream.recorder()
        let hitch = try ForeignServer.hitch(to: Int(behind.port), "proxy-proxy = on")
        let reprise = try BetweenOthers.reprise(to: hitch.port, "send_proxy: v2\n    \(BetweenOthers.allTLVs)")
        // It takes TLS off within the TLS that Reprise takes off.
        let (outer, inner) = try (
            SocketClient(port: reprise.port(), after: [BetweenOthers.header]),
            MemoryClient(.init(serverName: "localhost"))
        )
        func push() throws {
            try outer.tls.write(inner.takeOutput())
            outer.flush()
        }
        while try !inner.handshake() {
            try push()
            var bytes = try outer.tls.read()
            while bytes == nil, outer.takeIn() { bytes = try outer.tls.read() }
            inner.receive(try #require(bytes))
        }
        try inner.write(Array("hello".utf8))
        inner.sendCloseNotify()
        try push()
        outer.tls.sendCloseNotify()
        outer.flush()
        #expect(eventually { !behind.recorded.isEmpty })
        guard case .bytes(let bytes)? = behind.recorded.first,
            case .header(let header, let count) = ProxyHeader.read(bytes)
        else {
            Issue.record("no header: \(behind.recorded)")
            return
        }
        #expect(String(decoding: bytes.dropFirst(count), as: UTF8.self) == "hello")
        guard case .client(let told, _) = header.origin else {
            Issue.record("\(header)")
            return
        }
        #expect(told.description == BetweenOthers.client)
        #expect(header[.authority] == Array("localhost".utf8) && header.tls?.isTLS == true && header[.crc32c] != nil)
    }
}

import Foundation
import Glibc
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// A trusted proxy says who the client is, in a header of the PROXY protocol before TLS; nobody else can.
@Suite(.waits) struct ProxiesNameTheClient {
    private let upstream = TestUpstream.echo()

    private func configuration(_ listener: String) -> TestConfiguration {
        var configuration = TestConfiguration(upstream)
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        configuration.listener = listener
        return configuration
    }

    private func start(_ mode: String, _ more: String = "", trusted: String = "127.0.0.0/8") throws -> RepriseProcess {
        try configuration("proxy_protocol: \(mode)\n    trusted_proxies: [\"\(trusted)\"]\n    \(more)").start()
    }

    private static func header(_ client: String, to local: String = "198.51.100.7:443") -> ProxyHeader {
        guard let client = Endpoint(parsing: client), let local = Endpoint(parsing: local) else {
            preconditionFailure("no endpoint")
        }
        return ProxyHeader(.client(client, to: local))
    }

    /// What one connection's line says when its client has gone.
    private func visit(_ reprise: RepriseProcess, after preamble: [[UInt8]]) throws -> [String: String] {
        let before = reprise.lines.filter { $0["message"] == "connection closed" }.count
        let client = try SocketClient.echoed(port: reprise.port(), after: preamble)
        client.tls.sendCloseNotify()
        client.flush()
        while client.takeIn() {}
        return reprise.closedConnection(before + 1)
    }

    private func received(_ reprise: RepriseProcess, _ kind: ProxyHeaderKind) throws -> Double {
        try reprise.metric("reprise_proxy_headers_received_total{listener=\"web\",kind=\"\(kind.word)\"}")
    }

    @Test(arguments: ["optional", "required"])
    func `the client in the log is the one that the header names`(mode: String) throws {
        let reprise = try start(mode)
        for client in ["192.0.2.1:51000", "[2001:db8::1]:51000"] {
            let header = Self.header(client, to: client.hasPrefix("[") ? "[2001:db8::2]:443" : "198.51.100.7:443")
            for bytes in [header.line, header.binary(summed: false), header.binary(summed: true)] {
                let line = try visit(reprise, after: [bytes])
                #expect(line["client"] == client && line["ending"] == "client_close_notify", "\(line)")
                #expect(line["proxy"]?.hasPrefix("127.0.0.1:") == true, "\(line)")
            }
        }
        #expect(try received(reprise, .client) == 6)
    }

    @Test func `a header may come in single bytes`() throws {
        let reprise = try start("required")
        for bytes in [Self.header("192.0.2.1:51000").line, Self.header("192.0.2.1:51000").binary(summed: true)] {
            let line = try visit(reprise, after: bytes.map { [$0] })
            #expect(line["client"] == "192.0.2.1:51000" && line["bytes_received"] == "1", "\(line)")
        }
    }

    @Test func `where it is optional TLS may begin at once, and every byte of it counts`() throws {
        let reprise = try start("optional")
        let line = try visit(reprise, after: [])
        #expect(line["client"]?.hasPrefix("127.0.0.1:") == true && line["proxy"] == nil, "\(line)")
        #expect(try received(reprise, .none) == 1)
        // What might have become a header is TLS's to judge.
        _ = RawClient.answer(port: reprise.port(), to: Array("PROPFIND / HTTP/1.1\r\n\r\n".utf8))
        #expect(reprise.closedConnection(2)["cause"] == "plain_http", "\(reprise.closedConnection(2))")
    }

    @Test func `a balancer's own connection is its own, and an unknown client has the balancer's address`() throws {
        let reprise = try start("required")
        for (header, kind) in [(ProxyHeader(.local), ProxyHeaderKind.local), (ProxyHeader(.unknown), .unknown)] {
            for bytes in kind == .local ? [header.binary(summed: false)] : [header.line, header.binary(summed: false)] {
                let line = try visit(reprise, after: [bytes])
                #expect(line["client"]?.hasPrefix("127.0.0.1:") == true, "\(line)")
                #expect(line["client"] == line["proxy"], "\(line)")
            }
        }
        #expect(try received(reprise, .local) == 1 && received(reprise, .unknown) == 2)
        // Its health check ends behind the header.
        _ = RawClient.answer(port: reprise.port(), to: ProxyHeader(.local).binary(summed: false))
        #expect(reprise.closedConnection(4)["cause"] == "probe", "\(reprise.closedConnection(4))")
    }

    @Test func `clients on Unix sockets are told by their path`() throws {
        let reprise = try start("required")
        let header = ProxyHeader(.client(.unix(path: "/run/client.sock"), to: .unix(path: "/run/web.sock")))
        #expect(try visit(reprise, after: [header.binary(summed: false)])["client"] == "unix:/run/client.sock")
    }

    @Test func `a header that names our own address leads nowhere else`() throws {
        let reprise = try start("required")
        let own = "127.0.0.1:\(reprise.port())"
        let line = try visit(reprise, after: [Self.header(own, to: own).line])
        #expect(line["client"] == own && line["ending"] == "client_close_notify", "\(line)")
    }

    // MARK: What is no header

    private static func binary(_ command: UInt8, _ family: UInt8, _ rest: [UInt8], length: Int? = nil) -> [UInt8] {
        let length = length ?? rest.count
        let fixed: [UInt8] = [command, family, UInt8(length >> 8), UInt8(length & 0xff)]
        return Array(ProxyHeader(.local).binary(summed: false).prefix(12)) + fixed + rest
    }

    private static let addresses = [UInt8](repeating: 1, count: 12)
    private static let noHeaders: [(bytes: [UInt8], cause: String, detail: String)] = [
        (Array("PROXY TCP4 192.0.2.1\r\n".utf8), "proxy_header_malformed", "line cannot be read"),
        (Array("PROXY TCP4 \(String(repeating: "1", count: 200))".utf8), "proxy_header_malformed", "in its first 107"),
        (binary(0x31, 0x11, addresses), "proxy_header_malformed", "version 3"),
        (binary(0x22, 0x11, addresses), "proxy_header_malformed", "command 2"),
        (binary(0x21, 0x12, addresses), "proxy_header_malformed", "family and transport 18"),
        (binary(0x21, 0x11, [1, 2, 3]), "proxy_header_malformed", "shorter than its addresses"),
        (binary(0x21, 0x11, addresses + [1, 0, 9, 7]), "proxy_header_malformed", "says more than there is"),
        (
            binary(0x21, 0x11, addresses + [0x20, 0, 8, 1, 0, 0, 0, 0, 0x21, 0, 9]), "proxy_header_malformed",
            "says more than there is"
        ),
        (binary(0x21, 0x11, addresses + [3, 0, 4, 1, 2, 3, 4]), "proxy_header_malformed", "CRC-32C does not match"),
        (
            binary(0x21, 0x11, addresses + [0xe9, 0xff, 0xf0] + [UInt8](repeating: 0, count: 65_520)),
            "proxy_header_malformed", "longer than 16384 bytes"
        ),
        (Array("GET / HTTP/1.1\r\n\r\n".utf8), "proxy_header_missing", "does not begin with"),
        ([22, 3, 1, 2, 0, 1], "proxy_header_missing", "does not begin with"),
        (Array(header("192.0.2.1:51000").binary(summed: true).dropLast()), "client_went_away", "ended within"),
        (Array("PROXY".utf8), "client_went_away", "ended within"),
        (header("192.0.2.1:51000").line + header("192.0.2.1:51000").line, "proxy_header_unexpected", "where TLS is"),
        (
            header("192.0.2.1:51000").line + header("192.0.2.1:51000").binary(summed: false),
            "proxy_header_unexpected", "where TLS is"
        ),
    ]

    @Test func `what is no header is refused, with a word why, and the next client is served`() throws {
        let reprise = try start("required")
        for (number, bad) in Self.noHeaders.enumerated() {
            #expect(RawClient.answer(port: reprise.port(), to: bad.bytes).isEmpty, "\(bad.detail)")
            let line = reprise.closedConnection(number + 1)
            #expect(line["cause"] == bad.cause, "\(bad.cause): \(line)")
            #expect(line["detail"]?.contains(bad.detail) == true, "\(bad.detail): \(line)")
        }
        let line = try visit(reprise, after: [Self.header("192.0.2.1:51000").line])
        #expect(line["client"] == "192.0.2.1:51000", "\(line)")
        #expect(try reprise.metric("reprise_handshakes_in_progress{listener=\"web\"}") == 0)
        #expect(try reprise.metric("reprise_connections_open{listener=\"web\"}") == 0)
    }

    @Test(arguments: ["", "PROXY TCP4 192.0.2.1"])
    func `a header that does not come in time ends the connection`(begun: String) throws {
        let reprise = try start("required", "timeouts: { proxy_header: 50ms, handshake: 10s }")
        let descriptor = Loopback.socket()
        defer { close(descriptor) }
        #expect(Loopback.connect(descriptor, to: reprise.port()))
        _ = Array(begun.utf8).withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        let line = reprise.closedConnection()
        #expect(line["cause"] == "proxy_header_timeout" && line["ending"] == "timeout_proxy_header", "\(line)")
    }

    @Test func `the handshake's time begins behind the header`() throws {
        let reprise = try start("required", "timeouts: { handshake: 50ms }")
        let descriptor = Loopback.socket()
        defer { close(descriptor) }
        #expect(Loopback.connect(descriptor, to: reprise.port()))
        let header = Self.header("192.0.2.1:51000").line
        _ = header.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        let line = reprise.closedConnection()
        #expect(line["ending"] == "timeout_handshake" && line["client"] == "192.0.2.1:51000", "\(line)")
    }

    // MARK: Who is believed

    @Test func `who is not trusted cannot come where a header is demanded`() throws {
        let reprise = try start("required", trusted: "192.0.2.0/24")
        #expect(RawClient.answer(port: reprise.port(), to: Self.header("192.0.2.1:51000").line).isEmpty)
        let line = reprise.waitForLine { $0["message"] == "connection refused" } ?? [:]
        #expect(line["cause"] == "proxy_header_untrusted" && line["ending"] == "refused", "\(line)")
        #expect(line["client"]?.hasPrefix("127.0.0.1:") == true, "\(line)")
        let failed = "reprise_handshakes_failed_total{listener=\"web\",cause=\"proxy_header_untrusted\"}"
        #expect(try reprise.metric(failed) == 1)
    }

    @Test func `who is not trusted can come with TLS alone where it is optional`() throws {
        let reprise = try start("optional", trusted: "192.0.2.0/24")
        #expect(try visit(reprise, after: [])["client"]?.hasPrefix("127.0.0.1:") == true)
        for bytes in [Self.header("192.0.2.1:1").line, Self.header("192.0.2.1:1").binary(summed: false)] {
            let before = reprise.lines.filter { $0["message"] == "connection closed" }.count
            _ = RawClient.answer(port: reprise.port(), to: bytes)
            let line = reprise.closedConnection(before + 1)
            #expect(line["cause"] == "proxy_header_untrusted", "\(line)")
            #expect(line["client"]?.hasPrefix("127.0.0.1:") == true, "\(line)")
        }
    }

    @Test func `a header that nobody awaits is told as one`() throws {
        let reprise = try configuration("").start()
        for (number, bytes) in [Self.header("192.0.2.1:1").line, Self.header("192.0.2.1:1").binary(summed: false)]
            .enumerated()
        {
            _ = RawClient.answer(port: reprise.port(), to: bytes)
            let line = reprise.closedConnection(number + 1)
            #expect(line["cause"] == "proxy_header_unexpected" && line["ending"] == "refused", "\(line)")
        }
    }
}

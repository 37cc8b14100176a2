import Foundation
import Glibc
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// One balancer in front is not one client: limits, routes and balancing go by the client that its header names.
@Suite(.waits) struct ProxiesAreNoClients {
    private func configuration(_ listener: String, _ upstream: TestUpstream) -> TestConfiguration {
        var configuration = TestConfiguration(upstream)
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        configuration.listener =
            "proxy_protocol: required\n    trusted_proxies: [127.0.0.0/8]\n    \(listener)"
        return configuration
    }

    private func line(_ client: String) -> [UInt8] { Array("PROXY TCP4 \(client) 198.51.100.7 51000 443\r\n".utf8) }

    @Test func `per_client counts the clients behind a balancer apart, and again when one leaves`() throws {
        let reprise = try configuration("limits: { per_client: 1 }", .echo()).start()
        var one: SocketClient? = try SocketClient.echoed(port: reprise.port(), after: [line("192.0.2.1")])
        let other = try SocketClient.echoed(port: reprise.port(), after: [line("192.0.2.2")])
        #expect(throws: (any Error).self) {
            try SocketClient.echoed(port: reprise.port(), after: [line("192.0.2.1")])
        }
        let refused = reprise.closedConnection()
        #expect(refused["cause"] == "over_limit" && refused["detail"] == "per_client", "\(refused)")
        #expect(refused["client"] == "192.0.2.1:51000" && refused["ending"] == "refused", "\(refused)")
        #expect(try reprise.metric("reprise_connections_refused_total{listener=\"web\",limit=\"per_client\"}") == 1)
        one = nil
        #expect(reprise.closedConnection(2)["client"] == "192.0.2.1:51000")
        one = try SocketClient.echoed(port: reprise.port(), after: [line("192.0.2.1")])
        withExtendedLifetime((one, other)) {}
    }

    @Test func `clients without an address are limited together with nobody`() throws {
        let reprise = try configuration("limits: { per_client: 1 }", .echo()).start()
        let held = try (0..<3).map { _ in
            try SocketClient.echoed(port: reprise.port(), after: [ProxyHeader(.unknown).line])
        }
        #expect(try reprise.metric("reprise_connections_open{listener=\"web\"}") == 3)
        withExtendedLifetime(held) {}
    }

    @Test func `a client that has too many handshakes gives one of its own for the next`() throws {
        let reprise = try configuration("limits: { handshakes_per_client: 1 }", .echo()).start()
        // It stands still behind its header.
        let silent = Loopback.socket()
        defer { close(silent) }
        #expect(Loopback.connect(silent, to: reprise.port()))
        let header = line("192.0.2.1")
        _ = header.withUnsafeBytes { send(silent, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        #expect(
            eventually {
                (try? reprise.metric("reprise_proxy_headers_received_total{listener=\"web\",kind=\"client\"}")) == 1
            })
        let served = eventually { (try? SocketClient.echoed(port: reprise.port(), after: [header])) != nil }
        #expect(served)
        let line = reprise.waitForLine { $0["cause"] == "made_way" } ?? [:]
        #expect(line["client"] == "192.0.2.1:51000" && line["detail"] == "handshakes_per_client", "\(line)")
        #expect(try reprise.metric("reprise_handshakes_in_progress{listener=\"web\"}") == 0)
    }

    @Test func `connections that wait for a header have the room of handshakes, and make way`() throws {
        let reprise = try configuration("limits: { handshakes: 2 }", .echo()).start()
        let silent = (0..<2).map { _ in Loopback.socket() }
        defer { silent.forEach { close($0) } }
        for descriptor in silent { #expect(Loopback.connect(descriptor, to: reprise.port())) }
        #expect(eventually { (try? reprise.metric("reprise_handshakes_in_progress{listener=\"web\"}")) == 2 })
        let served = eventually { (try? SocketClient.echoed(port: reprise.port(), after: [line("192.0.2.1")])) != nil }
        #expect(served)
        #expect(reprise.waitForLine { $0["cause"] == "made_way" } != nil)
    }

    @Test func `routes by network go by the header's address`() throws {
        let other = TestUpstream { peer in
            peer.send(Array("other".utf8))
            peer.close()
        }
        var configuration = configuration("", .echo())
        configuration.top += """

            routers: [{ name: by-network, network: { "192.0.2.0/24": other, default: app } }]
            """
        let text =
            configuration.text.replacing("router: app", with: "router: by-network")
            + "\n  - { name: other, servers: [\"127.0.0.1:\(other.port)\"] }\n"
        let folder = RepriseProcess.temporaryFolder()
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let reprise = try RepriseProcess(text, folder: folder)
        for (client, port) in [("192.0.2.1", Int(other.port)), ("198.51.100.1", Int(configuration.port))] {
            let visitor = try SocketClient(port: reprise.port(), after: [line(client)], sending: [7])
            while visitor.takeIn(), (try? visitor.tls.read()) == .some(nil) {}
            visitor.reset()
            let line = reprise.waitForLine { $0["client"] == "\(client):51000" } ?? [:]
            #expect(line["upstream"] == "127.0.0.1:\(port)", "\(line)")
        }
    }

    @Test func `a reload begins to demand the header of new connections, and keeps the others`() throws {
        var configuration = configuration("", .echo())
        let demanding = configuration.text
        configuration.listener = ""
        let reprise = try configuration.start()
        let before = try SocketClient.echoed(port: reprise.port())
        try reprise.rewrite(demanding)
        reprise.signal(SIGHUP)
        #expect(reprise.waitForLine { $0["message"] == "configuration reloaded" } != nil)
        #expect(throws: (any Error).self) { try SocketClient.echoed(port: reprise.port()) }
        _ = try SocketClient.echoed(port: reprise.port(), after: [line("192.0.2.1")])
        try before.tls.write([8])
        before.flush()
        #expect(before.takeIn())
    }
}

extension TestConfiguration {
    /// The port of its first server.
    fileprivate var port: Int {
        servers.first.flatMap { Int($0.split(separator: ":").last?.dropLast() ?? "") } ?? 0
    }
}

import Foundation
import RepriseTLS
import RepriseTestSupport
import Testing

@Suite(.waits) struct TicketsAndSessions {
    @Test func `a client that handshakes and waits gets its ticket after the delay, alone`() throws {
        var configuration = TestConfiguration(TestUpstream.hanging())
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }\nsessions: { tickets: { delay: 50ms } }"
        let reprise = try configuration.start()
        let client = try SocketClient(port: reprise.port())
        #expect(client.takeIn())
        _ = try client.tls.read()
        #expect(client.tls.sessions.count == 1)
        let metrics = try Shell.run(["curl", "-s", "http://\(reprise.admin)/metrics"]).output
        #expect(metrics.contains("reprise_ticket_flights_total{listener=\"web\",company=\"alone\"} 1\n"))
    }

    @Test func `a ticket leaves with the first data when there is some`() throws {
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }\nsessions: { tickets: { delay: 10s } }"
        let reprise = try configuration.start()
        let client = try SocketClient(port: reprise.port())
        try client.tls.write([1, 2, 3])
        client.flush()
        #expect(client.takeIn())
        #expect(try client.tls.read() == [1, 2, 3])
        #expect(client.tls.sessions.count == 1)
        let metrics = try Shell.run(["curl", "-s", "http://\(reprise.admin)/metrics"]).output
        #expect(metrics.contains("reprise_ticket_flights_total{listener=\"web\",company=\"with_data\"} 1\n"))
    }

    @Test func `close_notify takes a waiting ticket along`() throws {
        var configuration = TestConfiguration(
            TestUpstream { peer in
                _ = peer.receive()
                peer.close()
            })
        configuration.top = "sessions: { tickets: { delay: 10s } }"
        let reprise = try configuration.start()
        let client = try SocketClient(port: reprise.port())
        client.tls.sendCloseNotify()
        client.flush()
        while client.takeIn() {}
        _ = try? client.tls.read()
        #expect(client.tls.sessions.count == 1)
    }

    @Test(arguments: [
        (["-tls1_2", "-no_ticket"], "id"), (["-tls1_2"], "ticket"), (["-tls1_3"], "psk"),
    ])
    func `a returning client resumes`(options: [String], resumed: String) throws {
        let reprise = try TestConfiguration(TestUpstream.http("ok\n")).start()
        let file = reprise.folder.appending(path: "session.pem").path
        func connect(_ extra: [String]) throws -> String {
            try Shell.run(
                ["openssl", "s_client", "-connect", "127.0.0.1:\(reprise.port())", "-ign_eof"] + options + extra,
                input: "GET / HTTP/1.0\r\n\r\n"
            ).output
        }
        #expect(try connect(["-sess_out", file]).contains("New, TLSv1"))
        #expect(try connect(["-sess_in", file]).contains("Reused, TLSv1"))
        #expect(reprise.closedConnection(2)["resumed"] == resumed)
    }

    @Test func `with sessions off nothing is handed out and nothing resumes`() throws {
        var configuration = TestConfiguration(TestUpstream.http("ok\n"))
        configuration.top = "sessions: { mode: off }"
        let reprise = try configuration.start()
        let client = try SocketClient(port: reprise.port())
        try client.tls.write(Array("GET / HTTP/1.0\r\n\r\n".utf8))
        client.flush()
        while client.takeIn() {}
        _ = try? client.tls.read()
        #expect(client.tls.sessions.isEmpty)
    }

    @Test func `a ticket that waits for the upstream comes when the upstream has taken the connection, and resumes`()
        throws
    {
        var configuration = TestConfiguration(TestUpstream.hanging())
        configuration.top = "sessions: { tickets: { wait_for_upstream: true, delay: 20ms, full: 2 } }"
        let reprise = try configuration.start()
        let client = try SocketClient(port: reprise.port())
        #expect(client.takeIn())
        _ = try client.tls.read()
        #expect(client.tls.sessions.count == 2)
        for session in client.tls.sessions {
            var options = MemoryClient.Options(serverName: "localhost")
            options.resuming = session
            #expect(try SocketClient(port: reprise.port(), options).tls.wasResumed)
        }
    }

    @Test func `a client that no upstream is found for gets the ticket that waited`() throws {
        var configuration = TestConfiguration()
        // An address at which no test listens: a port that was freed another one may take.
        configuration.servers = ["\"127.0.0.97:9\""]
        configuration.top = "sessions: { tickets: { wait_for_upstream: true } }"
        let reprise = try configuration.start()
        let client = try SocketClient(port: reprise.port())
        while client.takeIn() {}
        _ = try? client.tls.read()
        #expect(client.tls.sessions.count == 1, "\(reprise.log)")
        #expect(reprise.closedConnection()["ending"] == "upstream_unreachable")
    }

    @Test func `a client that resumes by no key with an exchange gets no ticket`() throws {
        // Told to take no tickets, GnuTLS sends no psk_key_exchange_modes (RFC 8446 §4.2.9).
        var configuration = TestConfiguration(TestUpstream.http("ok\n"))
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        let reprise = try configuration.start()
        func connect(_ more: String) throws -> String {
            try Shell.run(
                [
                    "gnutls-cli", "--insecure", "-p", "\(reprise.port())", "--priority",
                    "NORMAL:-VERS-ALL:+VERS-TLS1.3\(more)",
                ]
                    + ["localhost"], input: "GET / HTTP/1.0\r\n\r\n"
            ).output
        }
        #expect(try connect(":%NO_TICKETS").contains("TLS1.3"))
        let sample = "reprise_ticket_flights_total{listener=\"web\",company=\"with_data\"}"
        #expect(reprise.closedConnection(1)["ending"] != nil)
        let alone = "reprise_ticket_flights_total{listener=\"web\",company=\"alone\"}"
        #expect(try reprise.metric(sample) + reprise.metric(alone) == 0)
        _ = try connect("")
        #expect(reprise.closedConnection(2)["ending"] != nil)
        #expect(try reprise.metric(sample) + reprise.metric(alone) == 1)
    }
}

import Foundation
import Glibc
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Sessions that servers give too many of, too long ones, late ones or none: connections go on, and memory is bounded.
@Suite(.waits) struct OddSessionsAreTaken {
    private static func start(
        _ server: ForeignServer, _ tls: String = "", sessions: String = "", listener: String = ""
    ) throws -> RepriseProcess {
        var configuration = TestConfiguration()
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }\n\(sessions)"
        configuration.listener = listener
        configuration.servers = ["{ id: s, address: \"127.0.0.1:\(server.port)\" }"]
        configuration.group = "tls: { ca: ca.pem, server_name: app.test\(tls) }"
        return try configuration.start(folder: server.folder)
    }

    private static func prepare(_ folder: URL) throws {
        try TestAuthority(in: folder).make("server", for: ["app.test"])
    }

    private static func resumed(_ reprise: RepriseProcess, _ means: ResumptionMeans) throws -> Double {
        try reprise.metric(
            "reprise_upstream_handshakes_total{upstream=\"app\",server=\"s\",resumed=\"\(means.word)\"}")
    }

    @Test(arguments: [3, 16]) func `of a hundred tickets so many are kept as are to be`(keep: Int) throws {
        let server = try ForeignServer.openssl("-www -tls1_3 -num_tickets 100", prepare: Self.prepare)
        let reprise = try Self.start(server, sessions: "sessions: { upstream: { keep: \(keep) } }")
        #expect(try reprise.visit().contains(" 200 "))
        #expect(try reprise.metric("reprise_upstream_sessions") == Double(keep))
        for _ in 0..<3 { #expect(try reprise.visit().contains(" 200 ")) }
        #expect(try Self.resumed(reprise, .psk) == 3)
        #expect(try reprise.metric("reprise_upstream_sessions") <= Double(keep))
        withExtendedLifetime(server) {}
    }

    @Test(arguments: ["-tls1_2 -no_ticket -no_cache", "-tls1_3 -num_tickets 0"])
    func `a server that gives no session is spoken to anew each time`(options: String) throws {
        let server = try ForeignServer.openssl("-www \(options)", prepare: Self.prepare)
        let reprise = try Self.start(server)
        for _ in 0..<3 { #expect(try reprise.visit().contains(" 200 "), "\(reprise.log)") }
        #expect(try Self.resumed(reprise, .no) == 3)
        #expect(try reprise.metric("reprise_upstream_sessions") == 0)
        withExtendedLifetime(server) {}
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func `a ticket that is longer than what is kept is left out, and nothing else comes of it`(version: String) throws {
        // A server puts the certificate into the ticket that it was shown.
        let server = try ForeignServer.openssl("-www \(version) -Verify 1 -CAfile ca.pem") { folder in
            let authority = try TestAuthority(in: folder)
            try authority.make("server", for: ["app.test"])
            try authority.make(
                "client", for: ["proxy.test"], forClient: true, comment: String(repeating: "x", count: 50_000))
        }
        let reprise = try Self.start(server, ", certificate: client.pem, key: client.key")
        for _ in 0..<3 { #expect(try reprise.visit().contains(" 200 "), "\(reprise.log)") }
        #expect(try Self.resumed(reprise, .no) == 3)
        #expect(try reprise.metric("reprise_upstream_sessions") == 0)
        #expect(try reprise.metric("reprise_upstream_sessions_left_out_total") >= 3)
        withExtendedLifetime(server) {}
    }

    /// A relay that answers hellos with a ticket in them by a reset, as the servers behind it once did, or not at all.
    private static func allergic(to port: Int, byReset: Bool) -> TestUpstream {
        let first = Locked<Int?>(nil)
        return .relay(to: port) { hello in
            let usual = first.withLock { known in
                known = known ?? hello.count
                return known ?? 0
            }
            return hello.count < usual + 100 ? .none : byReset ? .reset : .silence
        }
    }

    @Test(arguments: [true, false])
    func `a server that does not answer its own sessions is spoken to without them, and is not down`(
        byReset: Bool
    ) throws {
        let server = try ForeignServer.openssl("-www -tls1_2", prepare: Self.prepare)
        let relay = Self.allergic(to: server.port, byReset: byReset)
        var configuration = TestConfiguration()
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        configuration.listener = "timeouts: { connect: 300ms }"
        configuration.servers = ["{ id: s, address: \"127.0.0.1:\(relay.port)\" }"]
        configuration.group =
            "tls: { ca: ca.pem, server_name: app.test }\n    health: { type: tls, interval: 20ms, timeout: 1s }"
        let reprise = try configuration.start(folder: server.folder)
        // Half of the checks are of no avail, and none of those in a row.
        #expect(eventually(within: 20) { relay.accepted > 9 })
        #expect(!reprise.lines.contains { $0["state"] == "down" }, "\(reprise.log)")
        let served = try (0..<12).count { _ in try reprise.visit().contains(" 200 ") }
        #expect(served > 0, "\(reprise.log)")
        withExtendedLifetime(server) {}
    }
}

extension TestUpstream {
    /// What is done with a connection instead of forwarding it.
    enum Refusal: Sendable { case none, reset, silence }

    /// Forwards what both say, unless the first bytes are refused.
    static func relay(to port: Int, refusing: @escaping @Sendable ([UInt8]) -> Refusal) -> TestUpstream {
        TestUpstream { peer in
            guard case .bytes(let hello) = peer.receive() else { return peer.close() }
            switch refusing(hello) {
            case .none: break
            case .reset: return peer.reset()
            case .silence:
                while case .bytes = peer.receive() {}
                return peer.close()
            }
            let descriptor = Loopback.socket()
            guard Loopback.connect(descriptor, to: port) else { return peer.close() }
            let answers = Background {
                var buffer = [UInt8](repeating: 0, count: 65536)
                while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
                    peer.send(Array(buffer.prefix(count)))
                }
                peer.shutdownWrite()
                return true
            }
            var bytes = hello
            while true {
                _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                guard case .bytes(let more) = peer.receive() else { break }
                bytes = more
            }
            shutdown(descriptor, Int32(SHUT_RDWR))
            _ = answers.value
            close(descriptor)
            peer.close()
        }
    }
}

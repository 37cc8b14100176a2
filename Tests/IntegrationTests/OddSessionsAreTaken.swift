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
}

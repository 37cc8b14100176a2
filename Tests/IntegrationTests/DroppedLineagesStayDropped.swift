import Foundation
import Glibc
import RepriseTLS
import RepriseTestSupport
import Testing

/// An ending that drops ends one lineage, all of it and nothing else, until the deny list is full: then it fails closed.
@Suite(.waits) struct DroppedLineagesStayDropped {
    private let upstream = TestUpstream.echo()

    private func start(_ sessions: String) throws -> VisitedReprise {
        let folder = RepriseProcess.temporaryFolder()
        try TestCertificates(in: folder).make("a", for: ["a.test"])
        var configuration = BothStores(upstream, BothStores.host("a"))
        configuration.sessions = sessions
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        return try VisitedReprise(configuration, folder: folder)
    }

    /// What a client holds.
    private struct Client {
        let carrier: SessionCarrier
        var sessions: [MemoryClient.Session]
    }

    /// One client for each carrier, each with a lineage of its own.
    private func clients(_ reprise: VisitedReprise) throws -> [Client] {
        try SessionCarrier.allCases.map { Client(carrier: $0, sessions: try reprise.visit($0).sessions) }
    }

    @Test(arguments: [("client_reset: drop", Visit.Leaving.reset, "client_reset"), ("", .fatalAlert, "alert_received")])
    func `an ending that drops ends its lineage from grandmother to daughter, and nobody else's`(
        endings: String, leaving: Visit.Leaving, ending: String
    ) throws {
        let reprise = try start("tickets: { full: 2, resumed: 2 }, endings: { \(endings) }")
        let bystanders = try clients(reprise)
        for var client in try clients(reprise) {
            // A grandmother, a mother and a daughter, each with a sister in TLS 1.3; one falls.
            for _ in 0..<2 {
                let visit = try reprise.visit(client.carrier, resuming: client.sessions.last)
                #expect(visit.wasResumed, "\(client.carrier)")
                client.sessions += visit.sessions
            }
            let last = try reprise.visit(client.carrier, resuming: client.sessions.last, leaving: leaving)
            #expect(last.wasResumed, "\(client.carrier)")
            let fall = reprise.lastLine
            #expect(fall["ending"]?.hasPrefix(ending) == true, "\(fall)")
            for (number, session) in (client.sessions + last.sessions).enumerated() {
                let visit = try reprise.visit(client.carrier, resuming: session)
                let line = reprise.lastLine
                #expect(visit.isLetIn && !visit.wasResumed, "\(client.carrier), session \(number): \(line)")
                #expect(line["lineage"] != fall["lineage"], "\(client.carrier), session \(number): \(line)")
                // The store forgets what was presented and what it was exchanged for; the list denies the rest.
                let isForgotten = client.carrier.isStateful && number >= client.sessions.count - 1
                #expect(
                    line["not_resumed"] == (isForgotten ? "not_found" : "denied"),
                    "\(client.carrier), session \(number): \(line)")
            }
        }
        for bystander in bystanders {
            for session in bystander.sessions {
                #expect(try reprise.visit(bystander.carrier, resuming: session).wasResumed, "\(bystander.carrier)")
            }
        }
        for (listener, lineages) in [("both", 3.0), ("stateful", 1)] {
            #expect(try reprise.process.metric("reprise_lineages_dropped_total{listener=\"\(listener)\"}") == lineages)
            #expect(try reprise.process.metric("reprise_denied_lineages{domain=\"\(listener)\"}") == lineages)
        }
    }

    @Test func `strangers who fill the deny list of their address end their own sessions, and nobody else's`() throws {
        // One place for each address.
        let reprise = try start("deny_list: 16, endings: { client_reset: drop }")
        func count(_ metric: String, _ listener: String) throws -> Double {
            try reprise.process.metric("\(metric){listener=\"\(listener)\"}")
        }
        func fall(_ carrier: SessionCarrier) throws -> MemoryClient.Session {
            let session = try #require(try reprise.visit(carrier, leaving: .reset).sessions.last)
            #expect(reprise.lastLine["ending"] == "client_reset")
            return session
        }
        let bystanders = try clients(reprise)
        let first = try fall(.stateless)
        let others = try (0..<3).map { _ in try fall(.stateless) }
        #expect(try !reprise.visit(.stateless, resuming: first).wasResumed)
        #expect(reprise.lastLine["not_resumed"] == "denied")
        // Without a certificate a session leads nowhere that a stranger could not go.
        for session in others { #expect(try reprise.visit(.stateless, resuming: session).wasResumed) }
        for client in bystanders {
            #expect(try reprise.visit(client.carrier, resuming: client.sessions.last).wasResumed, "\(client.carrier)")
        }
        #expect(try count("reprise_lineages_dropped_total", "both") == 1)
        #expect(try count("reprise_lineages_not_denied_total", "both") == 3)
        #expect(try count("reprise_deny_list_overflows_total", "both") == 0)
        #expect(!reprise.process.lines.contains { $0["message"] == "deny list full" })
    }
}

import Foundation
import Glibc
import TLS
import TestSupport
import Testing

/// An ending that drops ends one lineage, all of it and nothing else, until the deny list is full: then it fails closed.
@Suite struct DroppedLineagesStayDropped {
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

    /// Waits until a second has begun that no session was made in yet: a lineage is as old as its second.
    private func nextSecond() {
        let now = time(nil)
        _ = eventually { time(nil) > now }
    }

    @Test func `a full deny list refuses every lineage as old as the one that made room, and says so once`() throws {
        let reprise = try start("deny_list: 1, endings: { client_reset: drop }")
        func overflows(_ listener: String) throws -> Double {
            try reprise.process.metric("reprise_deny_list_overflows_total{listener=\"\(listener)\"}")
        }
        func fall(_ carrier: SessionCarrier) throws -> MemoryClient.Session {
            let session = try #require(try reprise.visit(carrier, leaving: .reset).sessions.last)
            #expect(reprise.lastLine["ending"] == "client_reset")
            return session
        }
        func expectDenied(_ clients: [Client], _ what: String) throws {
            for client in clients {
                #expect(try !reprise.visit(client.carrier, resuming: client.sessions.last).wasResumed, "\(what)")
                let line = reprise.lastLine
                #expect(line["not_resumed"] == "denied", "\(what): \(line)")
            }
        }
        let bystanders = try clients(reprise)
        var fallen: [Client] = []
        // The first fills the list of its domain; the bystanders are as old as it at most.
        for carrier in [SessionCarrier.ticket, .stateful] {
            fallen.append(Client(carrier: carrier, sessions: [try fall(carrier)]))
        }
        for bystander in bystanders {
            #expect(try reprise.visit(bystander.carrier, resuming: bystander.sessions.last).wasResumed)
        }
        #expect(try overflows("both") == 0 && overflows("stateful") == 0)
        nextSecond()
        let young = try clients(reprise)
        for carrier in [SessionCarrier.stateless, .stateful] {
            fallen.append(Client(carrier: carrier, sessions: [try fall(carrier)]))
        }
        try expectDenied(bystanders, "a bystander")
        try expectDenied(fallen.filter { !$0.carrier.isStateful }, "one that fell")
        for client in fallen {
            #expect(try !reprise.visit(client.carrier, resuming: client.sessions.last).wasResumed)
        }
        for client in young {
            #expect(
                try reprise.visit(client.carrier, resuming: client.sessions.last).wasResumed,
                "\(client.carrier), younger than what was forgotten")
        }
        for listener in ["both", "stateful"] { #expect(try overflows(listener) == 1) }
        nextSecond()
        _ = try fall(.id)
        #expect(try overflows("both") == 2)
        try expectDenied(young.filter { $0.carrier != .stateful }, "as old as the second that fell")
        #expect(try reprise.visit(.stateful, resuming: young.last?.sessions.last).wasResumed, "in the other domain")
        let full = reprise.process.lines.filter { $0["message"] == "deny list full" }
        #expect(Set(full.map { $0["domain"] }) == ["both", "stateful"] && full.count == 2, "\(full)")
        #expect(full.allSatisfy { $0["level"] == "error" && $0["refused_up_to"] != nil }, "\(full)")
        #expect(try reprise.process.metric("reprise_denied_lineages{domain=\"both\"}") == 1)
    }
}

import Foundation
import RepriseTLS
import RepriseTestSupport
import Testing

/// A reload ends the sessions whose host asks for something else now, and no others.
@Suite(.waits) struct ReloadsEndSessionsByPolicy {
    private let upstream = TestUpstream.echo()
    private let folder = RepriseProcess.temporaryFolder()
    private let certificate: SelfSigned.Made
    private let strangers: SelfSigned.Made

    init() throws {
        try TestCertificates(in: folder).make("a", for: ["a.test"])
        certificate = try ClientAuthority("ours", in: folder).certificate()
        strangers = try ClientAuthority("theirs", in: folder).certificate()
    }

    private func configuration(_ clients: String = "") -> BothStores {
        BothStores(upstream, BothStores.host("a", clients), BothStores.host("plain"))
    }

    /// A session of each carrier.
    private func sessions(
        _ reprise: VisitedReprise, _ name: String = "a.test"
    ) throws -> [(carrier: SessionCarrier, session: MemoryClient.Session)] {
        try SessionCarrier.allCases.map { carrier in
            let visit = try reprise.visit(carrier, name, showing: certificate)
            return (carrier, try #require(visit.sessions.last, "\(carrier): \(reprise.log)"))
        }
    }

    @Test func `each tightening of a policy ends the sessions made under the looser one, by every carrier`() throws {
        let reprise = try VisitedReprise(configuration(), folder: folder)
        for (clients, shown) in [
            ("mode: request, ca: ours.pem", nil), ("mode: require, ca: ours.pem", certificate),
            ("mode: require, ca: ours.pem, depth: 1", certificate),
            ("mode: require, ca: ours.pem, depth: 1, names: [\"*.test\"]", certificate),
            ("mode: require, ca: ours.pem, depth: 1, names: [alice.test]", certificate),
            ("mode: require, ca: theirs.pem, depth: 1, names: [alice.test]", strangers),
        ] {
            let before = try sessions(reprise)
            let bystanders = try sessions(reprise, "plain.test")
            #expect(try reprise.reload(configuration(clients)), "\(reprise.log)")
            for (carrier, session) in before {
                let visit = try reprise.visit(carrier, showing: shown, resuming: session)
                #expect(visit.isLetIn && !visit.wasResumed, "\(carrier), now \(clients)")
            }
            for (carrier, session) in bystanders {
                #expect(
                    try reprise.visit(carrier, "plain.test", resuming: session).wasResumed,
                    "\(carrier) at another host, now \(clients)")
            }
            let reasons = reprise.lastLines(8).map { $0["not_resumed"] ?? "-" }
            #expect(reasons == Array(repeating: "policy_changed", count: 4) + Array(repeating: "-", count: 4))
            // With its secrets, but without a certificate.
            for (carrier, session) in before {
                let visit = try reprise.visit(carrier, resuming: session)
                #expect(visit.isLetIn == (shown == nil) && !visit.wasResumed, "\(carrier), now \(clients)")
            }
        }
    }

    @Test(arguments: ["", "mode: require, ca: ours.pem"])
    func `a reload that changes all but the policy ends no session`(clients: String) throws {
        let reprise = try VisitedReprise(configuration(clients), folder: folder)
        let before = try sessions(reprise)
        let old = try Data(contentsOf: folder.appending(path: "a.pem"))
        try TestCertificates(in: folder).make("a", for: ["a.test", "b.test"])
        #expect(try old != Data(contentsOf: folder.appending(path: "a.pem")))
        var changed = configuration(clients)
        changed.hosts = [
            BothStores.host("new", "mode: require, ca: theirs.pem"), BothStores.host("a", names: ["b.test"], clients),
        ]
        changed.listener = "timeouts: { idle: 1m, handshake: 7s }\n    limits: { handshakes: 77, relay_buffer: 32KiB }"
        changed.sessions = "tickets: { full: 2, delay: 10ms }, endings: { client_fin: drop }"
        changed.listeners = """
              - name: more
                bind: ["127.0.0.1:0"]
                router: app
                tls: { hosts: [\(BothStores.host("a"))] }

            """
        #expect(try reprise.reload(changed), "\(reprise.log)")
        for (carrier, session) in before {
            #expect(try reprise.visit(carrier, resuming: session).wasResumed, "\(carrier): \(reprise.log)")
        }
        #expect(try reprise.reload(configuration(clients)), "\(reprise.log)")
        for (carrier, session) in before {
            #expect(try reprise.visit(carrier, resuming: session).wasResumed, "\(carrier): \(reprise.log)")
        }
    }
}

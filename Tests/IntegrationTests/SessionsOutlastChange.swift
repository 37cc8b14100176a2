import Foundation
import Glibc
import RepriseTestSupport
import Testing

@Suite(.waits) struct SessionsOutlastChange {
    private func connect(
        _ reprise: RepriseProcess, _ carrier: SessionCarrier, _ way: EndingWay,
        resuming: MemoryClient.Session? = nil
    ) throws -> (sessions: [MemoryClient.Session], wasResumed: Bool) {
        try OpenSSLClient().connect(reprise.port(), carrier, way, resuming: resuming) {}
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a reload ends no session`(_ carrier: SessionCarrier) throws {
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.top = "sessions: { mode: \(carrier.mode) }"
        let reprise = try configuration.start()
        let (sessions, _) = try connect(reprise, carrier, .notifyAndWait)
        try TestCertificates(in: reprise.folder).make("a", for: ["localhost", "else.test"])
        configuration.listener = "timeouts: { idle: 1m }"
        try reprise.rewrite(configuration.text)
        reprise.signal(SIGHUP)
        #expect(reprise.waitForLine { $0["message"] == "configuration reloaded" } != nil, "\(reprise.log)")
        #expect(try connect(reprise, carrier, .notifyAndWait, resuming: sessions.last).wasResumed)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `an ending that the operator drops ends its lineage, and no other`(_ carrier: SessionCarrier) throws {
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.top = """
            sessions: { mode: \(carrier.mode), endings: { client_reset: drop } }
            admin: { bind: "127.0.0.1:0" }
            """
        let reprise = try configuration.start()
        let (bystander, _) = try connect(reprise, carrier, .fin)
        let (sessions, _) = try connect(reprise, carrier, .reset)
        let first = reprise.closedConnection(2)
        #expect(first["ending"] == "client_reset")
        #expect(try !connect(reprise, carrier, .notifyAndWait, resuming: sessions.last).wasResumed)
        let line = reprise.closedConnection(3)
        #expect(["denied", "not_found"].contains(line["not_resumed"]), "\(line)")
        #expect(line["lineage"] != first["lineage"])
        #expect(try connect(reprise, carrier, .notifyAndWait, resuming: bystander.last).wasResumed)
        #expect(try reprise.metric("reprise_lineages_dropped_total{listener=\"web\"}") == 1)
    }

    @Test func `tickets resume at another process with the same key files, across their rotation`() throws {
        let folder = RepriseProcess.temporaryFolder()
        func key() -> Data { Data((0..<80).map { _ in UInt8.random(in: 0...255) }) }
        let (first, second) = (key(), key())
        let file = folder.appending(path: "ticket.key")
        try first.write(to: file)
        try second.write(to: folder.appending(path: "old.key"))
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.top = "sessions: { tickets: { keys: [ticket.key, old.key] } }"
        let one = try configuration.start(folder: folder)
        let other = try configuration.start(folder: folder)
        for carrier in [SessionCarrier.ticket, .stateless] {
            let (sessions, _) = try connect(one, carrier, .notifyAndWait)
            #expect(try connect(other, carrier, .notifyAndWait, resuming: sessions.last).wasResumed)
        }
        let (sealedByFirst, _) = try connect(one, .stateless, .notifyAndWait)
        // The other key seals now; the first only opens.
        try second.write(to: file, options: .atomic)
        try first.write(to: folder.appending(path: "old.key"), options: .atomic)
        for reprise in [one, other] {
            #expect(reprise.waitForLine { $0["message"] == "ticket keys reloaded" } != nil, "\(reprise.log)")
        }
        #expect(try connect(other, .stateless, .notifyAndWait, resuming: sealedByFirst.last).wasResumed)
        try Data("garbage".utf8).write(to: file, options: .atomic)
        #expect(other.waitForLine { $0["message"]?.hasPrefix("ticket keys not reloaded") == true } != nil)
        #expect(try connect(other, .stateless, .notifyAndWait, resuming: sealedByFirst.last).wasResumed)
    }
}

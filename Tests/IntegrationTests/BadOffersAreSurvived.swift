import Foundation
import Glibc
import RepriseTLS
import RepriseTestSupport
import Testing

/// Offers to resume that are wrong, huge or many: a full handshake or the right alert, and the next client is served.
@Suite(.waits) struct BadOffersAreSurvived {
    private func start(_ sessions: String = "mode: both") throws -> RepriseProcess {
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.top = "sessions: { \(sessions) }\nadmin: { bind: \"127.0.0.1:0\" }"
        return try configuration.start()
    }

    /// Connects and hears an echo, and with it the ticket.
    private func connect(
        _ reprise: RepriseProcess, _ carrier: SessionCarrier, resuming: MemoryClient.Session? = nil
    ) throws -> MemoryClient {
        try SocketClient.echoed(port: reprise.port(), carrier.client("localhost", resuming: resuming)).tls
    }

    private func notResumed(_ reprise: RepriseProcess, _ reason: String) throws -> Double {
        try reprise.metric("reprise_sessions_not_resumed_total{listener=\"web\",reason=\"\(reason)\"}")
    }

    /// What is sent, and the alert that answers it; `nil` for a ServerHello.
    private static let hellos: [(name: String, hello: MemoryHello, alert: UInt8?)] = {
        let noise = { (count: Int) -> [UInt8] in (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ 11) } }
        let share = [UInt8](repeating: 9, count: 32)
        var all: [(String, MemoryHello, UInt8?)] = [
            ("an empty ticket", MemoryHello(adding: [(35, [])]), nil),
            ("a ticket of 16 KiB", MemoryHello(adding: [(35, noise(16 << 10))]), nil),
            ("a ticket of 64 KiB", MemoryHello(adding: [(35, noise(65_400))]), 47),
            ("an identity of 16 KiB", .offering([noise(16 << 10)]), nil),
            ("an identity of 64 KiB", .offering([noise(65_000)]), 47),
            ("64 identities", .offering((0..<64).map { noise(20 + $0 % 3) }), nil),
            ("60 identities as long as handles", .offering((0..<60).map { [UInt8($0 & 0xff)] + noise(31) }), nil),
            ("65 identities", .offering((0..<65).map { noise(20 + $0 % 3) }), 47),
            ("1,000 identities", .offering((0..<1000).map { noise(20 + $0 % 3) }), 47),
        ]
        for count in Array(0...32) + [33, 64, 255] {
            for var hello in [MemoryHello(), .tls1_3(share: share)] {
                hello.sessionID = [UInt8](repeating: 5, count: count)
                all.append(("an id of \(count) bytes", hello, count <= 32 ? nil : 50))
            }
        }
        return all
    }()

    @Test(arguments: ["both", "stateless", "stateful", "off"])
    func `crafted hellos get a ServerHello or an alert that says why not, and the next client is served`(
        mode: String
    ) throws {
        let reprise = try start("mode: \(mode)")
        for (name, hello, alert) in Self.hellos {
            let answer = RawClient.answer(port: reprise.port(), to: hello.records)
            if let alert {
                #expect(answer.first == 21 && answer.suffix(2) == [2, alert], "\(name): \(answer.prefix(16))")
            } else {
                // A handshake record whose message is a ServerHello.
                #expect(answer.first == 22 && answer.dropFirst(5).first == 2, "\(name): \(answer.prefix(16))")
            }
        }
        for carrier in SessionCarrier.allCases { _ = try connect(reprise, carrier) }
        #expect(reprise.isRunning)
        #expect(!reprise.lines.contains { $0["level"] == "error" }, "\(reprise.log)")
    }

    @Test(arguments: [SessionCarrier.ticket, .stateless])
    func `bad tickets are full handshakes with a reason in the log and in a metric`(_ carrier: SessionCarrier) throws {
        let reprise = try start()
        let session = try #require(try connect(reprise, carrier).sessions.last)
        let name = Array(session.ticket.prefix(16))
        let impostors: [(bytes: [UInt8], reason: String)] = [
            (Array(session.ticket.dropLast()), "forged"), (name, "forged"),
            (name + [UInt8](repeating: 1, count: 30_000), "forged"),
            ([UInt8](repeating: 1, count: 30_000), "key_unknown"), (session.ticket.reversed(), "key_unknown"),
        ]
        var connections = 1
        for (bytes, reason) in impostors {
            let before = try notResumed(reprise, reason)
            var bad = session
            bad.replaceTicket(with: bytes)
            #expect(try !connect(reprise, carrier, resuming: bad).wasResumed)
            connections += 1
            let line = reprise.closedConnection(connections)
            #expect(line["not_resumed"] == reason && line["resumed"] == "no", "\(line)")
            #expect(try notResumed(reprise, reason) == before + 1)
        }
        #expect(try connect(reprise, carrier, resuming: session).wasResumed)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a session offered without its secret costs its owner nothing`(_ carrier: SessionCarrier) throws {
        let reprise = try start("mode: \(carrier.mode)")
        let session = try #require(try connect(reprise, carrier).sessions.last)
        var stolen = session
        stolen.damageSecret()
        for _ in 0..<3 { #expect(throws: (any Error).self) { try connect(reprise, carrier, resuming: stolen) } }
        #expect(try connect(reprise, carrier, resuming: session).wasResumed)
        #expect(try reprise.metric("reprise_lineages_dropped_total{listener=\"web\"}") == 0)
        for line in reprise.connections(5)[1...3] {
            // The session was good; it is the client that was not.
            #expect(line["cause"] != nil && line["not_resumed"] == nil, "\(line)")
        }
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a session that is over is told from one that nobody knows`(_ carrier: SessionCarrier) throws {
        let reprise = try start("mode: \(carrier.mode), lifetime: 1s")
        var session = try #require(try connect(reprise, carrier).sessions.last)
        session.outliveItsHint()
        // Nobody comes meanwhile: what the store takes in may push out what is over.
        let made = time(nil)
        #expect(eventually { time(nil) > made + 1 })
        #expect(try !connect(reprise, carrier, resuming: session).wasResumed)
        let line = reprise.waitForLine { $0["not_resumed"] != nil }
        #expect(line?["not_resumed"] == "expired", "\(reprise.log)")
        var unknown = session
        if carrier == .id {
            unknown.replaceID(with: [UInt8](repeating: 7, count: 32))
        } else {
            unknown.replaceTicket(with: [UInt8](repeating: 7, count: session.ticketBytes))
        }
        #expect(try !connect(reprise, carrier, resuming: unknown).wasResumed)
        let reason = carrier.isStateful ? "not_found" : "key_unknown"
        #expect(reprise.waitForLine { $0["not_resumed"] == reason } != nil, "\(reprise.log)")
        #expect(try notResumed(reprise, reason) == 1)
    }
}

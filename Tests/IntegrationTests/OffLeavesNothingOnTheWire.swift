import Foundation
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// `sessions.mode: off` sends nothing that is of no use: no ticket, not even an empty one, no id, and no promise of any.
@Suite(.waits) struct OffLeavesNothingOnTheWire {
    private func start(_ mode: SessionMode) throws -> RepriseProcess {
        var configuration = TestConfiguration(TestUpstream.http("ok\n"))
        configuration.top = "sessions: { mode: \(mode) }"
        return try configuration.start()
    }

    /// What openssl saw of the server's messages.
    private struct Sight {
        let tickets: Int
        let hasTicketExtension: Bool
        /// In hexadecimal, as the client remembers it.
        let sessionID: Substring
        let wasServed: Bool

        init(_ reprise: RepriseProcess, _ options: [String]) throws {
            let result = try Shell.run(
                ["openssl", "s_client", "-connect", "127.0.0.1:\(reprise.port())", "-servername", "localhost"]
                    + ["-ign_eof", "-msg", "-tlsextdebug"] + options,
                input: "GET / HTTP/1.0\r\n\r\n")
            let lines = result.output.split(separator: "\n")
            tickets = lines.filter { $0.hasPrefix("<<<") && $0.hasSuffix("NewSessionTicket") }.count
            hasTicketExtension = lines.contains { $0.hasPrefix("TLS server extension \"session ticket\"") }
            let id = lines.first { $0.hasPrefix("    Session-ID:") }
            sessionID = id?.split(separator: ":", maxSplits: 1).last?.drop { $0 == " " } ?? ""
            wasServed = result.output.contains("200 OK") && reprise.connections(1).count == 1
        }
    }

    @Test(arguments: [["-tls1_2"], ["-tls1_2", "-no_ticket"], ["-tls1_3"]])
    func `a client of a listener that is off sees no ticket, no id and no promise of a ticket`(
        options: [String]
    ) throws {
        let off = try Sight(start(.off), options)
        #expect(off.wasServed && off.tickets == 0 && !off.hasTicketExtension && off.sessionID.isEmpty, "\(off)")
        // The same look at a listener that is on: it would be seen.
        let on = try Sight(start(.both), options)
        let takesTickets = !options.contains("-no_ticket")
        #expect(on.wasServed && on.tickets == (takesTickets ? 1 : 0) && !on.sessionID.isEmpty, "\(on)")
        #expect(on.hasTicketExtension == (options == ["-tls1_2"]), "\(on)")
    }

    /// A TLS 1.2 ServerHello, as far as sessions go.
    private struct ServerHello {
        let sessionID: [UInt8]
        let extensions: [UInt16]

        /// - Parameter records: with the ServerHello first, in one record (RFC 5246 §7.4.1.3).
        init?(_ records: [UInt8]) {
            guard records.count > 43, records[0] == 22, records[5] == 2 else { return nil }
            var rest = records[43...]
            func take(_ count: Int) -> [UInt8] {
                defer { rest = rest.dropFirst(count) }
                return Array(rest.prefix(count))
            }
            func number() -> Int { take(2).reduce(0) { $0 << 8 | Int($1) } }
            sessionID = take(Int(take(1).first ?? 0))
            _ = take(3)
            var list = take(number())[...]
            var numbers: [UInt16] = []
            while list.count >= 4 {
                let head = list.prefix(4).map(UInt16.init)
                numbers.append(head[0] << 8 | head[1])
                list = list.dropFirst(4 + Int(head[2] << 8 | head[3]))
            }
            extensions = numbers
        }
    }

    @Test(arguments: [
        ("an empty ticket", [UInt8](), [UInt8]()), ("an id", [UInt8](repeating: 5, count: 32), []),
        ("an id and a ticket", [UInt8](repeating: 5, count: 32), [UInt8](repeating: 6, count: 200)),
        ("a ticket", [], [UInt8](repeating: 6, count: 200)),
    ])
    func `whatever a client offers a listener that is off, the ServerHello has an empty id and no ticket extension`(
        offer: String, id: [UInt8], ticket: [UInt8]
    ) throws {
        // renegotiation_info as well: a server answers it, so that there is a list of extensions to look through.
        var hello = MemoryHello(adding: [(35, ticket), (0xff01, [0])])
        hello.sessionID = id
        let (without, with) = (try start(.off), try start(.both))
        let off = try #require(ServerHello(RawClient.answer(port: without.port(), to: hello.records)))
        #expect(off.sessionID.isEmpty && off.extensions.contains(0xff01) && !off.extensions.contains(35), "\(off)")
        #expect(without.connections(1).count == 1, "\(without.log)")
        let on = try #require(ServerHello(RawClient.answer(port: with.port(), to: hello.records)))
        #expect(on.extensions.contains(35), "\(on)")
        #expect(with.connections(1).count == 1, "\(with.log)")
    }

    @Test func `a session from before is not resumed once the listener is off, and the log says so`() throws {
        let folder = RepriseProcess.temporaryFolder()
        try TestCertificates(in: folder).make("a", for: ["a.test"])
        let upstream = TestUpstream.echo()
        var configuration = BothStores(upstream, BothStores.host("a"))
        let reprise = try VisitedReprise(configuration, folder: folder)
        let sessions = try SessionCarrier.allCases.map { ($0, try #require(try reprise.visit($0).sessions.last)) }
        configuration.mode = "off"
        #expect(try reprise.reload(configuration), "\(reprise.log)")
        for (carrier, session) in sessions {
            let visit = try reprise.visit(carrier, resuming: session)
            #expect(visit.isLetIn && !visit.wasResumed && visit.sessions.isEmpty, "\(carrier)")
        }
        let reasons = reprise.lastLines(4).map { $0["not_resumed"] }
        #expect(reasons == Array(repeating: "off", count: 4), "\(reprise.log)")
    }
}
